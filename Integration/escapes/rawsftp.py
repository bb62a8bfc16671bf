# SPDX-License-Identifier: Apache-2.0
"""An SFTP version 3 client that sends what it is told to, however senseless: for tests of servers."""
import struct
import subprocess

OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT, SETSTAT, FSETSTAT, OPENDIR, READDIR = range(3, 13)
REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME, READLINK, SYMLINK = range(13, 21)
STATUS, HANDLE, DATA, NAME, ATTRS = range(101, 106)
EXTENDED, EXTENDED_REPLY = 200, 201

# pflags of OPEN.
FOR_READ, FOR_WRITE, APPEND, CREATE, TRUNCATE, EXCLUSIVE = 1, 2, 4, 8, 16, 32

NO_ATTRIBUTES = struct.pack(">I", 0)


def text(value):
    value = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    return struct.pack(">I", len(value)) + value


def size_attribute(size):
    return struct.pack(">IQ", 1, size)


def owner_attribute(uid, gid):
    return struct.pack(">III", 2, uid, gid)


def mode_attribute(mode):
    return struct.pack(">II", 4, mode)


def time_attribute(seconds):
    return struct.pack(">III", 8, seconds, seconds)


class Reply:
    """One answer of the server's."""

    def __init__(self, packet):
        self.kind = packet[0]
        self.body = packet[5:]

    @property
    def succeeded(self):
        return self.kind != STATUS or self.status == 0

    @property
    def status(self):
        return struct.unpack_from(">I", self.body)[0]

    @property
    def bytes(self):
        """The handle, or the data."""
        length, = struct.unpack_from(">I", self.body)
        return self.body[4:4 + length]

    def names(self):
        """Name and attributes of each entry."""
        count, = struct.unpack_from(">I", self.body)
        place, found = 4, []
        for _ in range(count):
            length, = struct.unpack_from(">I", self.body, place)
            name = self.body[place + 4:place + 4 + length]
            place += 4 + length
            length, = struct.unpack_from(">I", self.body, place)
            attributes, place = parse_attributes(self.body, place + 4 + length)
            found.append((name, attributes))
        return found

    def attributes(self):
        return parse_attributes(self.body, 0)[0]


def parse_attributes(body, place):
    flags, = struct.unpack_from(">I", body, place)
    place += 4
    found = {}
    if flags & 1:
        found["size"], = struct.unpack_from(">Q", body, place)
        place += 8
    if flags & 2:
        place += 8
    if flags & 4:
        found["mode"], = struct.unpack_from(">I", body, place)
        place += 4
    if flags & 8:
        _, found["mtime"] = struct.unpack_from(">II", body, place)
        place += 8
    return found, place


class Client:
    """A session with a server that a command starts, or leads to, on its standard streams."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.last = 0
        self._send(struct.pack(">BI", 1, 3))
        if self._receive()[0] != 2:
            raise ConnectionError("no VERSION")

    def _send(self, packet):
        self.process.stdin.write(struct.pack(">I", len(packet)) + packet)
        self.process.stdin.flush()

    def _exactly(self, count):
        data = self.process.stdout.read(count)
        if len(data) != count:
            raise ConnectionError("the server ended")
        return data

    def _receive(self):
        return self._exactly(struct.unpack(">I", self._exactly(4))[0])

    def call(self, kind, *fields):
        self.last += 1
        self._send(struct.pack(">BI", kind, self.last) + b"".join(fields))
        return Reply(self._receive())

    def extended(self, name, *fields):
        return self.call(EXTENDED, text(name), *fields)

    def close(self):
        self.process.stdin.close()
        return self.process.wait()
