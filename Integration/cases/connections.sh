#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With max_conns a large file is written over several connections, and nothing of it is wrong: not where one of them is
# killed in the middle, not where the server lets no other one in. Unmounting ends all of them.
# clients: hawser
# timeout: 300
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../far.sh"

start_link 40 400

mount_far() { # count
    nsenter --net="$near" "${mount_command[@]}" -F "$SSH_CONFIG" -o "max_conns=$1" "server:$REMOTE" "$MOUNT"
}
# The processes of sshd that serve a connection each, the oldest first.
connections() { pgrep -P "$SERVER_PID" | sort -n; }
expect_connections() { expect_equal "connections" "$1" "$(connections | wc -l)"; }
is_wide() { [ "$(sftp_server_pids | wc -l)" -ge 4 ]; }
compare() { cmp "$CASE/data" "$REMOTE/$1" || fail "$1 is not what was written"; }

make_file "$CASE/data" $((96 << 20))
start_far_server
mount_far 3
started_mounts+=("$MOUNT")
expect_connections 1

cp "$CASE/data" "$MOUNT/one" &
writer=$!
wait_until 60 is_wide
expect_connections 3
"$HAWSER" status "$MOUNT" | grep -q '^  3 connections$' || fail "the status does not say how many connections there are"
wait "$writer" || fail "writing a large file failed"
compare one

cp "$CASE/data" "$MOUNT/two" &
writer=$!
sleep 1
victim=$(connections | tail -n 1)
signal_tree "$victim" KILL
wait "$writer" || fail "writing failed since one of several connections ended"
compare two
[ "$("$HAWSER" status "$MOUNT" | grep -c '^  connected')" = 1 ] || fail "the mount is not connected"
# That was no reason to do without.
cp "$CASE/data" "$MOUNT/again" &
writer=$!
wait_until 60 is_wide
expect_connections 3
wait "$writer" || fail "writing after the end of a connection failed"
compare again
fusermount3 -u "$MOUNT"
wait_until 20 no_sessions

# Unmounting ends all of them.
mount_far 4
cp "$CASE/data" "$MOUNT/three" &
writer=$!
wait_until 60 is_wide
expect_connections 4
wait "$writer" || fail "writing a large file failed"
fusermount3 -u "$MOUNT"
wait_until 20 no_sessions
compare three

# A server that lets nobody else in while a mount is there.
mount_far 3
sed -i 's/ssh-/gone-/' "$CASE/authorized_keys"
cp "$CASE/data" "$MOUNT/four" || fail "writing to a server that lets in one connection failed"
compare four
expect_connections 1
"$HAWSER" status "$MOUNT" | grep -q connections && fail "the status tells of connections that are not there"
expect_equal "logins that failed" 1 "$(grep -c 'Disconnected from authenticating user' "$CASE/sshd.log")"
fusermount3 -u "$MOUNT"
