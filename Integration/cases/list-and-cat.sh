#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser sshfs
# A directory is listed and its files are read, with the content, sizes, modes and times they have.
. "$(dirname "$0")/../lib.sh"

make_tree "$REMOTE"
start_and_mount
expect_equal "names" "$(ls -A "$REMOTE" | sort)" "$(ls -A "$MOUNT" | sort)"
expect_equal "text" text "$(cat "$MOUNT/folder/deep/with space.txt")"
expect_same_tree "$REMOTE" "$MOUNT"
expect_failure cat "$MOUNT/none"
grep -q 'No such file' "$CASE/output" || fail "the error is not ENOENT: $(cat "$CASE/output")"
unmount "$MOUNT"
expect_equal "left in the mount point" "" "$(ls -A "$MOUNT")"
