#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A mount point that a killed process left behind is recognised, and replaced or unmounted.
. "$(dirname "$0")/../lib.sh"

echo text >"$REMOTE/file"
start_and_mount
pid=$(mount_pid "$MOUNT")
kill -KILL "$pid"
wait_until 20 gone "$pid"
expect_failure ls "$MOUNT"
grep -q 'Transport endpoint is not connected' "$CASE/output" || fail "not a stale mount: $(cat "$CASE/output")"
mount_remote "$REMOTE" "$MOUNT"
expect_equal "content" text "$(cat "$MOUNT/file")"
expect_equal "mounts there" 1 "$(grep -cF " $MOUNT " /proc/self/mounts)"
unmount "$MOUNT"
# Unmounting a stale mount works too, and unmounting what is none says so.
mount_remote "$REMOTE" "$MOUNT"
pid=$(mount_pid "$MOUNT")
kill -KILL "$pid"
wait_until 20 gone "$pid"
unmount "$MOUNT"
expect_failure "$HAWSER" unmount "$MOUNT"
[ -s "$CASE/output" ] || fail "no message"
