#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Modes, times, sizes and owners are set and seen, on files, folders and links, and only where meant.
. "$(dirname "$0")/../lib.sh"

start_and_mount
python3 - "$MOUNT" "$REMOTE" <<'END'
import os, stat, sys

mount, remote = sys.argv[1:]
os.chdir(mount)


def both(path, field, follow=False):
    here = getattr(os.stat(path, follow_symlinks=follow), field)
    there = getattr(os.stat(f"{remote}/{path}", follow_symlinks=follow), field)
    assert here == there, (path, field, here, there)
    return here


os.umask(0o027)
os.close(os.open("file", os.O_CREAT | os.O_WRONLY, 0o666))
os.mkdir("folder", 0o777)
assert stat.S_IMODE(both("file", "st_mode")) == 0o640
assert stat.S_IMODE(both("folder", "st_mode")) == 0o750
os.chmod("file", 0o4711)
os.chmod("folder", 0o1700)
assert stat.S_IMODE(both("file", "st_mode")) == 0o4711
assert stat.S_IMODE(both("folder", "st_mode")) == 0o1700

os.utime("file", (1_000_000_000, 1_100_000_000))
assert (both("file", "st_atime"), both("file", "st_mtime")) == (1_000_000_000, 1_100_000_000)
os.utime("file", (0, 0))
assert both("file", "st_mtime") == 0
os.utime("file", (1_000_000_000, 1_100_000_000))
# Only one of the two times.
os.system("touch -a -d @1200000000 file")
assert (both("file", "st_atime"), both("file", "st_mtime")) == (1_200_000_000, 1_100_000_000)
os.system("touch -m -d @1300000000 file")
assert (both("file", "st_atime"), both("file", "st_mtime")) == (1_200_000_000, 1_300_000_000)

os.symlink("file", "link")
os.utime("link", (1_400_000_000, 1_500_000_000), follow_symlinks=False)
assert both("link", "st_mtime") == 1_500_000_000
assert both("file", "st_mtime") == 1_300_000_000
assert both("link", "st_size") == 4

with open("file", "wb") as file:
    file.write(b"0123456789")
os.truncate("file", 4)
assert both("file", "st_size") == 4
os.truncate("file", 1 << 33)
assert both("file", "st_size") == 1 << 33
with open("file", "rb") as file:
    assert file.read(8) == b"0123\0\0\0\0"
with open("file", "wb") as file:
    assert both("file", "st_size") == 0
for piece in (b"one", b"two"):
    with open("file", "ab") as file:
        file.write(piece)
# What another appends at the server in between is not overwritten.
with open("file", "ab", buffering=0) as file:
    file.write(b"three")
    with open(remote + "/file", "ab") as other:
        other.write(b"four")
    file.write(b"five")
with open(remote + "/file", "rb") as file:
    found = file.read()
    assert found == b"onetwothreefourfive", found

os.link("file", "second")
assert os.stat(remote + "/second").st_ino == os.stat(remote + "/file").st_ino
with open("second", "ab") as file:
    file.write(b"!")
assert os.stat("second").st_size == 20
if os.getuid() == 0:
    os.chown("folder", 12345, 54321)
    assert (both("folder", "st_uid"), both("folder", "st_gid")) == (12345, 54321)
    os.chown("link", 111, 222, follow_symlinks=False)
    assert (both("link", "st_uid"), both("file", "st_uid")) == (111, 0)
    os.chown("folder", -1, 7)
    assert (both("folder", "st_uid"), both("folder", "st_gid")) == (12345, 7)
os.mknod("made", stat.S_IFREG | 0o600)
assert both("made", "st_size") == 0
here, there = os.statvfs("."), os.statvfs(remote)
assert (here.f_blocks * here.f_frsize, here.f_namemax) == (there.f_blocks * there.f_frsize, there.f_namemax)
assert os.access("file", os.R_OK | os.W_OK)
END
unmount "$MOUNT"
