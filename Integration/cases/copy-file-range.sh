#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# copy_file_range(2) copies at the server what is asked for, pending writes of both files included.
. "$(dirname "$0")/../lib.sh"

make_file "$REMOTE/source" 40000001
start_and_mount
python3 - "$MOUNT" "$REMOTE" <<'END'
import os, sys

mount, remote = sys.argv[1:]
os.chdir(mount)


def content(path):
    with open(path, "rb") as file:
        return file.read()


def copy(source, target, count, source_offset, target_offset):
    done = 0
    while done < count:
        step = os.copy_file_range(source, target, count - done, source_offset + done, target_offset + done)
        if step == 0:
            break
        done += step
    return done


whole = content(remote + "/source")
source = os.open("source", os.O_RDWR)
target = os.open("target", os.O_CREAT | os.O_RDWR)
assert copy(source, target, len(whole), 0, 0) == len(whole)
assert content(remote + "/target") == whole and content("target") == whole

# A part, to the middle; and beyond the end of the source.
assert copy(source, target, 1000, 5000, 70_000) == 1000
expected = whole[:70_000] + whole[5000:6000] + whole[71_000:]
assert content("target") == expected
assert copy(source, target, 1 << 20, len(whole) - 10, 0) == 10
assert copy(source, target, 10, len(whole) + 5, 0) == 0

# What has just been written is copied, and what is then written comes on top.
os.pwrite(source, b"fresh", 100)
os.pwrite(target, b"-----", 200)
assert copy(source, target, 50, 80, 180) == 50
os.pwrite(target, b"top", 205)
assert os.pread(target, 50, 180) == whole[80:100] + b"fresh" + b"top" + whole[108:130], os.pread(target, 50, 180)
os.fsync(target)

# Within one file, overlapping or not, and onto a file opened for appending, the kernel's rules hold.
small = os.open("small", os.O_CREAT | os.O_RDWR)
os.write(small, b"0123456789")
assert copy(small, small, 4, 0, 6) == 4
assert os.pread(small, 20, 0) == b"0123450123"
try:
    os.copy_file_range(small, small, 5, 0, 3)
    raise AssertionError("copied onto itself")
except OSError:
    pass
for descriptor in (source, target, small):
    os.close(descriptor)
END
cp --reflink=never "$MOUNT/source" "$MOUNT/copied"
cmp "$REMOTE/source" "$REMOTE/copied"
unmount "$MOUNT"
