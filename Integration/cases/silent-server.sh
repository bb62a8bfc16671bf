#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A server that accepts and then says nothing: Ctrl-C ends the attempt and leaves no mount behind.
. "$(dirname "$0")/../lib.sh"

start_server
python3 - "$CASE/port" <<'END' &
import socket, sys, time
listener = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + ".part", "w") as file:
    file.write(str(listener.getsockname()[1]))
import os
os.rename(sys.argv[1] + ".part", sys.argv[1])
connection, _ = listener.accept()
open(sys.argv[1] + ".accepted", "w").close()
time.sleep(600)
END
started_pids+=($!)
wait_until 20 test -e "$CASE/port"
interruptible "${mount_command[@]}" -F "$SSH_CONFIG" -p "$(cat "$CASE/port")" "server:$REMOTE" "$MOUNT" >"$CASE/output" 2>&1 &
mounting=$!
wait_until 20 test -e "$CASE/port.accepted"
sleep 0.3
alive $mounting || fail "gave up at once: $(cat "$CASE/output")"
# As the terminal does: to every process of the foreground group.
for pid in $mounting $(descendants $mounting); do kill -INT "$pid" 2>/dev/null || true; done
wait_until 10 gone $mounting
if wait $mounting; then fail "the exit status is 0"; fi
is_unmounted "$MOUNT" || fail "there is a mount"
for process in /proc/[0-9]*; do
    if [ "$(readlink "$process/exe")" = "$(readlink -f "$HAWSER")" ] && tr '\0' '\n' <"$process/cmdline" | grep -qxF "$MOUNT"; then
        wait_until 5 gone "$(basename "$process")"
    fi
done
