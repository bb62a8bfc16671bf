# SPDX-License-Identifier: Apache-2.0
"""One plain TCP stream: what a link gives to a program that does nothing else.

Usage: plain_tcp.py serve ADDRESS PORT           serves one client
       plain_tcp.py read|write ADDRESS PORT N    moves N bytes over a connection that has been made, prints the seconds
"""

import socket
import sys
import time

PIECE = 1 << 20


def receive(connection, count):
    buffer = bytearray(PIECE)
    while count > 0:
        taken = connection.recv_into(buffer, min(count, PIECE))
        if taken == 0:
            raise EOFError("the stream ended early")
        count -= taken


def send(connection, count):
    buffer = memoryview(bytes(PIECE))
    while count > 0:
        count -= connection.send(buffer[:min(count, PIECE)])


def serve(address):
    with socket.create_server(address) as listener:
        print("ready", flush=True)
        connection, _ = listener.accept()
    with connection:
        direction, count = connection.recv(100).decode().split()
        if direction == "read":
            send(connection, int(count))
        else:
            connection.sendall(b"!")
            receive(connection, int(count))
            connection.sendall(b".")
        connection.recv(1)


def move(direction, address, count):
    with socket.create_connection(address) as connection:
        begin = time.monotonic()
        connection.sendall(f"{direction} {count}".encode())
        if direction == "read":
            receive(connection, count)
        else:
            receive(connection, 1)
            begin = time.monotonic()
            send(connection, count)
            receive(connection, 1)
        print(time.monotonic() - begin)


if __name__ == "__main__":
    where = (sys.argv[2], int(sys.argv[3]))
    if sys.argv[1] == "serve":
        serve(where)
    else:
        move(sys.argv[1], where, int(sys.argv[4]))
