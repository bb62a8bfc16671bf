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
expect_completion "hawser mount -o reconn" reconnect
expect_completion "hawser mount -o reconnect,port=22,max_c" 22,max_conns=
expect_completion "hawser doctor acq" acquainted.example:
# What only mount and doctor have goes on to where files are looked for in cp's letters.
known=UserKnownHostsFile=$CASE/known_hosts,GlobalKnownHostsFile=/dev/null
mv "$HOME/.ssh/config" "$CASE/config.aside"
for command in mount doctor; do
    for given in "-p $PORT" "-p$PORT" "-o port=$PORT" "-o Port=$PORT,ro"; do
        line="hawser $command -i $CASE/user_ed25519 -l $(id -un) $given"
        expect_completion "$line -o ro,$known,idmap=user 127.0.0.1:$REMOTE/fol" "$REMOTE/folder/"
    done
done
words=(hawser mount -lme -o 'ro,SetEnv=A=1\,2,SendEnv=B,idmap=user' -C -p 22 -fs -i key '')
_hawser_connection mount
expect_equal "mount's options as cp takes them" "-o User=me -o SetEnv=A=1,2 -o SendEnv=B -C -P 22 -i key" "${connection[*]}"
words=(hawser cp -p -l 100 -P 22 '')
_hawser_connection cp
expect_equal "cp's own" "-P 22" "${connection[*]}"
mv "$CASE/config.aside" "$HOME/.ssh/config"
mkdir "$CASE/place\$"
mount_remote "$REMOTE" "$CASE/place\$"
for command in unmount status reconnect flush; do
    expect_completion "hawser $command $CASE/pl" "$CASE/place\\\$"
done
expect_equal "what names no host" "" "$("$HAWSER" complete-path nowhere.invalid:)"
