#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A write that a lost session carries out only after a newer one, since a disk held it up, is found by fsync
# and by close: the newer data is written again.
# clients: hawser
# servers: openssh
. "$(dirname "$0")/../lib.sh"

is_waiting() { "$HAWSER" status --json "$MOUNT" | grep -q '"pending_requests": *[1-9]'; }

printf 'old content' >"$REMOTE/file"
start_server
start_relay
mount_remote "$REMOTE" "$MOUNT"
exec 3<>"$MOUNT/file"
older=$(sftp_server_pids)
kill -STOP "$older"
# The request reaches the session, which can't look at it.
printf 'late' >&3 &
writing=$!
wait_until 20 is_waiting
relay reset
wait $writing || fail "the write failed"
printf 'NEWER' | dd of="$MOUNT/file" conv=notrunc status=none
expect_equal "what was written last" 'NEWERontent' "$(cat "$REMOTE/file")"
kill -CONT "$older"
wait_until 20 gone "$older"
# The same once more, in case that the request was still on its way to it.
printf 'late' | dd of="$REMOTE/file" conv=notrunc status=none
sync "$MOUNT/file"
expect_equal "what is there after fsync" 'NEWERontent' "$(cat "$REMOTE/file")"
printf 'lateRontent' >"$REMOTE/file"
exec 3>&-
expect_equal "what is there after close" 'NEWERontent' "$(cat "$REMOTE/file")"
unmount "$MOUNT"
