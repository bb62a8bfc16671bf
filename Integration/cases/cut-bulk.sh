#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 500 MiB are read, and 500 MiB written, while the connection is reset, refused, silently dropped, and the server killed
# and started again: all of it arrives, without any option.
# clients: hawser
# tier: drops
# timeout: 600
. "$(dirname "$0")/../lib.sh"

size=$((500 << 20))
make_file "$CASE/data" $size
ln "$CASE/data" "$REMOTE/data"
expected=$(sha256 "$CASE/data")
start_server
start_relay
mount_remote "$REMOTE" "$MOUNT"

sha256sum <"$MOUNT/data" >"$CASE/sum" &
break_meanwhile $! $((size / 6))
wait "$worker" || fail "reading failed"
expect_equal "what was read" "$expected" "$(cut -d ' ' -f 1 "$CASE/sum")"

dd if="$CASE/data" of="$MOUNT/written" bs=1M conv=fsync status=none &
break_meanwhile $! $((size / 6))
wait "$worker" || fail "writing failed"
expect_equal "what was written" "$expected" "$(sha256 "$REMOTE/written")"
unmount "$MOUNT"
