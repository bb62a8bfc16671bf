#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# When the SFTP server dies, what is under way ends with an error: never as if the file ended there.
. "$(dirname "$0")/../lib.sh"

truncate -s 20G "$REMOTE/big"
start_and_mount
cat "$MOUNT/big" >/dev/null 2>"$CASE/output" &
reading=$!
dd if=/dev/zero of="$MOUNT/written" bs=1M count=20000 2>"$CASE/output-of-dd" &
writing=$!
wait_until 20 test -s "$REMOTE/written"
for pid in $(sftp_server_pids); do kill -KILL "$pid"; done
wait_until 60 gone $reading
wait_until 60 gone $writing
if wait $reading; then fail "the read ended as if the file did"; fi
if wait $writing; then fail "the write ended as if it had arrived"; fi
expect_failure ls "$MOUNT/none"
expect_failure cp /usr/bin/env "$MOUNT/more"
if is_mounted "$MOUNT"; then unmount "$MOUNT"; fi
