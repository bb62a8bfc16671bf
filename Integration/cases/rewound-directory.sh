#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs that rewind a directory, or open it again, see within a second what was changed on the server: the kernel
# keeps entries only of a directory whose time tells of that.
. "$(dirname "$0")/../lib.sh"

start_and_mount
mkdir "$REMOTE/old" "$REMOTE/new"
touch "$REMOTE"/{old,new}/{a,b}
touch -d '2 hours ago' "$REMOTE/old"
python3 - "$MOUNT" "$REMOTE" <<'END'
import ctypes, os, sys, time

mount, remote = sys.argv[1:]
libc = ctypes.CDLL(None)
libc.opendir.restype = ctypes.c_void_p


class Entry(ctypes.Structure):
    _fields_ = [("ino", ctypes.c_uint64), ("off", ctypes.c_int64), ("len", ctypes.c_ushort), ("type", ctypes.c_ubyte),
                ("name", ctypes.c_char * 256)]


libc.readdir.restype = ctypes.POINTER(Entry)


def names(directory):
    libc.rewinddir(directory)
    found = []
    while entry := libc.readdir(directory):
        found.append(entry.contents.name.decode())
    return sorted(set(found) - {".", ".."})


for folder in ["old", "new"]:
    directory = ctypes.c_void_p(libc.opendir(f"{mount}/{folder}".encode()))
    expected = ["a", "b"]
    # Twice: it has just been read, and is in the kernel where it may be.
    for _ in range(2):
        assert names(directory) == sorted(os.listdir(f"{mount}/{folder}")) == expected
    for new in ["c", "d"]:
        open(f"{remote}/{folder}/{new}", "w").close()
        expected.append(new)
        time.sleep(1.2)
        assert names(directory) == expected, (folder, new, names(directory))
        assert sorted(os.listdir(f"{mount}/{folder}")) == expected
    # And right behind a look that has brought the kernel nothing to keep.
    open(f"{remote}/{folder}/e", "w").close()
    expected.append("e")
    time.sleep(1.3)
    assert names(directory) == expected, (folder, "e", names(directory))
    # And what is done here at once.
    os.unlink(f"{mount}/{folder}/a")
    expected.remove("a")
    assert names(directory) == sorted(os.listdir(f"{mount}/{folder}")) == expected
    libc.closedir(directory)
END
unmount "$MOUNT"
