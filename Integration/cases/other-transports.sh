#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SFTP by other ways than a connection of our own: over any command, over plain TCP, over our standard
# streams, by the server program at a path; each failure says what failed.
. "$(dirname "$0")/../lib.sh"

start_server
make_tree "$CASE/local"
works() { # name
    cp -r "$CASE/local" "$MOUNT/$1"
    expect_same_tree "$CASE/local" "$REMOTE/$1" without-times
    say "$1"
}

# ssh itself, as every sshfs guide has it; and what starts it again, or what looks so.
mount_remote "$REMOTE" "$MOUNT" -o ssh_command=ssh
works ssh
unmount "$MOUNT"
wait_until 20 no_sessions
if ! command -v autossh >"$CASE/found"; then
    mkdir "$CASE/bin"
    cat >"$CASE/bin/autossh" <<'END'
#!/bin/sh
[ "$1 $2" = "-M 0" ] || exit 9
shift 2
exec ssh "$@"
END
    chmod +x "$CASE/bin/autossh"
    PATH=$CASE/bin:$PATH
fi
mount_remote "$REMOTE" "$MOUNT" \
    -o "reconnect,compression=yes,transform_symlinks,ServerAliveInterval=45,ServerAliveCountMax=2,ssh_command=autossh -M 0"
works autossh
unmount "$MOUNT"
wait_until 20 no_sessions
mount_remote "$REMOTE" "$MOUNT" -o ssh_command=ssh -o sftp_server="$SFTP_SERVER"
works ssh-and-path
unmount "$MOUNT"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o ssh_command=/no/such/program "server:$REMOTE" "$MOUNT"
grep -q "/no/such/program: No such file" "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o ssh_command=ssh -p 1 "server:$REMOTE" "$MOUNT"
grep -q "ssh ended with exit status 255" "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
grep -q "ssh: connect to host 127.0.0.1 port 1: Connection refused" "$CASE/output" || fail "what ssh says is lost"

# The server program by its path, with what the user's shell makes of the line.
mount_remote "$REMOTE" "$MOUNT" -o sftp_server="env >$CASE/environment; exec $SFTP_SERVER" -o SetEnv=LC_CASE=set
works path
unmount "$MOUNT"

# Plain TCP.
port=$(free_port)
python3 - "$port" "$SFTP_SERVER" <<'END' &
import socket, subprocess, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
while True:
    peer = listener.accept()[0]
    subprocess.run([sys.argv[2]], stdin=peer, stdout=peer)
    peer.close()
END
started_pids+=("$!")
listens() { ss -Hltn "sport = :$port" | grep -q .; }
wait_until 30 listens
started_mounts+=("$MOUNT")
"${mount_command[@]}" -o directport="$port" "127.0.0.1:$REMOTE" "$MOUNT"
works directport
unmount "$MOUNT"
expect_failure "${mount_command[@]}" -o directport=1 "127.0.0.1:$REMOTE" "$MOUNT"
grep -q "127.0.0.1 port 1: .*refused" "$CASE/output" || fail "the message is: $(cat "$CASE/output")"

# Our standard streams.
python3 - "$SFTP_SERVER" "${mount_command[@]}" -o passive "host:$REMOTE" "$MOUNT" <<'END' &
import socket, subprocess, sys
ours, theirs = socket.socketpair()
server = subprocess.Popen([sys.argv[1]], stdin=theirs, stdout=theirs)
client = subprocess.Popen(sys.argv[2:], stdin=ours, stdout=ours)
ours.close()
theirs.close()
sys.exit(client.wait() or server.wait())
END
driver=$!
wait_until 30 is_mounted "$MOUNT"
works passive
unmount "$MOUNT"
wait "$driver" || fail "exit status $? of a passive mount"

# A virtual machine that is not there.
expect_failure "${mount_command[@]}" -o vsock=4000000000:1 "host:$REMOTE" "$MOUNT"
grep -q "vsock 4000000000:1: " "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
