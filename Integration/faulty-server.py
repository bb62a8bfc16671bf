#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Passes SFTP on to a server, and has some requests fail: as a disk with a bad block would.

Usage: faulty-server.py READ-OFFSET SERVER [ARGUMENT...]
A READ that begins at this offset or behind it is answered with SSH_FX_FAILURE, "Input/output error"; one that ends
behind it gives what comes before.
"""

import os
import struct
import subprocess
import sys
import threading

READ, STATUS, FAILURE = 5, 101, 4


def receive(source, count):
    data = source.read(count)
    if len(data) < count:
        sys.exit(0)
    return data


def pass_replies(source, sink, lock):
    while data := source.read1(1 << 16):
        with lock:
            packets.feed(data, sink)
    os._exit(0)


class Packets:
    """Passes whole packets on, so that ours can come between them."""

    def __init__(self):
        self.buffer = b""

    def feed(self, data, sink):
        self.buffer += data
        while len(self.buffer) >= 4:
            (length,) = struct.unpack(">I", self.buffer[:4])
            if len(self.buffer) < 4 + length:
                break
            sink.write(self.buffer[:4 + length])
            self.buffer = self.buffer[4 + length:]
        sink.flush()


packets = Packets()
limit = int(sys.argv[1])
server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
lock = threading.Lock()
threading.Thread(target=pass_replies, args=(server.stdout, sys.stdout.buffer, lock), daemon=True).start()
while True:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        break
    body = receive(sys.stdin.buffer, struct.unpack(">I", head)[0])
    if body[0] == READ:
        offset, count = struct.unpack(">QI", body[-12:])
        if offset >= limit:
            message = b"Input/output error"
            reply = (struct.pack(">B", STATUS) + body[1:5] + struct.pack(">I", FAILURE)
                     + struct.pack(">I", len(message)) + message + struct.pack(">I", 0))
            with lock:
                sys.stdout.buffer.write(struct.pack(">I", len(reply)) + reply)
                sys.stdout.buffer.flush()
            continue
        if offset + count > limit:
            body = body[:-4] + struct.pack(">I", limit - offset)
    server.stdin.write(head + body)
    server.stdin.flush()
server.stdin.close()
server.wait()
