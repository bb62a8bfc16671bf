# SPDX-License-Identifier: Apache-2.0
"""A root, what must not be reached beside it, and how to tell that it was."""
import contextlib
import os
import shutil

SECRET = b"what-nobody-may-read "
SECRET_SIZE = 31337
# Everything outside bears this time: it gives away whose attributes an answer has.
OUTSIDE_TIME = 1111111111
MARKER = "name-in-the-outside"


class Playground:
    """A root, and what lies beside it."""

    def __init__(self, base):
        self.base = os.path.realpath(base)
        self.root = os.path.join(self.base, "root")
        outside = os.path.join(self.base, "outside")
        self.links = {
            "up": "..", "out": "../outside", "out-slash": "../outside/", "abs": outside,
            "file-link": "../outside/secret", "abs-file": outside + "/secret",
            "chain": "chain-2", "chain-2": "inside/../chain-3", "chain-3": "../outside",
            "dangling": "../outside/made", "abs-dangling": outside + "/made",
            "proc": "/proc/self/root", "cwd": "/proc/self/cwd", "fd": "/proc/self/fd",
            "deep": "inside/deep/er/../../../../outside", "many": "../" * 40 + outside.lstrip("/"),
            "inside/up": "../../outside", "inside/deep/top": "/../outside", "loop": "loop",
        }

    def make(self):
        shutil.rmtree(self.base, ignore_errors=True)
        os.makedirs(os.path.join(self.root, "inside/deep/er"))
        for name in ["inside/file", "inside/deep/er/file"]:
            self.write(os.path.join(self.root, name), b"harmless\n")
        self.make_links()
        self.make_outside()

    def make_links(self):
        """Makes those again that a client has removed or replaced, which is its right."""
        for name, target in self.links.items():
            place = os.path.join(self.root, name)
            if os.path.islink(place) or not os.path.isdir(os.path.dirname(place)):
                continue
            if os.path.isdir(place):
                shutil.rmtree(place)
            elif os.path.exists(place):
                os.unlink(place)
            os.symlink(target, place)

    def make_outside(self):
        outside = os.path.join(self.base, "outside")
        shutil.rmtree(outside, ignore_errors=True)
        for name in os.listdir(self.base):
            path = os.path.join(self.base, name)
            if name != "root" and os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            elif name != "root":
                os.unlink(path)
        os.makedirs(outside + "/dir")
        os.makedirs(outside + "/empty")
        for name in ["secret", MARKER, "dir/inner"]:
            self.write(os.path.join(outside, name), (SECRET * SECRET_SIZE)[:SECRET_SIZE])
        os.symlink(MARKER, outside + "/link")
        for folder, folders, files in os.walk(self.base, topdown=False):
            if folder.startswith(self.root):
                continue
            for name in files + folders:
                if (path := os.path.join(folder, name)) != self.root:
                    os.utime(path, (OUTSIDE_TIME, OUTSIDE_TIME), follow_symlinks=False)
        os.utime(self.base, (OUTSIDE_TIME, OUTSIDE_TIME))
        # Whoever is to be the server's user owns it all, in and out.
        owner = os.environ.get("ESCAPES_OWNER")
        for folder, folders, files in os.walk(self.base) if owner else []:
            for name in [folder] + [os.path.join(folder, entry) for entry in folders + files]:
                # What is moved within the root just now had its owner before.
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    os.lchown(name, int(owner), -1)

    @staticmethod
    def write(path, content):
        with open(path, "wb") as file:
            file.write(content)

    def snapshot(self):
        """All that a client could change outside."""
        found = []
        for folder in ["", "outside", "outside/dir", "outside/empty"]:
            path = os.path.join(self.base, folder)
            try:
                names = sorted(os.listdir(path))
            except OSError as error:
                names = [str(error)]
            for name in ["."] + names:
                if folder or name != "root":
                    try:
                        status = os.lstat(os.path.join(path, name))
                        found.append((folder, name, status.st_mode, status.st_size, status.st_nlink, status.st_uid,
                                      status.st_gid, status.st_mtime_ns, status.st_ctime_ns))
                    except OSError as error:
                        found.append((folder, name, str(error)))
        return found
