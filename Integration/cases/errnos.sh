#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Errors reach the program as the errno that is true, where SFTP itself only says "failure".
. "$(dirname "$0")/../lib.sh"

start_and_mount
python3 - "$MOUNT" "$REMOTE" <<'END'
import ctypes, errno, os, sys

mount, remote = sys.argv[1:]
os.chdir(mount)
os.makedirs("full/inner")
os.mkdir("empty")
for name in ("file", "other"):
    with open(name, "w") as file:
        file.write(name)
os.symlink("loop", "loop")
libc = ctypes.CDLL(None, use_errno=True)


def rename2(old, new, flags):
    if libc.renameat2(-100, old.encode(), -100, new.encode(), flags):
        raise OSError(ctypes.get_errno(), old)


def exclusive(path):
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))


def exclusive_behind_our_back():
    # The kernel has just been told that the name is free, and then the server's side takes it.
    assert not os.path.exists("raced")
    os.close(os.open(remote + "/raced", os.O_CREAT | os.O_WRONLY))
    exclusive("raced")


def mkdir_behind_our_back():
    assert not os.path.exists("raced-folder")
    os.mkdir(remote + "/raced-folder")
    os.mkdir("raced-folder")


RENAME_NOREPLACE, RENAME_EXCHANGE = 1, 2
checks = [
    ("open a missing file", errno.ENOENT, lambda: open("none")),
    ("open below a missing folder", errno.ENOENT, lambda: open("none/x", "w")),
    ("open below a file", errno.ENOTDIR, lambda: open("file/x")),
    ("open a folder for writing", errno.EISDIR, lambda: open("full", "w")),
    ("open a loop of links", errno.ELOOP, lambda: open("loop")),
    ("create exclusively what is there", errno.EEXIST, lambda: exclusive("file")),
    ("create exclusively what just came", errno.EEXIST, exclusive_behind_our_back),
    ("mkdir what is there", errno.EEXIST, lambda: os.mkdir("full")),
    ("mkdir what is a file", errno.EEXIST, lambda: os.mkdir("file")),
    ("mkdir what just came", errno.EEXIST, mkdir_behind_our_back),
    ("mkdir below a file", errno.ENOTDIR, lambda: os.mkdir("file/x")),
    ("mkdir below a missing folder", errno.ENOENT, lambda: os.mkdir("none/x")),
    ("rmdir a full folder", errno.ENOTEMPTY, lambda: os.rmdir("full")),
    ("rmdir a file", errno.ENOTDIR, lambda: os.rmdir("file")),
    ("rmdir a missing folder", errno.ENOENT, lambda: os.rmdir("none")),
    ("unlink a folder", errno.EISDIR, lambda: os.unlink("full")),
    ("unlink a missing file", errno.ENOENT, lambda: os.unlink("none")),
    ("rename a missing file", errno.ENOENT, lambda: os.rename("none", "x")),
    ("rename a folder onto a full one", errno.ENOTEMPTY, lambda: os.rename("empty", "full")),
    ("rename a file onto a folder", errno.EISDIR, lambda: os.rename("file", "empty")),
    ("rename a folder onto a file", errno.ENOTDIR, lambda: os.rename("empty", "file")),
    ("rename a folder into itself", errno.EINVAL, lambda: os.rename("full", "full/inner/x")),
    ("rename without replacing", errno.EEXIST, lambda: rename2("file", "other", RENAME_NOREPLACE)),
    ("rename as an exchange", errno.EINVAL, lambda: rename2("file", "other", RENAME_EXCHANGE)),
    ("link onto what is there", errno.EEXIST, lambda: os.link("file", "other")),
    ("link a folder", errno.EPERM, lambda: os.link("full", "x")),
    ("symlink onto what is there", errno.EEXIST, lambda: os.symlink("file", "other")),
    ("readlink of a file", errno.EINVAL, lambda: os.readlink("file")),
    ("a name of 256 bytes", errno.ENAMETOOLONG, lambda: open("n" * 256, "w")),
    ("truncate a folder", errno.EISDIR, lambda: os.truncate("full", 1)),
    ("list a file", errno.ENOTDIR, lambda: os.listdir("file")),
]
wrong = []
for what, expected, action in checks:
    try:
        action()
        wrong.append(f"{what}: no error, not {errno.errorcode[expected]}")
    except OSError as error:
        if error.errno != expected:
            wrong.append(f"{what}: {errno.errorcode.get(error.errno, error.errno)}, not {errno.errorcode[expected]}")
rename2("file", "free", RENAME_NOREPLACE)
if open("free").read() != "file" or open("other").read() != "other":
    wrong.append("renaming without replacing lost something")
print("\n".join(wrong))
sys.exit(bool(wrong))
END
unmount "$MOUNT"
