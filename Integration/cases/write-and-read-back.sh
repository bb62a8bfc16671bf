#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser sshfs
# Files of telling sizes are written, synced and read back unchanged, also after a new mount.
. "$(dirname "$0")/../lib.sh"

start_and_mount
for size in 0 1 4095 4096 4097 131072 131073 1048576 1048577 33554433; do
    make_file "$CASE/original" $size
    dd if="$CASE/original" of="$MOUNT/file-$size" bs=1M conv=fsync status=none
    expect_equal "size at the server after fsync" $size "$(stat -c %s "$REMOTE/file-$size")"
    expect_equal "content at the server" "$(sha256 "$CASE/original")" "$(sha256 "$REMOTE/file-$size")"
    expect_equal "content read back" "$(sha256 "$CASE/original")" "$(sha256 "$MOUNT/file-$size")"
done
remount
for size in 0 1 4095 4096 4097 131072 131073 1048576 1048577 33554433; do
    expect_equal "content after a new mount" "$(sha256 "$REMOTE/file-$size")" "$(sha256 "$MOUNT/file-$size")"
done
# Small pieces, in order and out of order, into one file.
python3 - "$MOUNT/pieces" "$CASE/pieces" <<'END'
import random, sys
source = random.Random(1)
for path in sys.argv[1:]:
    source.seed(1)
    with open(path, "wb", buffering=0) as file:
        for _ in range(500):
            file.seek(source.randrange(0, 300_000))
            file.write(source.randbytes(source.randrange(1, 9_000)))
END
expect_equal "content written in pieces" "$(sha256 "$CASE/pieces")" "$(sha256 "$REMOTE/pieces")"
expect_equal "pieces read back" "$(sha256 "$CASE/pieces")" "$(sha256 "$MOUNT/pieces")"
unmount "$MOUNT"
