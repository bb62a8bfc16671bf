#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where an ssh process shares its connection, it is used, without another login; a socket that is left
# over, or is nobody's, is passed over.
. "$(dirname "$0")/../lib.sh"

start_server
control=$CASE/control
logins() { grep -c '^Accepted publickey' "$CASE/sshd.log" || true; }
ssh -F "$SSH_CONFIG" -o ControlMaster=yes -o ControlPath="$control" -N server &
master=$!
started_pids+=("$master")
wait_until 30 test -S "$control"
wait_until 30 ssh -F "$SSH_CONFIG" -o ControlPath="$control" -O check server 2>/dev/null
make_tree "$CASE/local"
mount_remote "$REMOTE" "$MOUNT" -o ControlPath="$CASE/cont%%rol" -o ControlMaster=auto
unmount "$MOUNT"
expect_equal "logins without a master there" 2 "$(logins)"
mount_remote "$REMOTE" "$MOUNT" -o ControlPath="$control" -o ControlMaster=auto
expect_equal "logins with the master" 2 "$(logins)"
cp -r "$CASE/local" "$MOUNT/copy"
expect_same_tree "$CASE/local" "$REMOTE/copy" without-times
unmount "$MOUNT"
alive "$master" || fail "the master ended with the mount"

# One that does not answer is passed over within ConnectTimeout.
kill -STOP "$master"
mount_remote "$REMOTE" "$MOUNT" -o ControlPath="$control" -o ConnectTimeout=1
expect_equal "logins with a stopped master" 3 "$(logins)"
unmount "$MOUNT"
kill -CONT "$master"

# So is one that opens a session and then passes nothing on.
cat >"$CASE/liar.py" <<'END'
import socket, struct, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
peer = listener.accept()[0]
def send(*words):
    peer.sendall(struct.pack(">I", 4 * len(words)) + struct.pack(">%dI" % len(words), *words))
def receive():
    length, = struct.unpack(">I", peer.recv(4, socket.MSG_WAITALL))
    return peer.recv(length, socket.MSG_WAITALL)
send(1, 4)
receive(), receive()
streams = [socket.recv_fds(peer, 1, 1) for _ in range(3)]
send(0x80000006, 0, 1)
time.sleep(1000)
END
python3 "$CASE/liar.py" "$CASE/liar" &
started_pids+=("$!")
wait_until 30 test -S "$CASE/liar"
mount_remote "$REMOTE" "$MOUNT" -o ControlPath="$CASE/liar" -o ConnectTimeout=1 2>"$CASE/output"
expect_equal "logins with a liar" 4 "$(logins)"
grep -q 'passes nothing on' "$CASE/output" || fail "not said: $(cat "$CASE/output")"
unmount "$MOUNT"

# A master that was killed leaves its socket.
kill -KILL "$master"
wait "$master" || true
[ -S "$control" ] || fail "no stale socket to test with"
mount_remote "$REMOTE" "$MOUNT" -o ControlPath="$control" -o ControlMaster=auto
expect_equal "logins with a stale socket" 5 "$(logins)"
unmount "$MOUNT"
