#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Passes TCP connections on to a server, and fails as networks do, on command.

Usage: relay.py PORT TARGET-PORT CONTROL-SOCKET          runs until it is killed
       relay.py --tell CONTROL-SOCKET WORD [NUMBER]      commands it

  reset            resets all connections; new ones are passed on
  end              ends all connections cleanly
  stop             resets all connections and takes no new ones: "connection refused"
  start            takes connections again
  freeze           passes nothing on any more, and says nothing about it; new ones are not answered
  freeze-after N   freezes once N more bytes have gone either way
  frozen           says whether it is frozen: 1 or 0
  thaw             goes on where it froze
  reset-after N    resets all connections once N more bytes have gone either way
  count            says how many connections there have been
  bytes            says how many bytes have gone either way
  delay N          has each byte take N milliseconds more, either way
"""

import asyncio
import os
import socket
import struct
import sys

PIECE = 1 << 16
# How much a delay may hold: enough for a fast link.
DELAYED_PIECES = 64


class Relay:
    def __init__(self, port, target):
        self.port, self.target = port, target
        self.writers = set()
        self.server = None
        self.running = asyncio.Event()
        self.running.set()
        self.left = None
        self.left_to_freeze = None
        self.count = 0
        self.bytes = 0
        self.delay = 0.0

    async def start(self):
        if self.server is None:
            self.server = await asyncio.start_server(self.connect, "127.0.0.1", self.port, limit=PIECE)

    def stop(self):
        if self.server is not None:
            self.server.close()
            self.server = None
        self.reset()

    async def connect(self, reader, writer):
        self.count += 1
        self.writers.add(writer)
        await self.running.wait()
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target, limit=PIECE)
        except OSError:
            self.writers.discard(writer)
            writer.close()
            return
        self.writers.add(back)
        await asyncio.gather(self.copy(reader, back), self.copy(there, writer))

    async def copy(self, reader, writer):
        # What has come, and when it is to go on: a delay holds up nothing but what it delays.
        pieces = asyncio.Queue(DELAYED_PIECES)
        sending = asyncio.create_task(self.send(pieces, reader, writer))
        clock = asyncio.get_running_loop()
        try:
            while data := await reader.read(PIECE):
                await pieces.put((clock.time() + self.delay, data))
        except OSError:
            pass
        await pieces.put((clock.time() + self.delay, None))
        await sending

    async def send(self, pieces, reader, writer):
        clock = asyncio.get_running_loop()
        broken = False
        while True:
            time, data = await pieces.get()
            if data is None:
                break
            if broken:
                continue
            if time > clock.time():
                await asyncio.sleep(time - clock.time())
            await self.running.wait()
            # What was on its way is lost with a connection that was reset.
            if reader.exception() is not None:
                broken = True
                continue
            self.bytes += len(data)
            if self.left_to_freeze is not None:
                self.left_to_freeze -= len(data)
                if self.left_to_freeze <= 0:
                    self.left_to_freeze = None
                    self.running.clear()
            if self.left is not None:
                self.left -= len(data)
                if self.left <= 0:
                    self.left = None
                    self.reset()
                    broken = True
                    continue
            try:
                writer.write(data)
                await writer.drain()
            except OSError:
                broken = True
        self.writers.discard(writer)
        writer.close()

    def reset(self):
        for writer in self.writers:
            connection = writer.get_extra_info("socket")
            if connection is not None and connection.fileno() >= 0:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self.writers.clear()

    def end(self):
        for writer in self.writers:
            writer.close()
        self.writers.clear()

    async def command(self, reader, writer):
        words = (await reader.readline()).decode().split()
        answer = "ok"
        match words:
            case ["reset"]: self.reset()
            case ["end"]: self.end()
            case ["stop"]: self.stop()
            case ["start"]: await self.start()
            case ["freeze"]: self.running.clear()
            case ["freeze-after", number]: self.left_to_freeze = int(number)
            case ["frozen"]: answer = "0" if self.running.is_set() else "1"
            case ["thaw"]: self.running.set()
            case ["reset-after", number]: self.left = int(number)
            case ["count"]: answer = str(self.count)
            case ["bytes"]: answer = str(self.bytes)
            case ["delay", number]: self.delay = int(number) / 1000
            case _: answer = "unknown command"
        writer.write(answer.encode() + b"\n")
        await writer.drain()
        writer.close()


async def run(port, target, control):
    relay = Relay(port, target)
    await relay.start()
    await asyncio.start_unix_server(relay.command, control)
    await asyncio.Event().wait()


def tell(control, words):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(control)
    connection.sendall(" ".join(words).encode() + b"\n")
    answer = connection.makefile().readline().strip()
    print(answer)
    return 0 if answer == "ok" or answer.isdigit() else 1


if __name__ == "__main__":
    if sys.argv[1] == "--tell":
        sys.exit(tell(sys.argv[2], sys.argv[3:]))
    os.umask(0o077)
    asyncio.run(run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
