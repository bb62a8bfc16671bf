#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser sshfs
# timeout: 600
# git clones a repository of 2,000 files into the mount and works there.
. "$(dirname "$0")/../lib.sh"

export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost
export GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost
git init -q "$CASE/origin"
for folder in {1..40}; do
    mkdir "$CASE/origin/folder-$folder"
    for file in {1..50}; do
        printf 'file %s in folder %s\n' "$file" "$folder" >"$CASE/origin/folder-$folder/file-$file"
    done
done
git -C "$CASE/origin" add -A
git -C "$CASE/origin" commit -q -m first

start_and_mount
git clone -q "$CASE/origin" "$MOUNT/clone"
expect_equal "files cloned" 2000 "$(git -C "$MOUNT/clone" ls-files | wc -l)"
expect_equal "status after clone" "" "$(git -C "$MOUNT/clone" status --porcelain)"
echo "a line more" >>"$MOUNT/clone/folder-7/file-9"
git -C "$MOUNT/clone" mv folder-1/file-1 folder-2/moved
git -C "$MOUNT/clone" rm -q folder-3/file-3
expect_equal "status after the edits" " M folder-7/file-9
D  folder-3/file-3
R  folder-1/file-1 -> folder-2/moved" "$(git -C "$MOUNT/clone" status --porcelain | sort)"
git -C "$MOUNT/clone" commit -q -a -m second
expect_equal "status after commit" "" "$(git -C "$MOUNT/clone" status --porcelain)"
git -C "$MOUNT/clone" gc -q
git -C "$MOUNT/clone" fsck --full --strict
git -C "$MOUNT/clone" push -q origin HEAD:refs/heads/pushed
expect_equal "commit pushed" "$(git -C "$MOUNT/clone" rev-parse HEAD)" "$(git -C "$CASE/origin" rev-parse pushed)"
unmount "$MOUNT"
git -C "$REMOTE/clone" fsck --full --strict
expect_equal "status at the server" "" "$(git -C "$REMOTE/clone" status --porcelain)"
