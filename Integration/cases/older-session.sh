#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a lost session has received and not carried out, since a disk held it up, is not carried out after
# the work of the next one: our server ends the older session first.
# clients: hawser
# servers: hawser
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
printf 'NEWER' | dd of="$MOUNT/file" conv=notrunc,fsync status=none
exec 3>&-
kill -CONT "$older" 2>/dev/null || true
wait_until 20 gone "$older"
expect_equal "what was written last" 'NEWERontent' "$(cat "$REMOTE/file")"
unmount "$MOUNT"
