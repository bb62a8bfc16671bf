#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser
# bash completes commands, options, hosts, and files on a server.
. "$(dirname "$0")/../lib.sh"

start_server
mkdir "$REMOTE/folder" "$REMOTE/folder/inner"
touch "$REMOTE/folder/file one" "$REMOTE/folder/st*r" "$REMOTE/folder/.hidden" "$REMOTE/folder/"$'bad\nname' "$CASE/local file"
cp "$SSH_CONFIG" "$HOME/.ssh/config"
echo "acquainted.example,other.example ssh-ed25519 AAAA" >"$HOME/.ssh/known_hosts"
export HAWSER
# shellcheck source=/dev/null
. "$ROOT/completions/hawser.bash"
expect_completion() { # line expected...
    COMP_LINE=$1 COMP_POINT=${#1}
    shift
    COMPREPLY=()
    _hawser "$HAWSER"
    expect_equal "completions of '$COMP_LINE'" "$(printf '%s\n' "$@")" "$(printf '%s\n' "${COMPREPLY[@]}")"
}
expect_completion "hawser unm" unmount
expect_completion "hawser cp --resu" --resume
expect_completion "hawser cp serv" server:
expect_completion "hawser cp acq" acquainted.example:
expect_completion "hawser cp -F $SSH_CONFIG -r server:$REMOTE/fol" "$REMOTE/folder/"
expect_completion "hawser cp -F $SSH_CONFIG server:$REMOTE/folder/f" "$REMOTE/folder/file\\ one"
expect_completion "hawser cp -F $SSH_CONFIG server:$REMOTE/folder/s" "$REMOTE/folder/st\\\\\\*r"
expect_completion "hawser cp -F $SSH_CONFIG server:$REMOTE/folder/.h" "$REMOTE/folder/.hidden"
expect_completion "hawser cp -F $SSH_CONFIG server:$REMOTE/folder/b" ""
expect_completion "hawser cp -F $SSH_CONFIG server:$REMOTE/folder/in" "$REMOTE/folder/inner/"
expect_completion "hawser cp loc" "local\\ file"
expect_completion "hawser doctor acq" acquainted.example:
mkdir "$CASE/place\$"
mount_remote "$REMOTE" "$CASE/place\$"
for command in unmount status reconnect flush; do
    expect_completion "hawser $command $CASE/pl" "$CASE/place\\\$"
done
expect_equal "what names no host" "" "$("$HAWSER" complete-path nowhere.invalid:)"
