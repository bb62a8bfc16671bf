#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With delay_connect the mount is there before the connection, which is made when it is first used; if that
# fails, the use fails, and the next tries again.
# servers: openssh
. "$(dirname "$0")/../lib.sh"

echo text >"$REMOTE/file"
start_server
mount_remote "$REMOTE" "$MOUNT" -o delay_connect
! grep -q '^Connection from' "$CASE/sshd.log" || fail "it has connected already"
expect_equal "content" text "$(cat "$MOUNT/file")"
expect_equal "content" text "$(cat "$MOUNT/file")"
expect_equal "connections of the first mount" 1 "$(grep -c '^Connection from' "$CASE/sshd.log")"
expect_equal "listing" file "$(ls "$MOUNT")"
unmount "$MOUNT"
wait_until 20 no_sessions

# Never used, it goes all the same.
mount_remote "$REMOTE" "$MOUNT" -o delay_connect
unmount "$MOUNT"
expect_equal "connections" 1 "$(grep -c '^Connection from' "$CASE/sshd.log")"

# A server that is away, and comes back.
mount_remote "$REMOTE/later" "$MOUNT" -o delay_connect
expect_failure cat "$MOUNT/file"
grep -q 'Input/output error' "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
mkdir "$REMOTE/later"
echo later >"$REMOTE/later/file"
expect_equal "content, later" later "$(cat "$MOUNT/file")"
