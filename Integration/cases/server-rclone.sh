#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# rclone copies a tree up and down, finds no difference by downloading, moves, lists and purges.
. "$(dirname "$0")/../lib.sh"

start_server
make_tree "$CASE/tree"
printf 'b\n' >"$CASE/tree/größe-日本語"
printf 'c\n' >"$CASE/tree/$(printf 'x%.0s' {1..255})"
# Without links: rclone stores them as files of its own kind.
rm "$CASE/tree/folder/link"
cat >"$CASE/rclone.conf" <<END
[server]
type = sftp
host = 127.0.0.1
port = $PORT
user = $(id -un)
key_file = $CASE/user_ed25519
known_hosts_file = $CASE/known_hosts
disable_hashcheck = true
shell_type = none
END
rc() { rclone --config "$CASE/rclone.conf" --retries 1 --low-level-retries 1 "$@"; }
rc copy --create-empty-src-dirs "$CASE/tree" "server:$REMOTE/up"
expect_same_tree "$CASE/tree" "$REMOTE/up" without-modes
rclone --config "$CASE/rclone.conf" check --download "$CASE/tree" "server:$REMOTE/up"
rc copy --create-empty-src-dirs "server:$REMOTE/up" "$CASE/down"
expect_same_tree "$CASE/tree" "$CASE/down" without-modes
rc copy --create-empty-src-dirs --dry-run "$CASE/tree" "server:$REMOTE/up" 2>"$CASE/output"
! grep -q 'Skipped copy' "$CASE/output" || fail "left to do: $(cat "$CASE/output")"
rclone --config "$CASE/rclone.conf" moveto "server:$REMOTE/up/folder/file-4096" "server:$REMOTE/up/moved"
cmp "$CASE/tree/folder/file-4096" "$REMOTE/up/moved"
expect_equal "files listed" "$(find "$REMOTE/up" -type f | wc -l)" \
    "$(rclone --config "$CASE/rclone.conf" lsf -R --files-only "server:$REMOTE/up" | wc -l)"
rclone --config "$CASE/rclone.conf" about "server:$REMOTE" >"$CASE/output"
grep -q Total "$CASE/output" || fail "about says: $(cat "$CASE/output")"
rclone --config "$CASE/rclone.conf" purge "server:$REMOTE/up"
expect_equal "left at the server" "" "$(ls -A "$REMOTE")"
