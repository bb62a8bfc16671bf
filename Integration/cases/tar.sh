#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser sshfs
# tar unpacks a tree into the mount and packs it again, with equal checksums.
. "$(dirname "$0")/../lib.sh"

make_tree "$CASE/tree"
for folder in {1..20}; do
    mkdir "$CASE/tree/many-$folder"
    for file in {1..25}; do printf '%s\n' "$folder $file" >"$CASE/tree/many-$folder/$file"; done
done
# sshfs cannot set the times and owners of links, which tar does.
if [ "$CLIENT" = sshfs ]; then rm "$CASE/tree/folder/link"; fi
tar -C "$CASE" -cf "$CASE/in.tar" tree

start_and_mount
tar -C "$MOUNT" -xpf "$CASE/in.tar"
expect_same_tree "$CASE/tree" "$MOUNT/tree"
expect_same_tree "$CASE/tree" "$REMOTE/tree"
remount
tar -C "$MOUNT" -cf "$CASE/out.tar" tree
mkdir "$CASE/out"
tar -C "$CASE/out" -xpf "$CASE/out.tar"
expect_same_tree "$CASE/tree" "$CASE/out/tree"
rm -r "$MOUNT/tree"
expect_equal "left at the server" "" "$(ls -A "$REMOTE")"
unmount "$MOUNT"
