#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs map files: private and shared, reading and writing, and what they write arrives.
. "$(dirname "$0")/../lib.sh"

start_and_mount
python3 - "$MOUNT/mapped" "$REMOTE/mapped" <<'END'
import mmap, sys

size = 1_000_003
with open(sys.argv[1], "wb") as file:
    file.write(bytes(i % 251 for i in range(size)))
with open(sys.argv[1], "r+b") as file, mmap.mmap(file.fileno(), 0) as view:
    assert view[250_999] == 250_999 % 251
    view[500_000:500_005] = b"hello"
    view[size - 1] = 7
    view.flush()
with open(sys.argv[2], "rb") as file:
    there = file.read()
assert len(there) == size and there[500_000:500_005] == b"hello" and there[-1] == 7
with open(sys.argv[1], "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as view:
    assert bytes(view) == there
END
# What is open to append is written in place by a mapping, though its name is gone: the server knows another.
head -c 10000 /dev/zero >"$MOUNT/appended"
ln "$REMOTE/appended" "$REMOTE/kept"
python3 - "$MOUNT/appended" "$REMOTE/kept" <<'END'
import mmap, os, sys

file = os.open(sys.argv[1], os.O_RDWR | os.O_APPEND)
os.unlink(sys.argv[1])
with mmap.mmap(file, 0) as view:
    view[5000:5005] = b"hello"
    view.flush()
os.close(file)
with open(sys.argv[2], "rb") as file:
    there = file.read()
assert len(there) == 10_000 and there[5000:5005] == b"hello", there[4990:5010]
END
cp /usr/bin/env "$MOUNT/program"
expect_equal "a program run from the mount" word "$(WORD=word "$MOUNT/program" | sed -n 's/^WORD=//p')"
unmount "$MOUNT"
