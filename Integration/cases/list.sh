#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `hawser list` has a row for each mount, also for one whose connection is lost and one whose process was killed.
# servers: openssh
. "$(dirname "$0")/../lib.sh"

# A member of the mount at a place, from all mounts of this machine's.
member() { # mountpoint member
    "$HAWSER" list --json | python3 -c 'import json, sys
print(*[mount[sys.argv[2]] for mount in json.load(sys.stdin) if mount["mountpoint"] == sys.argv[1]])' "$1" "$2"
}
is() { [ "$(member "$1" state)" = "$2" ]; }

# The row of a mount, and what is below it.
row() { # mountpoint
    "$HAWSER" list | grep -F -A 1 -- " $1 " || fail "no row for $1: $("$HAWSER" list)"
}

mkdir "$CASE/second"
start_and_mount
mount_remote "$REMOTE" "$CASE/second"
for place in "$MOUNT" "$CASE/second"; do
    expect_equal "state" connected "$(member "$place" state)"
    expect_equal "source" "server:$REMOTE" "$(member "$place" source)"
    expect_equal "process" "$(mount_pid "$place")" "$(member "$place" pid)"
    expect_equal "reason" None "$(member "$place" reason)"
    expect_equal "unwritten" 0 "$(member "$place" unwritten_bytes)"
done
for part in "server:$REMOTE " ' connected ' ' nothing'; do
    [[ $(row "$MOUNT") = *"$part"* ]] || fail "not in the row: $part; but: $(row "$MOUNT")"
done
"$HAWSER" list | head -1 | grep -q '^SOURCE .*STATE' || fail "no head"

# What happens to one is not told of another.
second=$(mount_pid "$CASE/second")
kill -STOP "$second"
is "$CASE/second" unknown || fail "a stopped process is $(member "$CASE/second" state)"
kill -KILL "$second"
wait_until 20 is "$CASE/second" dead
[[ $(row "$CASE/second") = *"can't be asked"* ]] || fail "no reason: $(row "$CASE/second")"
expect_equal "state of the other" connected "$(member "$MOUNT" state)"
stop_server
wait_until 60 is "$MOUNT" reconnecting
[[ $(row "$MOUNT") = *"
  "* ]] || fail "no reason: $(row "$MOUNT")"
fusermount3 -u "$CASE/second"
"$HAWSER" unmount --force "$MOUNT"
expect_equal "rows" '' "$(member "$MOUNT" state)$(member "$CASE/second" state)"
