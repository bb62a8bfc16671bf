#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tier: full
# timeout: 1200
# Every operation on every kind of path, and on every pair of them, ends in the mount as it does on a local disk.
. "$(dirname "$0")/../lib.sh"

mkdir "$CASE/local"
start_and_mount
python3 - "$MOUNT/tree" "$CASE/local/tree" <<'END'
import ctypes, errno, itertools, os, shutil, stat, sys

trees = sys.argv[1:]
paths = ["file", "dir", "empty", "lfile", "ldir", "dangling", "loop", "missing", "file/x", "dir/f", "dir/new",
         "missing/x", "dir/", "empty/", "file/", "lfile/", "ldir/", "ldir/f", "dangling/", "missing/", ".", "dir/.",
         "dir/..", "n" * 256, ""]
libc = ctypes.CDLL(None, use_errno=True)


def build(tree):
    shutil.rmtree(tree, ignore_errors=True)
    os.mkdir(tree)
    os.chdir(tree)
    with open("file", "w") as file:
        file.write("hello")
    os.mkdir("dir")
    open("dir/f", "w").close()
    os.mkdir("empty")
    for name, target in [("lfile", "file"), ("ldir", "dir"), ("dangling", "nowhere"), ("loop", "loop")]:
        os.symlink(target, name)


def describe(tree):
    found = []
    for folder, folders, names in os.walk(tree):
        for path in (os.path.join(folder, name) for name in folders + names):
            mode = os.lstat(path).st_mode
            content = os.readlink(path) if stat.S_ISLNK(mode) else None
            if stat.S_ISREG(mode):
                with open(path) as file:
                    content = file.read()
            found.append((os.path.relpath(path, tree), oct(mode), str(content)))
    return sorted(found)


def rename_without_replacing(old, new):
    if libc.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), 1):
        raise OSError(ctypes.get_errno(), old)


def opening(flags):
    return lambda path: os.close(os.open(path, flags, 0o640))


on_one = {
    "mkdir": lambda path: os.mkdir(path, 0o750), "rmdir": os.rmdir, "unlink": os.unlink, "readlink": os.readlink,
    "truncate": lambda path: os.truncate(path, 3), "chmod": lambda path: os.chmod(path, 0o600),
    "chown": lambda path: os.chown(path, os.getuid(), os.getgid()), "utime": lambda path: os.utime(path, (1, 2)),
    "touch a link": lambda path: os.utime(path, (1, 2), follow_symlinks=False), "chdir": os.chdir,
    "list": lambda path: sorted(os.listdir(path)), "may read": lambda path: os.access(path, os.R_OK),
    "may execute": lambda path: os.access(path, os.X_OK), "stat": lambda path: oct(os.stat(path).st_mode),
    "lstat": lambda path: oct(os.lstat(path).st_mode), "statvfs": lambda path: os.statvfs(path).f_namemax,
    "mknod": lambda path: os.mknod(path, 0o600 | stat.S_IFREG), "symlink": lambda path: os.symlink("t", path),
    "symlink to nothing": lambda path: os.symlink("", path),
}
for name in ["RDONLY", "WRONLY", "RDWR", "WRONLY|CREAT", "RDWR|CREAT|EXCL", "WRONLY|TRUNC", "RDWR|CREAT|TRUNC",
             "RDONLY|TRUNC", "RDONLY|NOFOLLOW", "RDONLY|DIRECTORY", "CREAT|DIRECTORY", "PATH",
             "WRONLY|CREAT|APPEND", "RDWR|CREAT|NOFOLLOW"]:
    on_one["open " + name] = opening(sum(getattr(os, "O_" + word) for word in name.split("|")))
on_two = {
    "rename": os.rename, "rename without replacing": rename_without_replacing, "link": os.link,
    "link to a link": lambda old, new: os.link(old, new, follow_symlinks=False),
}


def outcome(tree, action, arguments):
    build(tree)
    try:
        result = action(*arguments)
    except OSError as error:
        result = errno.errorcode.get(error.errno, error.errno)
    return result, describe(tree)


count, wrong = 0, []
for actions, arguments in [(on_one, itertools.product(paths)), (on_two, itertools.product(paths, paths))]:
    for given, (name, action) in itertools.product(list(arguments), actions.items()):
        found, expected = (outcome(tree, action, given) for tree in trees)
        count += 1
        if found != expected:
            wrong.append(f"{name} {given}: {found[0]}, not {expected[0]}; {set(found[1]) ^ set(expected[1])}")
os.chdir("/")
print(f"{count} checks", *wrong, sep="\n")
sys.exit(bool(wrong))
END
unmount "$MOUNT"
