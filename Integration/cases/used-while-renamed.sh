#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files stay usable while they are renamed, replaced or unlinked open.
. "$(dirname "$0")/../lib.sh"

start_and_mount
python3 - "$MOUNT" "$REMOTE" <<'END'
import os, sys

mount, remote = sys.argv[1:]
os.chdir(mount)


def content(path):
    with open(path, "rb") as file:
        return file.read()


# Renamed while open.
file = os.open("a", os.O_CREAT | os.O_RDWR)
os.write(file, b"one")
os.rename("a", "b")
os.write(file, b"two")
os.fsync(file)
assert content(remote + "/b") == b"onetwo"
assert os.fstat(file).st_size == 6

# The folder around it is renamed.
os.mkdir("folder")
os.rename("b", "folder/b")
os.rename("folder", "moved")
os.write(file, b"three")
os.ftruncate(file, 9)
os.fchmod(file, 0o640)
assert content("moved/b") == b"onetwothr"
assert os.pread(file, 100, 3) == b"twothr"
assert os.stat(remote + "/moved/b").st_mode & 0o777 == 0o640
os.close(file)

# Unlinked while open: it can still be read, written and asked for its size.
file = os.open("gone", os.O_CREAT | os.O_RDWR)
os.write(file, b"first")
os.unlink("gone")
assert not os.path.exists("gone") and not os.path.exists(remote + "/gone")
os.write(file, b" second")
assert os.pread(file, 100, 0) == b"first second"
assert os.fstat(file).st_size == 12
os.ftruncate(file, 5)
assert os.pread(file, 100, 0) == b"first"
os.close(file)
assert sorted(os.listdir(remote)) == ["moved"], os.listdir(remote)

# Opened for writing only, and unlinked.
file = os.open("written", os.O_CREAT | os.O_WRONLY)
os.unlink("written")
assert os.write(file, b"x" * 100_000) == 100_000
os.fsync(file)
os.close(file)

# Replaced while open: the old content stays with those who have it.
with open("target", "wb") as target:
    target.write(b"old")
old = os.open("target", os.O_RDONLY)
with open("new", "wb") as new:
    new.write(b"brand new")
os.rename("new", "target")
assert os.pread(old, 100, 0) == b"old", os.pread(old, 100, 0)
assert content("target") == b"brand new"
os.close(old)

# A name that is used again at once belongs to the new file.
first = os.open("again", os.O_CREAT | os.O_RDWR)
os.write(first, b"first")
os.unlink("again")
second = os.open("again", os.O_CREAT | os.O_EXCL | os.O_RDWR)
os.write(second, b"second!")
assert os.pread(first, 100, 0) == b"first" and os.pread(second, 100, 0) == b"second!"
assert os.fstat(first).st_size == 5 and os.fstat(second).st_size == 7
os.close(first)
os.close(second)
assert content(remote + "/again") == b"second!"
END
unmount "$MOUNT"
expect_equal "left at the server" "$(printf 'again\nmoved\ntarget')" "$(ls -A "$REMOTE")"
