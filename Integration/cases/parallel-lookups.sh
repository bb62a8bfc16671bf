#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Processes that look names up in one directory wait for the server side by side, not one behind the other.
. "$(dirname "$0")/../lib.sh"

start_server
start_relay
mkdir "$REMOTE/d"
touch "$REMOTE"/d/{0..15}
mount_remote "$REMOTE" "$MOUNT" -o cache=strict
ls "$MOUNT/d" >"$CASE/listed"
relay delay 100
python3 - "$MOUNT/d" <<'END'
import os, sys, threading, time

folder = sys.argv[1]


def seconds(names):
    """How long it takes to look all of them up at once."""
    threads = [threading.Thread(target=os.lstat, args=[f"{folder}/{name}"]) for name in names]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - start


one, many = seconds(range(1)), seconds(range(16))
assert one >= 0.2, one
# Sixteen round trips one behind the other would be 3.2 s and more.
assert many < 8 * one, (one, many)
END
relay delay 0
unmount "$MOUNT"
