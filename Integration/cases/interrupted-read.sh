#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C ends a program that waits for a server which has stopped answering, within two seconds;
# when the server goes on, so does the mount.
. "$(dirname "$0")/../lib.sh"

make_file "$REMOTE/file" 50000000
make_file "$REMOTE/second" 50000000
start_and_mount

# Waits until a process sleeps in a system call on the mount, sends the signal, and times its end.
end_within_two_seconds() { # pid signal
    local start
    wait_until 20 sleeping "$1"
    sleep 0.3
    alive "$1" || fail "ended before the signal"
    start=$(milliseconds)
    kill -"$2" "$1"
    wait_until 20 gone "$1"
    [ $(($(milliseconds) - start)) -lt 2000 ] || fail "took $(($(milliseconds) - start)) ms to end by SIG$2"
    wait "$1" || true
}
sleeping() { [[ "$(process_state "$1")" = [SD] ]]; }

server=$(sftp_server_pids)
[ -n "$server" ] || fail "no SFTP server found"
exec 5<"$MOUNT/file"
expect_equal "first bytes" "$(head -c 1000 "$REMOTE/file" | sha256sum)" "$(head -c 1000 <&5 | sha256sum)"
for pid in $server; do kill -STOP "$pid"; done
interruptible cat "$MOUNT/file" >"$CASE/read" &
end_within_two_seconds $! INT
interruptible cat "$MOUNT/second" >/dev/null &
end_within_two_seconds $! INT
# By a signal that dd does not catch: while a program waits for a page, the kernel lets nothing else through.
interruptible dd skip=40 bs=1M count=1 status=none <&5 >/dev/null &
end_within_two_seconds $! TERM
interruptible ls "$MOUNT/none" >/dev/null &
end_within_two_seconds $! TERM
interruptible cp /usr/bin/env "$MOUNT/new" &
end_within_two_seconds $! KILL
for pid in $server; do kill -CONT "$pid"; done
expect_equal "file after the server goes on" "$(sha256 "$REMOTE/file")" "$(sha256 "$MOUNT/file")"
expect_equal "file that was waited for" "$(sha256 "$REMOTE/second")" "$(sha256 "$MOUNT/second")"
exec 5<&-
unmount "$MOUNT"
