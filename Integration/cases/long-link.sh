#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Over a long link a large file is written over several channels, by a mount and by a copy, and nothing of it is wrong:
# not where one of them is killed in the middle, not where the connection is cut, not where the server allows one only.
# clients: hawser
# timeout: 300
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../far.sh"

start_link 40 400

is_wide() { [ "$(sftp_server_pids | wc -l)" -ge 4 ]; }
mount_far() { nsenter --net="$near" "${mount_command[@]}" -F "$SSH_CONFIG" "server:$REMOTE" "$MOUNT"; }
# Ends the program behind a channel that was opened last.
kill_one() { kill -9 "$(sftp_server_pids | sort -n | tail -n 1)"; }
compare() { cmp "$CASE/data" "$REMOTE/$1" || fail "$1 is not what was written"; }

make_file "$CASE/data" $((96 << 20))
start_far_server
mount_far
started_mounts+=("$MOUNT")

cp "$CASE/data" "$MOUNT/one" &
writer=$!
wait_until 60 is_wide
wait "$writer" || fail "writing a large file failed"
compare one

cp "$CASE/data" "$MOUNT/two" &
writer=$!
sleep 1
kill_one
wait "$writer" || fail "writing failed since one of several channels ended"
compare two
[ "$("$HAWSER" status "$MOUNT" | grep -c '^  connected')" = 1 ] || fail "the mount is not connected"
fusermount3 -u "$MOUNT"
wait_until 20 no_sessions

copy() { nsenter --net="$near" "$HAWSER" cp -q -F "$SSH_CONFIG" "$@"; }
copy "$CASE/data" "server:$REMOTE/three" 2>"$CASE/errors" &
writer=$!
wait_until 60 is_wide
wait "$writer" || fail "copying a large file failed: $(cat "$CASE/errors")"
compare three

# Killed in the middle: what has arrived need not be all that comes before its end.
copy "$CASE/data" "server:$REMOTE/four" 2>"$CASE/errors" &
writer=$!
wait_until 60 is_wide
sleep 0.3
signal_tree "$writer" KILL
wait "$writer" && fail "the copy was too fast to be killed"
wait_until 20 no_sessions
copy --resume "$CASE/data" "server:$REMOTE/four" || fail "the copy does not go on"
compare four
stop_server

# A server with one channel for each login.
start_far_server "MaxSessions 1"
mount_far
cp "$CASE/data" "$MOUNT/five" || fail "writing to a server with one channel failed"
compare five
expect_equal "programs of the server" 1 "$(sftp_server_pids | wc -l)"
fusermount3 -u "$MOUNT"
