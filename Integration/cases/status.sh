#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `hawser status` tells how a mount is, also of one whose server is silent or whose process was killed.
# servers: openssh
. "$(dirname "$0")/../lib.sh"

member() { # path-in-python
    "$HAWSER" status --json "$MOUNT" | python3 -c "import json, sys; print(json.load(sys.stdin)[0]$1)"
}

echo text >"$REMOTE/file"
start_and_mount
pid=$(mount_pid "$MOUNT")
cat "$MOUNT/file" >/dev/null
expect_failure cat "$MOUNT/absent"
exec 7<"$MOUNT/file"
expect_equal "state" connected "$(member '["state"]')"
expect_equal "mount point" "$MOUNT" "$(member '["mountpoint"]')"
expect_equal "process" "$pid" "$(member '["pid"]')"
expect_equal "open files" 1 "$(member '["usage"]["open_files"]')"
expect_equal "files opened" 2 "$(member '["operations"]["open"]["count"]')"
[[ $(member '["server"]["software"]') = SSH-2.0-OpenSSH* ]] || fail "software: $(member '["server"]')"
[ "$(member '["traffic"]["received_bytes"]')" -gt 100 ] || fail "traffic: $(member '["traffic"]')"
exec 7<&-
"$HAWSER" status "$MOUNT" >"$CASE/status"
for part in "server:$REMOTE on $MOUNT" connected "process $pid" OpenSSH 'round trip' lookup; do
    grep -qF -- "$part" "$CASE/status" || fail "not told: $part; but: $(cat "$CASE/status")"
done
# It fails where any mount of this machine does not answer, which need not be one of this case.
"$HAWSER" status >"$CASE/status" || true
grep -qF -- "$MOUNT" "$CASE/status" || fail "not among all mounts: $(cat "$CASE/status")"

# A silent server keeps nobody waiting.
signal_tree "$SERVER_PID" STOP
"$HAWSER" status "$MOUNT" >/dev/null || fail "no status while the server is silent"
signal_tree "$SERVER_PID" CONT

# A stopped or killed mount process is told of as such.
kill -STOP "$pid"
expect_failure "$HAWSER" status "$MOUNT"
kill -CONT "$pid"
kill -KILL "$pid"
wait_until 20 gone "$pid"
expect_failure "$HAWSER" status "$MOUNT"
grep -q "can't be asked" "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
expect_equal "state" unknown "$(member '["state"]')"
mount_remote "$REMOTE" "$MOUNT"
expect_equal "state" connected "$(member '["state"]')"
unmount "$MOUNT"
expect_failure "$HAWSER" status "$MOUNT"
