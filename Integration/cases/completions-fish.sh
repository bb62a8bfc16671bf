#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser
# servers: openssh
# fish completes commands, options, hosts, files on a server, and mounts.
. "$(dirname "$0")/../lib.sh"

command -v fish >/dev/null || skip "no fish"
start_server
mkdir "$REMOTE/folder"
touch "$REMOTE/folder/file one" "$REMOTE/folder/.hidden" "$CASE/local file"
cp "$SSH_CONFIG" "$HOME/.ssh/config"
echo "acquainted.example ssh-ed25519 AAAA" >"$HOME/.ssh/known_hosts"
PATH=$(dirname "$HAWSER"):$PATH

# What may follow; a description is behind a tab.
candidates() { fish --no-config -c "source '$ROOT/completions/hawser.fish'; complete -C '$1'" | cut -f 1; }
expect_completion() { # line expected...
    local line=$1
    shift
    expect_equal "completions of '$line'" "$(printf '%s\n' "$@")" "$(candidates "$line")"
}
expect_completion "hawser unm" unmount
expect_completion "hawser cp --resu" --resume
expect_completion "hawser cp serv" server:
expect_completion "hawser mount -o reconn" reconnect
expect_completion "hawser mount -o reconnect,port=22,max_c" reconnect,port=22,max_conns=
expect_completion "hawser doctor acq" acquainted.example:
expect_completion "hawser cp -F $SSH_CONFIG -r server:$REMOTE/fol" "server:$REMOTE/folder/"
expect_completion "hawser cp -F $SSH_CONFIG server:$REMOTE/folder/f" "server:$REMOTE/folder/file one"
expect_completion "hawser cp -F $SSH_CONFIG server:$REMOTE/folder/.h" "server:$REMOTE/folder/.hidden"
expect_completion "hawser cp $CASE/loc" "$CASE/local file"
mkdir "$CASE/place\$"
expect_completion "hawser unmount $CASE/pl" "$CASE/place\$/"
mount_remote "$REMOTE" "$CASE/place\$"
for command in unmount status reconnect flush; do
    expect_completion "hawser $command $CASE/pl" "$CASE/place\$"
done
