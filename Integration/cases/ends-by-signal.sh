#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SIGTERM and SIGINT to the mount's process unmount; so does fusermount3 -u. What was written is there.
. "$(dirname "$0")/../lib.sh"

start_server
for signal in TERM INT HUP; do
    mount_remote "$REMOTE" "$MOUNT"
    pid=$(mount_pid "$MOUNT")
    echo "before $signal" >"$MOUNT/file-$signal"
    kill -$signal "$pid"
    wait_until 20 is_unmounted "$MOUNT"
    wait_until 20 gone "$pid"
    expect_equal "written" "before $signal" "$(cat "$REMOTE/file-$signal")"
done
mount_remote "$REMOTE" "$MOUNT"
pid=$(mount_pid "$MOUNT")
fusermount3 -u "$MOUNT"
wait_until 20 gone "$pid"
# In the foreground, the exit status is 0.
"${mount_command[@]}" -f -F "$SSH_CONFIG" "server:$REMOTE" "$MOUNT" &
foreground=$!
wait_until 20 is_mounted "$MOUNT"
expect_equal "listed" 3 "$(ls "$MOUNT" | wc -l)"
kill -TERM $foreground
wait $foreground || fail "exit status $?"
is_unmounted "$MOUNT" || fail "still mounted"
# The other side sees the connection end.
wait_until 20 no_sessions
