#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `hawser doctor` finds what is in the way, and says what to do about it.
# servers: openssh
# timeout: 120
. "$(dirname "$0")/../lib.sh"

planted=0
# Demands that a finding and behind it a remedy are told of; what is given after them are the doctor's arguments.
expect_problem() { # finding remedy argument...
    local finding=$1 remedy=$2
    shift 2
    expect_failure "${doctor[@]}" "$@"
    grep -A 1 -e "^PROBLEM .*$finding" "$CASE/output" | grep -q -e "^ *to do: .*$remedy" \
        || fail "not found: '$finding' and '$remedy', but: $(cat "$CASE/output")"
    planted=$((planted + 1))
}
doctor=("$HAWSER" doctor -F "$SSH_CONFIG" -o BatchMode=yes)

start_server
# Nothing is wrong, but what may be wrong with other mounts of this machine's.
"${doctor[@]}" "server:$REMOTE" >"$CASE/well" 2>&1 || ! grep '^PROBLEM' "$CASE/well" | grep -v 'its process is gone' \
    || fail "it found: $(cat "$CASE/well")"
for part in '/dev/fuse can be opened' "$CASE/user_ed25519: a private key" 'connected to 127.0.0.1' OpenSSH \
    "the directory $REMOTE is there" 'a round trip takes' 'B/s from the server'; do
    grep '^ok ' "$CASE/well" | grep -qF -- "$part" || fail "not told: $part, but: $(cat "$CASE/well")"
done
! grep -q $'\033' "$CASE/well" || fail "control characters"

# The configuration.
sed '$a Frobnicate yes' "$SSH_CONFIG" >"$CASE/wrong_config"
expect_problem Frobnicate 'correct .*wrong_config' -F "$CASE/wrong_config" server
# Keys and the agent.
cp "$CASE/user_ed25519" "$CASE/exposed"
chmod 644 "$CASE/exposed"
expect_problem 'exposed: others may read' "chmod 600 $CASE/exposed" -i "$CASE/exposed"
expect_problem 'absent: .* not there' 'correct IdentityFile' -i "$CASE/absent"
echo nonsense >"$CASE/broken"
chmod 600 "$CASE/broken"
expect_problem "$CASE/broken: " 'ssh-keygen -p' -i "$CASE/broken"
expect_problem 'the agent at .*: No such file' 'ssh-add' -o IdentityAgent="$CASE/nowhere"

# The way to the server.
expect_problem 'could not resolve' 'check the name' nowhere.invalid
expect_problem 'Connection refused' 'start an SSH server there' -p "$(free_port)" server
python3 -c 'import socket, sys, time
silent, other = socket.socket(), socket.socket()
for at, name in (silent, "silent"), (other, "other"):
    at.bind(("127.0.0.1", 0))
    at.listen()
    print(at.getsockname()[1], file=open(name, "w"))
open("ready", "w")
while True:
    peer, _ = other.accept()
    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    peer.close()' &
started_pids+=($!)
wait_until 20 test -e ready
expect_problem 'timed out' 'see whether an SSH server listens' -o ConnectTimeout=1 -p "$(cat silent)" server
expect_problem 'port' 'is none\|no SSH server' -p "$(cat other)" server
expect_problem 'proxy command' 'run the ProxyCommand' -o ProxyCommand='exit 7' server

# The host's key.
expect_problem 'is unknown' 'compare the fingerprint' -o UserKnownHostsFile="$CASE/none" server
sed "s, [^ ]*\$, $(cut -d ' ' -f 2 "$CASE/user_ed25519.pub")," "$CASE/known_hosts" | grep ed25519 >"$CASE/other_hosts"
expect_problem 'has changed' "ssh-keygen -R '\\[127.0.0.1\\]:$PORT'" -o UserKnownHostsFile="$CASE/other_hosts" -o HostKeyAlgorithms=ssh-ed25519 server
cut -d ' ' -f 1-2 "$CASE/host_ed25519.pub" >"$CASE/revoked"
expect_problem 'revoked' 'do not connect' -o RevokedHostKeys="$CASE/revoked" -o HostKeyAlgorithms=ssh-ed25519 server

# Logging in, and SFTP.
ssh-keygen -q -t ed25519 -N '' -f "$CASE/stranger"
sed "s,IdentityFile .*,IdentityFile $CASE/stranger," "$SSH_CONFIG" >"$CASE/stranger_config"
expect_problem 'Permission denied' 'ssh-copy-id' -F "$CASE/stranger_config" server
expect_problem 'absent: No such file' 'name a directory' "server:$REMOTE/absent"
planted_at_server() { # finding remedy line...
    local finding=$1 remedy=$2
    shift 2
    stop_server
    start_server "$@"
    expect_problem "$finding" "$remedy" server
}
planted_at_server 'Backups ran' 'start-up files' "ForceCommand echo 'Backups ran.'; exec $SFTP_SERVER"
planted_at_server 'ended with exit status' 'Subsystem sftp' 'ForceCommand exit 3'
SFTP_SERVER=/no/such/program planted_at_server 'ended with exit status' 'Subsystem sftp'
planted_at_server 'algorithm\|cipher' 'let Ciphers' 'Ciphers aes128-cbc'
[ "$planted" -ge 18 ] || fail "only $planted problems were planted"
