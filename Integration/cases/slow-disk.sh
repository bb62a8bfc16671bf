#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# servers: hawser
# The disk of a file does not answer: only what is about that file waits, and is answered when it does again.
. "$(dirname "$0")/../lib.sh"

# The disk is a mount of ours, whose server is stopped.
start_server
make_file "$REMOTE/slow" 33554432
echo quick >"$CASE/quick"
mount_remote "$REMOTE" "$MOUNT"
cat >"$CASE/talk.py" <<'END'
import os, signal, struct, subprocess, sys
server, slow, quick, pids = sys.argv[1], sys.argv[2], sys.argv[3], [int(pid) for pid in sys.argv[4:]]
process = subprocess.Popen([server], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

def string(data):
    return struct.pack(">I", len(data)) + data

def send(kind, number, rest=b""):
    process.stdin.write(string(struct.pack(">BI", kind, number) + rest))
    process.stdin.flush()

def receive():
    count = struct.unpack(">I", process.stdout.read(4))[0]
    packet = process.stdout.read(count)
    return packet[0], struct.unpack(">I", packet[1:5])[0], packet[5:]

def receive_as(kind, number):
    found = receive()
    assert found[:2] == (kind, number), f"type {kind} for {number} expected, found {found[0]} for {found[1]}"
    return found[2]

INIT, OPEN, CLOSE, READ, STAT, STATUS, HANDLE, DATA, ATTRS = 1, 3, 4, 5, 17, 101, 102, 103, 105
send(INIT, 3)
receive()
send(OPEN, 1, string(slow.encode()) + struct.pack(">II", 1, 0))
handle = receive_as(HANDLE, 1)
for pid in pids:
    os.kill(pid, signal.SIGSTOP)
try:
    # Far from where the mount may have read ahead.
    send(READ, 2, handle + struct.pack(">QI", 30 << 20, 4096))
    send(CLOSE, 3, handle)
    for number in range(4, 24):
        send(STAT, number, string(quick.encode()))
        receive_as(ATTRS, number)
finally:
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
data = receive_as(DATA, 2)[4:]
with open(slow, "rb") as file:
    file.seek(30 << 20)
    assert data == file.read(4096), "other bytes than those of the file"
assert receive_as(STATUS, 3)[:4] == b"\0\0\0\0", "not closed"
process.stdin.close()
sys.exit(process.wait())
END
read -ra pids <<<"$(sftp_server_pids | tr '\n' ' ')"
[ ${#pids[@]} -gt 0 ] || fail "no server to be stopped"
timeout 60 python3 "$CASE/talk.py" "$HAWSER_SFTP_SERVER" "$MOUNT/slow" "$CASE/quick" "${pids[@]}"
unmount "$MOUNT"
