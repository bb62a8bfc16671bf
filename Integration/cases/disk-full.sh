#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A full disk at the server is ENOSPC, at the latest on close, and never silence.
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || skip "only root can mount a small disk"
mkdir "$REMOTE/small"
mount -t tmpfs -o size=1m tmpfs "$REMOTE/small" 2>"$CASE/output" || skip "cannot mount a tmpfs"
trap 'cd /; umount -l "$REMOTE/small"; clean_up' EXIT
start_and_mount
expect_failure dd if=/dev/zero of="$MOUNT/small/big" bs=64k count=64 conv=fsync
grep -q 'No space left on device' "$CASE/output" || fail "not ENOSPC: $(cat "$CASE/output")"
expect_failure cp /usr/bin/env "$MOUNT/small/also"
grep -q 'No space left on device' "$CASE/output" || fail "not ENOSPC for cp: $(cat "$CASE/output")"
# A file so small that the server copies it in one piece.
head -c 20000 /usr/bin/env >"$REMOTE/short"
expect_failure cp --reflink=never --sparse=never "$MOUNT/short" "$MOUNT/small/short"
grep -q 'No space left on device' "$CASE/output" || fail "not ENOSPC for a copy on the server: $(cat "$CASE/output")"
rm "$MOUNT/small/big" "$MOUNT/small/also" "$MOUNT/small/short"
echo fits >"$MOUNT/small/little"
expect_equal "written once there is room" fits "$(cat "$REMOTE/small/little")"
unmount "$MOUNT"
