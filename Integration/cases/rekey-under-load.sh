#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser sshfs
# Keys change many times, asked for by both sides, while data flows both ways at once.
. "$(dirname "$0")/../lib.sh"

make_file "$REMOTE/down" 33554432
make_file "$CASE/up" 33554431
start_server 'RekeyLimit 1M'
mount_remote "$REMOTE" "$MOUNT" -o RekeyLimit=2M
cp "$CASE/up" "$MOUNT/up" &
copy=$!
expect_equal "read" "$(sha256 "$REMOTE/down")" "$(sha256 "$MOUNT/down")"
wait $copy
expect_equal "written" "$(sha256 "$CASE/up")" "$(sha256 "$REMOTE/up")"
unmount "$MOUNT"
rekeys=$(grep -c 'SSH2_MSG_NEWKEYS received' "$CASE/sshd.log")
[ "$rekeys" -ge 10 ] || fail "only $rekeys key exchanges"
