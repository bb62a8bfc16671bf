#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Open files are read and written by one process while the connection is lost again and again; afterwards
# all is as it would be without.
# clients: hawser
. "$(dirname "$0")/../lib.sh"

make_file "$REMOTE/source" 3000000
echo begun >"$REMOTE/shared"
start_server
start_relay
mount_remote "$REMOTE" "$MOUNT"
cat >"$CASE/work.py" <<'END'
import os, random, subprocess, sys, time
mount, relay, control, source = sys.argv[1:5]
with open(source, "rb") as file:
    content = file.read()
def cut(how="reset"):
    subprocess.run([relay, "--tell", control, how], check=True, stdout=subprocess.DEVNULL)
reader = os.open(f"{mount}/source", os.O_RDONLY)
writer = os.open(f"{mount}/copy", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
log = os.open(f"{mount}/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
chance = random.Random(1)
lines = b""
# A log that the server writes, too: one reads along, one appends.
shared = os.open(f"{mount}/shared", os.O_WRONLY | os.O_APPEND)
tail = os.open(f"{mount}/shared", os.O_RDONLY)
seen = b""
def read_along():
    global seen
    while piece := os.read(tail, 65536):
        seen += piece
def append_there(line):
    with open(os.path.dirname(source) + "/shared", "ab") as file:
        file.write(line)
both = b"begun\n"
read_along()
for round in range(10):
    cut(("reset", "end")[round % 2])
    for _ in range(3):
        offset = chance.randrange(len(content))
        count = chance.randrange(1, 200_000)
        if os.pread(reader, count, offset) != content[offset:offset + count]:
            sys.exit(f"round {round}: other data at {offset}")
    part = len(content) // 10
    start = round * part
    if os.pwrite(writer, content[start:start + part], start) != part:
        sys.exit(f"round {round}: a short write")
    line = b"round %d\n" % round
    if os.write(log, line) != len(line):
        sys.exit(f"round {round}: a short append")
    lines += line
    theirs = b"round %d on the server\n" % round
    append_there(theirs)
    read_along()
    os.write(shared, line)
    both += theirs + line
    if os.fstat(writer).st_size != start + part:
        sys.exit(f"round {round}: another size")
cut()
os.fsync(writer)
os.close(writer)
os.close(log)
deadline = time.monotonic() + 30
while seen != both:
    if time.monotonic() > deadline:
        sys.exit(f"read {seen} instead of {both}")
    time.sleep(0.1)
    read_along()
with open(f"{mount}/log", "rb") as file:
    if file.read() != lines:
        sys.exit("another log")
END
python3 "$CASE/work.py" "$MOUNT" "$ROOT/Integration/relay.py" "$CASE/relay" "$REMOTE/source"
cmp "$REMOTE/source" "$REMOTE/copy"
expect_equal "lines in the log" 10 "$(wc -l <"$REMOTE/log")"
unmount "$MOUNT"
