#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where an ssh process shares its connection, it is used, without another login; a socket that is left
# over, or is nobody's, is passed over.
. "$(dirname "$0")/../lib.sh"

start_server
control=$CASE/control
logins() { grep -c '^Accepted publickey' "$CASE/sshd.log" || true; }
ssh -F "$SSH_CONFIG" -o ControlMaster=yes -o ControlPath="$control" -N server &
master=$!
started_pids+=("$master")
wait_until 30 test -S "$control"
wait_until 30 ssh -F "$SSH_CONFIG" -o ControlPath="$control" -O check server 2>/dev/null
make_tree "$CASE/local"
mount_remote "$REMOTE" "$MOUNT" -o ControlPath="$CASE/cont%%rol" -o ControlMaster=auto
unmount "$MOUNT"
expect_equal "logins without a master there" 2 "$(logins)"
mount_remote "$REMOTE" "$MOUNT" -o ControlPath="$control" -o ControlMaster=auto
expect_equal "logins with the master" 2 "$(logins)"
cp -r "$CASE/local" "$MOUNT/copy"
expect_same_tree "$CASE/local" "$REMOTE/copy" without-times
unmount "$MOUNT"
alive "$master" || fail "the master ended with the mount"

# A master that was killed leaves its socket.
kill -KILL "$master"
wait "$master" || true
[ -S "$control" ] || fail "no stale socket to test with"
mount_remote "$REMOTE" "$MOUNT" -o ControlPath="$control" -o ControlMaster=auto
expect_equal "logins with a stale socket" 3 "$(logins)"
unmount "$MOUNT"
