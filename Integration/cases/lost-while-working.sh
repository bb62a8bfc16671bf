#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tar and rsync work while the connection is reset and refused again and again: both succeed, and what they
# have made is right.
# clients: hawser
# servers: openssh
. "$(dirname "$0")/../lib.sh"

make_tree "$CASE/tree"
for number in $(seq 30); do echo "$number" >"$CASE/tree/folder/small-$number"; done
tar -cf "$CASE/tree.tar" -C "$CASE" tree
start_server
start_relay
mount_remote "$REMOTE" "$MOUNT"
mkdir "$MOUNT/unpacked"

while sleep 0.4; do
    relay reset
    sleep 0.4
    relay stop
    sleep 0.3
    relay start
done &
cutting=$!
started_pids+=("$cutting")
tar -xf "$CASE/tree.tar" -C "$MOUNT/unpacked" || fail "tar failed"
rsync -a "$CASE/tree/" "$MOUNT/copied" || fail "rsync failed"
kill "$cutting"
wait "$cutting" || true
relay start
expect_same_tree "$CASE/tree" "$REMOTE/unpacked/tree"
expect_same_tree "$CASE/tree" "$REMOTE/copied"
unmount "$MOUNT"
