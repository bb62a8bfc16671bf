#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser sshfs
# rsync -a copies a tree in and out, and finds nothing left to do the second time.
. "$(dirname "$0")/../lib.sh"

make_tree "$CASE/tree" wild
start_and_mount
# sshfs cannot set the times of a link.
options=(-a)
if [ "$CLIENT" = sshfs ]; then options+=(--omit-link-times); fi
rsync "${options[@]}" "$CASE/tree/" "$MOUNT/in/"
expect_equal "left to do, inwards" "" "$(rsync "${options[@]}" --itemize-changes "$CASE/tree/" "$MOUNT/in/")"
expect_same_tree "$CASE/tree" "$REMOTE/in"
remount
expect_equal "left to do, inwards, anew" "" "$(rsync "${options[@]}" --itemize-changes "$CASE/tree/" "$MOUNT/in/")"
rsync "${options[@]}" "$MOUNT/in/" "$CASE/out/"
expect_equal "left to do, outwards" "" "$(rsync "${options[@]}" --itemize-changes "$MOUNT/in/" "$CASE/out/")"
expect_same_tree "$CASE/tree" "$CASE/out"
expect_equal "left by checksums" "" "$(rsync "${options[@]}" -c --itemize-changes "$MOUNT/in/" "$CASE/tree/")"
# A changed, a new and a removed file travel alone.
echo more >>"$CASE/tree/folder/deep/with space.txt"
echo new >"$CASE/tree/new file"
rm "$CASE/tree/folder/file-4095"
rsync "${options[@]}" --delete --itemize-changes "$CASE/tree/" "$MOUNT/in/" >"$CASE/changes"
expect_equal "files sent" 2 "$(grep -c '^>f' "$CASE/changes")"
expect_same_tree "$CASE/tree" "$REMOTE/in"
unmount "$MOUNT"
