#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a mount can be told: to connect now, to flush, to be unmounted in its time, or to be given up.
# servers: openssh
# clients: hawser
. "$(dirname "$0")/../lib.sh"

fails_with() { # pattern command...
    local pattern=$1
    shift
    expect_failure "$@"
    grep -qE -- "$pattern" "$CASE/output" || fail "$*: the message is: $(cat "$CASE/output")"
}

took_less_than() { # milliseconds start what
    local took=$(($(milliseconds) - $2))
    [ $took -lt "$1" ] || fail "$3 took $took ms"
}

echo text >"$REMOTE/file"
start_server
start_relay
# By another type than ours: it is known by its socket.
mount_remote "$REMOTE" "$MOUNT" -o subtype=other
grep -qF " $MOUNT fuse.other" /proc/self/mounts || fail "another type"
pid=$(mount_pid "$MOUNT")
"$HAWSER" reconnect "$MOUNT" | grep -q 'the server answers' || fail "not connected"


# Where the attempts have stopped, an order makes another one, and tells what comes of it.
mv "$CASE/authorized_keys" "$CASE/authorized_keys.away"
relay reset
wait_until 20 bash -c "'$HAWSER' status '$MOUNT' | grep -qi 'permission denied'"
fails_with '[Pp]ermission denied' "$HAWSER" reconnect "$MOUNT"
mv "$CASE/authorized_keys.away" "$CASE/authorized_keys"
"$HAWSER" reconnect "$MOUNT" | grep -q 'connected again' || fail "not connected again"
expect_equal "content" text "$(cat "$MOUNT/file")"

# The status tells why attempts fail.
relay stop
wait_until 20 bash -c "'$HAWSER' status '$MOUNT' | grep -q 'last attempt: .*refused'"
fails_with refused "$HAWSER" reconnect "$MOUNT"
relay start
"$HAWSER" reconnect "$MOUNT" >"$CASE/output"
grep -q connected "$CASE/output" || fail "not connected: $(cat "$CASE/output")"

# What is written is on the server after a flush.
exec 7>"$MOUNT/written"
echo new >&7
"$HAWSER" flush "$MOUNT" | grep -q 'everything is on the server' || fail "not flushed"
expect_equal "flushed" new "$(cat "$REMOTE/written")"
"$HAWSER" flush >"$CASE/output" || true
grep -qF -- "$MOUNT" "$CASE/output" || fail "not among all mounts: $(cat "$CASE/output")"

# In use: left alone, and at once.
fails_with 'busy|in use|not unmounted' "$HAWSER" unmount "$MOUNT"
is_mounted "$MOUNT" || fail "unmounted though in use"

# A dead link: what is being written keeps it mounted for so long; the end given says what is lost.
python3 -c 'import os
while True: os.pwrite(7, bytes(1 << 20), 0)' 2>"$CASE/writer" &
writer=$!
writes_in_vain() {
    relay freeze
    sleep 0.5
    "$HAWSER" status "$MOUNT" | grep -q 'not on the server yet' && return
    # It was between two writes.
    relay thaw
    sleep 0.5
    return 1
}
wait_until 60 writes_in_vain
start=$(milliseconds)
fails_with 'not unmounted within 2 seconds: .* of 1 file not on the server' "$HAWSER" unmount --timeout 2 "$MOUNT"
took_less_than 8000 "$start" "an unmount that has 2 seconds"
is_mounted "$MOUNT" || fail "unmounted though not written"
start=$(milliseconds)
"$HAWSER" unmount --force "$MOUNT" >"$CASE/output" 2>&1 || fail "not given up: $(cat "$CASE/output")"
took_less_than 10000 "$start" "giving up"
grep -qE 'lost: .* of 1 file$' "$CASE/output" || fail "not told what is lost: $(cat "$CASE/output")"
is_unmounted "$MOUNT" || fail "still mounted"
if wait $writer; then fail "a write that is lost succeeded"; fi
exec 7>&-
wait_until 20 gone "$pid"
fails_with 'nothing of ours' "$HAWSER" flush "$MOUNT"
relay thaw

# A process that was killed or stopped.
mount_remote "$REMOTE" "$MOUNT" -o subtype=other
pid=$(mount_pid "$MOUNT")
kill -STOP "$pid"
start=$(milliseconds)
fails_with 'does not answer' "$HAWSER" reconnect "$MOUNT" &
first=$!
fails_with 'does not answer' "$HAWSER" flush "$MOUNT" &
second=$!
wait $second || fail "flushing"
took_less_than 15000 "$start" "an order to a stopped process"
kill -KILL "$pid"
wait_until 20 gone "$pid"
wait $first || fail "reconnecting"
fails_with "can't be asked|no proper answer" "$HAWSER" flush "$MOUNT"
unmount "$MOUNT"
mount_remote "$REMOTE" "$MOUNT"
pid=$(mount_pid "$MOUNT")
kill -STOP "$pid"
fails_with 'detached' bash -c "'$HAWSER' unmount --force '$MOUNT' && false"
is_unmounted "$MOUNT" || fail "not detached"
kill -CONT "$pid"
wait_until 20 gone "$pid"
