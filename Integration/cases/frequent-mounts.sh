#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Mounting and unmounting over and over leaves no process, no mount and no session behind.
. "$(dirname "$0")/../lib.sh"

echo text >"$REMOTE/file"
start_server
for round in {1..15}; do
    mount_remote "$REMOTE" "$MOUNT"
    expect_equal "round $round" text "$(cat "$MOUNT/file")"
    unmount "$MOUNT"
done
wait_until 20 no_sessions
# The remote home directory, where no directory is given; and several mounts at once.
mkdir "$CASE/second"
mount_remote "" "$MOUNT"
mount_remote "$REMOTE" "$CASE/second"
expect_equal "second mount" text "$(cat "$CASE/second/file")"
unmount "$MOUNT"
unmount "$CASE/second"
