# SPDX-License-Identifier: Apache-2.0
"""Operations by which a client could read or change what a path leads to, and paths that may lead out."""
import os
import struct

import rawsftp as sftp
from ground import MARKER, OUTSIDE_TIME, SECRET, SECRET_SIZE
from rawsftp import text


class Attempts:
    """Operations by which a client could read or change what a path leads to."""

    def __init__(self, ground, client):
        status = os.lstat(ground.root)
        # To be made its owner is no change, but for the time at which it was made.
        self.owner = sftp.owner_attribute(status.st_uid, status.st_gid)
        self.ground = ground
        self.client = client
        self.number = 0
        self.leaks = []
        self.count = 0
        # The targets of links that the client has made.
        self.made = {"inside/file"}

    # What an answer gives away.

    def call(self, kind, *fields):
        reply = self.client.call(kind, *fields)
        if SECRET in reply.body:
            self.leaks.append("content")
        # What the client said itself, REALPATH may say again.
        if MARKER.encode() in reply.body and MARKER.encode() not in b"".join(fields):
            self.leaks.append("names")
        if reply.kind == sftp.ATTRS:
            self.check(reply.attributes())
        if reply.kind == sftp.NAME and kind == sftp.READDIR:
            for _, attributes in reply.names():
                self.check(attributes)
        return reply

    def check(self, attributes):
        if attributes.get("mtime") == OUTSIDE_TIME or attributes.get("size") == SECRET_SIZE:
            self.leaks.append(f"attributes {attributes}")

    def fresh(self):
        self.number += 1
        return f"inside/own-{self.number}"

    def own_file(self):
        name = self.fresh()
        handle = self.open(name, sftp.FOR_WRITE | sftp.CREATE)
        self.call(sftp.WRITE, text(handle), struct.pack(">Q", 0), text("mine"))
        self.call(sftp.CLOSE, text(handle))
        return name

    def open(self, path, flags, attributes=sftp.NO_ATTRIBUTES):
        reply = self.call(sftp.OPEN, text(path), struct.pack(">I", flags), attributes)
        return reply.bytes if reply.kind == sftp.HANDLE else None

    # The operations.

    def read(self, path):
        self.use(self.open(path, sftp.FOR_READ))

    def use(self, handle):
        if handle is None:
            return
        self.call(sftp.FSTAT, text(handle))
        self.call(sftp.READ, text(handle), struct.pack(">QI", 0, 1024))
        self.call(sftp.CLOSE, text(handle))

    def change(self, path, flags):
        handle = self.open(path, flags)
        if handle is None:
            return
        self.call(sftp.FSTAT, text(handle))
        self.call(sftp.WRITE, text(handle), struct.pack(">Q", 0), text("overwritten"))
        self.call(sftp.FSETSTAT, text(handle), sftp.mode_attribute(0o600))
        self.call(sftp.CLOSE, text(handle))

    def list(self, path):
        reply = self.call(sftp.OPENDIR, text(path))
        if reply.kind != sftp.HANDLE:
            return
        handle = reply.bytes
        while self.call(sftp.READDIR, text(handle)).kind == sftp.NAME:
            pass
        self.call(sftp.CLOSE, text(handle))

    def read_link(self, path):
        reply = self.call(sftp.READLINK, text(path))
        if reply.kind == sftp.NAME:
            target = os.fsdecode(reply.names()[0][0])
            if target not in self.ground.links.values() and target not in self.made:
                self.leaks.append(f"a path: {target}")

    def real_path(self, path, name=None):
        reply = self.client.extended(name, text(path)) if name else self.call(sftp.REALPATH, text(path))
        if reply.kind != sftp.NAME:
            return
        real = os.fsdecode(reply.names()[0][0])
        # As text it may be what the client said itself; it must not be true of this machine.
        if real.startswith(self.ground.base) and self.ground.base not in path:
            self.leaks.append(f"a path: {real}")

    def link_here(self, path, kind, name=None):
        """A name inside for what lies outside: moved or linked there, then read."""
        own = self.fresh()
        fields = [text(path), text(own)]
        if name:
            self.client.extended(name, *fields)
        else:
            self.call(kind, *fields)
        self.read(own)
        self.list(own)

    def link_there(self, path, kind, name=None):
        fields = [text(self.own_file()), text(path)]
        if name:
            self.client.extended(name, *fields)
        else:
            self.call(kind, *fields)

    def own_link(self, path, folder):
        """A link that the client makes itself, then used and moved to another depth."""
        self.number += 1
        link, other = f"{folder}link-{self.number}", f"inside/deep/er/link-{self.number}"
        self.made.add(path)
        self.call(sftp.SYMLINK, text(path), text(link))
        for place in [link, other]:
            self.read(place)
            self.list(place)
            self.call(sftp.STAT, text(place))
            self.change(place, sftp.FOR_WRITE | sftp.CREATE)
            self.call(sftp.MKDIR, text(place + "/made"), sftp.NO_ATTRIBUTES)
            self.read(place + "/secret")
            self.client.extended("hardlink@openssh.com", text(link), text(other))
        self.call(sftp.RENAME, text(link), text(other + "-moved"))
        self.read(other + "-moved")

    def copy(self, path, is_source):
        own = self.own_file()
        near = self.open(own, sftp.FOR_READ | sftp.FOR_WRITE)
        far = self.open(path, sftp.FOR_READ if is_source else sftp.FOR_WRITE)
        if far is not None:
            pair = [far, near] if is_source else [near, far]
            self.client.extended("copy-data", text(pair[0]), struct.pack(">QQ", 0, 0), text(pair[1]),
                                 struct.pack(">Q", 0))
            self.call(sftp.CLOSE, text(far))
        self.use(near)

    def operations(self):
        call, write = self.call, sftp.FOR_WRITE
        none = sftp.NO_ATTRIBUTES
        return {
            "read": self.read, "list": self.list,
            "write": lambda path: self.change(path, write),
            "append": lambda path: self.change(path, write | sftp.APPEND),
            "truncate": lambda path: self.change(path, write | sftp.CREATE | sftp.TRUNCATE),
            "create": lambda path: self.change(path, write | sftp.CREATE),
            "create new": lambda path: self.change(path, write | sftp.CREATE | sftp.EXCLUSIVE),
            "stat": lambda path: call(sftp.STAT, text(path)),
            "lstat": lambda path: call(sftp.LSTAT, text(path)),
            "set mode": lambda path: call(sftp.SETSTAT, text(path), sftp.mode_attribute(0o777)),
            "set size": lambda path: call(sftp.SETSTAT, text(path), sftp.size_attribute(5)),
            "set times": lambda path: call(sftp.SETSTAT, text(path), sftp.time_attribute(7)),
            "set owner": lambda path: call(sftp.SETSTAT, text(path), self.owner),
            "lset times": lambda path: self.client.extended(
                "lsetstat@openssh.com", text(path), sftp.time_attribute(7)),
            "lset owner": lambda path: self.client.extended(
                "lsetstat@openssh.com", text(path), self.owner),
            "mkdir": lambda path: call(sftp.MKDIR, text(path), none),
            "rmdir": lambda path: call(sftp.RMDIR, text(path)),
            "remove": lambda path: call(sftp.REMOVE, text(path)),
            "rename from": lambda path: self.link_here(path, sftp.RENAME),
            "rename to": lambda path: self.link_there(path, sftp.RENAME),
            "posix-rename from": lambda path: self.link_here(path, 0, "posix-rename@openssh.com"),
            "posix-rename to": lambda path: self.link_there(path, 0, "posix-rename@openssh.com"),
            "hardlink from": lambda path: self.link_here(path, 0, "hardlink@openssh.com"),
            "hardlink to": lambda path: self.link_there(path, 0, "hardlink@openssh.com"),
            "symlink there": lambda path: call(sftp.SYMLINK, text("inside/file"), text(path)),
            "symlink from the top": lambda path: self.own_link(path, ""),
            "symlink from below": lambda path: self.own_link(path, "inside/deep/"),
            "readlink": self.read_link, "realpath": self.real_path,
            "expand-path": lambda path: self.real_path(path, "expand-path@openssh.com"),
            "copy-data from": lambda path: self.copy(path, True),
            "copy-data to": lambda path: self.copy(path, False),
        }

    def paths(self, names):
        base = self.ground.base
        found = ["/", "", ".", "..", "/..", "../..", "./../.", "../", "/../outside", "out", "out/", "out/.", "abs/",
                 "file-link", "file-link/", "abs-file", "dangling", "abs-dangling", "proc", "cwd/", "fd/", "loop",
                 "~", "~root", "~/..", "inside/..", "inside/../..", "/proc/self/fd/3", "/dev/fd/3", "inside/up/"]
        for name in names:
            found += [
                f"../outside/{name}", f"/../outside/{name}", f"//..//outside//{name}", f"../" * 30 + f"outside/{name}",
                f"inside/../../outside/{name}", f"inside/deep/er/../../../../outside/{name}",
                f"inside/file/../../../outside/{name}", f"{base}/outside/{name}", f"../..{base}/outside/{name}",
                f"out/{name}", f"out-slash/{name}", f"abs/{name}", f"chain/{name}", f"deep/{name}", f"many/{name}",
                f"up/outside/{name}", f"inside/up/{name}", f"inside/deep/top/{name}", f"proc{base}/outside/{name}",
                f"/proc/self/root{base}/outside/{name}", f"cwd/../outside/{name}", f"fd/3/../outside/{name}",
                f"~/../outside/{name}", f"inside\0/../../outside/{name}", f"out/dir/../{name}",
                f"../../../outside/{name}",
            ]
        return found

    def attempt(self, operation, path):
        """What has become of it: nothing, or a list of what went wrong."""
        self.count += 1
        self.leaks = []
        operation(path)
        return self.leaks
