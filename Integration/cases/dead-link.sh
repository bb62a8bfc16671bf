#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A server that is gone or silent: operations end in their time, each on its own; signals end them at once,
# but for those of timers; the mount ends when it is told to. Options: timeout, hard, noreconnect.
# clients: hawser
. "$(dirname "$0")/../lib.sh"

for number in 1 2 3 4 5 6 7 8; do echo "$number" >"$REMOTE/file-$number"; done
start_server
start_relay
caches=dcache_timeout=0,attr_timeout=0,entry_timeout=0,negative_timeout=0

# Ends a process by a signal, and demands that it is gone in time.
ends_by() { # signal pid milliseconds
    local start
    start=$(milliseconds)
    kill "-$1" "$2"
    wait_until 20 gone "$2"
    [ $(($(milliseconds) - start)) -lt "$3" ] || fail "a $1 took $(($(milliseconds) - start)) ms"
}

# Silent: four at once each fail in their own time, and after that everything fails at once.
mount_remote "$REMOTE" "$MOUNT" -o $caches,timeout=3
relay freeze
start=$(milliseconds)
pids=()
for number in 1 2 3 4; do
    stat "$MOUNT/file-$number" >"$CASE/stat-$number" 2>&1 &
    pids+=($!)
done
for pid in "${pids[@]}"; do if wait "$pid"; then fail "stat of a silent server succeeded"; fi; done
took=$(($(milliseconds) - start))
grep -q 'Connection timed out' "$CASE/stat-1" || fail "another error: $(cat "$CASE/stat-1")"
[ $took -ge 2500 ] || fail "gave up after $took ms"
[ $took -lt 9000 ] || fail "took $took ms"
start=$(milliseconds)
expect_failure stat "$MOUNT/file-5"
[ $(($(milliseconds) - start)) -lt 1000 ] || fail "did not fail at once"
relay reset
relay thaw
wait_until 20 stat "$MOUNT/file-1" >/dev/null 2>&1
unmount "$MOUNT"

# Gone: whoever waits can be interrupted and killed, and only what is meant to ends the wait.
mount_remote "$REMOTE" "$MOUNT" -o $caches,hard
relay stop
interruptible stat "$MOUNT/file-1" >/dev/null 2>&1 &
first=$!
sleep 0.5
alive $first || fail "did not wait"
ends_by INT $first 2000
cat "$MOUNT/file-2" >/dev/null 2>&1 &
second=$!
sleep 0.5
alive $second || fail "did not wait"
ends_by KILL $second 1500
python3 - "$MOUNT/file-3" <<'END' &
import os, signal, sys
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
os.stat(sys.argv[1])
# At its end Python takes its handlers away, and the next signal would kill it.
signal.setitimer(signal.ITIMER_REAL, 0)
END
third=$!
sleep 1
alive $third || fail "a timer's signal ended the wait"
relay start
wait $third || fail "a program with a timer failed"
relay freeze
stat "$MOUNT/file-4" >/dev/null 2>&1 &
waiting=$!
sleep 0.3
start=$(milliseconds)
"$HAWSER" unmount "$MOUNT" >"$CASE/output" 2>&1 || fusermount3 -uz "$MOUNT"
[ $(($(milliseconds) - start)) -lt 10000 ] || fail "unmounting took $(($(milliseconds) - start)) ms"
kill -KILL $waiting
wait_until 10 gone $waiting
relay reset
relay thaw

# Without another connection, a lost one is the end.
mount_remote "$REMOTE" "$MOUNT" -o $caches,noreconnect
relay reset
expect_failure stat "$MOUNT/file-1"
sleep 1
expect_failure stat "$MOUNT/file-1"
grep -q 'Input/output error' "$CASE/output" || fail "another error: $(cat "$CASE/output")"
unmount "$MOUNT"
