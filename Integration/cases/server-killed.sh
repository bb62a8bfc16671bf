#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# When the SFTP server is killed in the middle of reading and writing, both go on with another one, and
# nothing is missing.
# clients: hawser
. "$(dirname "$0")/../lib.sh"

make_file "$REMOTE/big" 100000000
start_and_mount
sha256sum <"$MOUNT/big" >"$CASE/sum" 2>"$CASE/output" &
reading=$!
dd if="$REMOTE/big" of="$MOUNT/written" bs=1M conv=fsync 2>"$CASE/output-of-dd" &
writing=$!
wait_until 20 test -s "$REMOTE/written"
for pid in $(sftp_server_pids); do kill -KILL "$pid"; done
wait $reading || fail "the read failed: $(cat "$CASE/output")"
wait $writing || fail "the write failed: $(cat "$CASE/output-of-dd")"
expect_equal "what was read" "$(sha256 "$REMOTE/big")" "$(cut -d ' ' -f 1 "$CASE/sum")"
cmp "$REMOTE/big" "$REMOTE/written"
unmount "$MOUNT"
