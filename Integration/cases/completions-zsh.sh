#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser
# servers: openssh
# zsh completes commands, options, hosts, files on a server, and mounts.
. "$(dirname "$0")/../lib.sh"

command -v zsh >/dev/null || skip "no zsh"
start_server
mkdir "$REMOTE/folder"
touch "$REMOTE/folder/file one" "$REMOTE/folder/.hidden" "$CASE/local file"
cp "$SSH_CONFIG" "$HOME/.ssh/config"
echo "acquainted.example ssh-ed25519 AAAA" >"$HOME/.ssh/known_hosts"
export PATH ROOT
PATH=$(dirname "$HAWSER"):$PATH

# Types a line and a tab into a zsh on a terminal of its own, and prints what the line is then.
cat >"$CASE/type" <<'END'
zmodload zsh/zpty
zpty shell "TERM=dumb zsh -f -i"
zpty -w shell 'PROMPT= fpath=($ROOT/completions $fpath); unsetopt prompt_cr; autoload -Uz compinit; compinit -u -D'
zpty -w shell 'show() { print -r -- "line<$BUFFER>"; BUFFER= }; zle -N show; bindkey "^X" show; print rea""dy'
zpty -r shell output '*ready*'
zpty -w -n shell "$1"$'\t\x18'
zpty -r shell output $'*line<*>\r\n*'
print -r -- ${${output##*line<}%>*}
zpty -d shell
END
expect_completion() { # line expected
    expect_equal "what becomes of '$1'" "$2" "$(timeout 20 zsh -f "$CASE/type" "$1")"
}
expect_completion "hawser unm" "hawser unmount "
expect_completion "hawser cp --resu" "hawser cp --resume "
expect_completion "hawser cp serv" "hawser cp server:"
expect_completion "hawser mount -o reconn" "hawser mount -o reconnect"
expect_completion "hawser mount -o reconnect,port=22,max_c" "hawser mount -o reconnect,port=22,max_conns="
expect_completion "hawser doctor acq" "hawser doctor acquainted.example:"
expect_completion "hawser cp -F $SSH_CONFIG -r server:$REMOTE/fol" "hawser cp -F $SSH_CONFIG -r server:$REMOTE/folder/"
expect_completion "hawser cp -F $SSH_CONFIG server:$REMOTE/folder/f" "hawser cp -F $SSH_CONFIG server:$REMOTE/folder/file\\ one"
expect_completion "hawser cp $CASE/loc" "hawser cp $CASE/local\\ file "
mkdir "$CASE/place\$"
mount_remote "$REMOTE" "$CASE/place\$"
for command in unmount status reconnect flush; do
    expect_completion "hawser $command $CASE/pl" "hawser $command $CASE/place\\\$ "
done
