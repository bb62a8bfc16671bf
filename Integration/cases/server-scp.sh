#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# OpenSSH's scp copies a tree up and down with equal checksums, and from the server to the server.
. "$(dirname "$0")/../lib.sh"

start_server
make_tree "$CASE/tree" wild
rm "$CASE/tree/dangling"
scp -q -rp -F "$SSH_CONFIG" "$CASE/tree" "server:$REMOTE/up"
scp -q -rp -F "$SSH_CONFIG" "server:$REMOTE/up" "$CASE/down"
# scp follows links.
cp -aL "$CASE/tree" "$CASE/expected"
expect_same_tree "$CASE/expected" "$REMOTE/up"
expect_same_tree "$CASE/expected" "$CASE/down"
scp -q -F "$SSH_CONFIG" "server:$REMOTE/up/folder/*-4096" "$CASE/globbed"
cmp "$CASE/expected/folder/file-4096" "$CASE/globbed"
scp -q -3 -F "$SSH_CONFIG" "server:$REMOTE/up/folder/file-65537" "server:$REMOTE/through"
cmp "$CASE/expected/folder/file-65537" "$REMOTE/through"
expect_failure scp -q -F "$SSH_CONFIG" "server:$REMOTE/none" "$CASE/none"
grep -q 'No such file' "$CASE/output" || fail "no such file: $(cat "$CASE/output")"
