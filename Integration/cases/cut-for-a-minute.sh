#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One process reads and writes its open files for a minute in which the connection is lost twenty times: no error, and
# at each moment what it reads is what it wrote.
# clients: hawser
# tier: drops
# timeout: 600
. "$(dirname "$0")/../lib.sh"

start_server
start_relay
mount_remote "$REMOTE" "$MOUNT"
cat >"$CASE/work.py" <<'PYTHON'
import os, random, sys, time
mount, remote, stop = sys.argv[1:]
start = time.monotonic()
chance = random.Random(2)
size, count = 4 << 20, 4
contents = [bytearray(chance.randbytes(size)) for _ in range(count)]
files = [os.open(f"{mount}/file-{number}", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644) for number in range(count)]
log = os.open(f"{mount}/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
for file, content in zip(files, contents):
    os.pwrite(file, content, 0)
lines = calls = 0
while time.monotonic() < start + 60 or not os.path.exists(stop):
    number = chance.randrange(count)
    file, content = files[number], contents[number]
    offset = chance.randrange(size)
    length = min(chance.randrange(1, 300_000), size - offset)
    what = chance.randrange(8)
    if what < 3:
        data = chance.randbytes(length)
        if os.pwrite(file, data, offset) != length:
            sys.exit("a short write")
        content[offset:offset + length] = data
    elif what < 6:
        if os.pread(file, length, offset) != content[offset:offset + length]:
            sys.exit(f"other data in file {number} at {offset}")
    elif what == 6:
        os.fsync(file)
    else:
        line = b"line %d\n" % lines
        if os.write(log, line) != len(line):
            sys.exit("a short append")
        lines += 1
    calls += 1
for file in files + [log]:
    os.fsync(file)
    os.close(file)
for number, content in enumerate(contents):
    with open(f"{remote}/file-{number}", "rb") as file:
        if file.read() != content:
            sys.exit(f"file {number} is another one at the server")
with open(f"{remote}/log", "rb") as file:
    if file.read() != b"".join(b"line %d\n" % number for number in range(lines)):
        sys.exit("the log is another one")
print(f"{calls} calls without an error, {lines} lines appended")
PYTHON
python3 "$CASE/work.py" "$MOUNT" "$REMOTE" "$CASE/stop" &
worker=$!
for cut in $(seq 20); do
    sleep 2.6
    case $((cut % 3)) in
    0) relay reset ;;
    1) relay end ;;
    2) relay stop && sleep 0.5 && relay start ;;
    esac
done
alive $worker || fail "it ended before the connection had been lost twenty times"
touch "$CASE/stop"
wait $worker || fail "it failed"
unmount "$MOUNT"
