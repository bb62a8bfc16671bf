#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many programs read, write, list and rename at once, and nothing gets mixed up.
. "$(dirname "$0")/../lib.sh"

start_and_mount
python3 - "$MOUNT" "$REMOTE" <<'END'
import os, random, sys

mount, remote = sys.argv[1:]
shared = os.open(mount + "/shared", os.O_CREAT | os.O_RDWR)


def work(number):
    source = random.Random(number)
    folder = f"{mount}/{number}"
    os.mkdir(folder)
    for step in range(30):
        data = source.randbytes(source.randrange(1, 300_000))
        path = f"{folder}/{step}"
        with open(path + ".part", "wb") as file:
            file.write(data)
        os.rename(path + ".part", path)
        with open(path, "rb") as file:
            assert file.read() == data, path
        assert os.stat(path).st_size == len(data)
        assert len(os.listdir(folder)) == step + 1
        os.pwrite(shared, bytes([number]) * 4096, (step * 8 + number) * 4096)


children = []
for number in range(8):
    child = os.fork()
    if child == 0:
        try:
            work(number)
            os._exit(0)
        except BaseException as error:
            print(number, repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    children.append(child)
assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
os.close(shared)
with open(remote + "/shared", "rb") as file:
    assert file.read() == b"".join(bytes([i % 8]) * 4096 for i in range(240))
END
unmount "$MOUNT"
