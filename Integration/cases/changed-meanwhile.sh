#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The connection is lost, and when it comes again another host key is there, and then another file in the place of an open
# one: the one stops the mount until it is right again, the other is an error of that file alone.
# clients: hawser
# tier: drops
. "$(dirname "$0")/../lib.sh"

echo first >"$REMOTE/file"
echo other >"$REMOTE/other"
start_server
start_relay
mount_remote "$REMOTE" "$MOUNT" -o dcache_timeout=0,attr_timeout=0,entry_timeout=0
exec 3<"$MOUNT/other" 4<>"$MOUNT/file"
expect_equal "read" first "$(cat "$MOUNT/file")"

mkdir "$CASE/keys"
mv "$CASE"/host_* "$CASE/keys"
for kind in ed25519 ecdsa rsa; do ssh-keygen -q -t $kind -N '' -f "$CASE/host_$kind"; done
restart_server
relay reset
said() { ! stat "$MOUNT/file" >"$CASE/output" 2>&1 && grep -q 'Key was rejected by service' "$CASE/output"; }
wait_until 30 said
"$HAWSER" status "$MOUNT" >"$CASE/status"
grep -qi 'host key' "$CASE/status" || fail "status does not say why: $(cat "$CASE/status")"
mv "$CASE/keys"/host_* "$CASE"

echo second >"$REMOTE/new"
mv "$REMOTE/new" "$REMOTE/file"
restart_server
wait_until 40 stat "$MOUNT/file" >/dev/null 2>&1
expect_failure dd bs=1 count=1 status=none <&4
grep -q 'Stale file handle' "$CASE/output" || fail "not ESTALE: $(cat "$CASE/output")"
expect_equal "the other open file" other "$(cat <&3)"
expect_equal "the file by its name" second "$(cat "$MOUNT/file")"
exec 3<&- 4<&-
unmount "$MOUNT"
