#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Symbolic links are made, read and followed; dangling ones and those to folders too.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$REMOTE/folder/inner"
echo text >"$REMOTE/folder/file"
start_and_mount
ln -s folder/file "$MOUNT/to-file"
ln -s folder "$MOUNT/to-folder"
ln -s nowhere "$MOUNT/dangling"
expect_equal "target at the server" folder/file "$(readlink "$REMOTE/to-file")"
expect_equal "target" folder/file "$(readlink "$MOUNT/to-file")"
expect_equal "followed" text "$(cat "$MOUNT/to-file")"
expect_equal "followed to a folder" "$(printf 'file\ninner')" "$(ls "$MOUNT/to-folder")"
expect_failure cat "$MOUNT/dangling"
grep -q 'No such file' "$CASE/output" || fail "a dangling link: $(cat "$CASE/output")"
[ -L "$MOUNT/dangling" ] || fail "the dangling link is not seen"
echo more >>"$MOUNT/to-file"
expect_equal "written through the link" "$(printf 'text\nmore')" "$(cat "$REMOTE/folder/file")"
long=$(printf 'x%.0s' {1..250})/$(printf 'y%.0s' {1..250})/$(printf 'z%.0s' {1..250})
ln -s "$long" "$MOUNT/long"
expect_equal "a long target" "$long" "$(readlink "$REMOTE/long")"
expect_equal "a long target read" "$long" "$(readlink "$MOUNT/long")"
rm "$MOUNT/to-folder"
[ -e "$REMOTE/folder/file" ] || fail "removing the link removed what it pointed to"
unmount "$MOUNT"
