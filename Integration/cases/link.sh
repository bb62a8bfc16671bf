#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The emulated link takes as long as it says, carries no more than it says, and leaves nothing behind. That it carries
# as much as it says is for a quiet machine.
# clients: none
# servers: openssh
# timeout: 120
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../far.sh"

start_link 100 40
nsenter --net="$far" python3 "$ROOT/Benchmarks/kit/plain_tcp.py" serve 198.18.0.2 5000 >"$CASE/ready" &
started_pids+=($!)
wait_until 30 test -s "$CASE/ready"

# A byte's way there and back, and 4 MB's way, which is 0.8 s at 40 Mbit/s beside the round trip.
nsenter --net="$near" python3 - <<'PYTHON'
import socket, time
begin = time.monotonic()
with socket.create_connection(("198.18.0.2", 5000)) as connection:
    connected = time.monotonic() - begin
    begin = time.monotonic()
    connection.sendall(b"read 4000000")
    left = 4000000
    while left > 0: left -= len(connection.recv(left)) or exit("the stream ended early")
    moved = time.monotonic() - begin
assert connected >= 0.0999, f"connected in {connected} s"
assert moved >= 0.8 + 0.0999, f"moved in {moved} s"
print(f"connected in {connected:.3f} s, moved in {moved:.3f} s")
PYTHON
