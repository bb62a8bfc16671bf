#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# servers: hawser
# `hawser serve` lets in by certificates and passwords, and by nothing that only resembles them; it takes sockets from a
# service manager, and tells it how it is.
. "$(dirname "$0")/../lib.sh"

make_keys
user=$(id -un)
# As a service manager starts it: with a socket that listens as descriptor 3, and one that hears what it says.
cat >"$CASE/manager.py" <<'END'
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
pid = os.fork()
if pid == 0:
    descriptor = os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    environment = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", NOTIFY_SOCKET=sys.argv[1])
    os.execve(sys.argv[2], sys.argv[2:], environment)
listener.close()
print("pid", pid, flush=True)
ear.settimeout(120)
text = ""
while "STOPPING=1" not in text:
    text = ear.recv(4096).decode()
    print(text, flush=True)
print("status", os.waitpid(pid, 0)[1], flush=True)
END
echo "# passwords" >"$CASE/passwords"
echo "$user:$(openssl passwd -6 'right one'):20000:0" >>"$CASE/passwords"
chmod 600 "$CASE/passwords"
python3 "$CASE/manager.py" "$CASE/notify" "$HAWSER" serve --authorized-keys "$CASE/authorized_keys" \
    --passwords "$CASE/passwords" --host-key "$CASE/host_ed25519" >"$CASE/manager.log" 2>"$CASE/serve.log" &
manager=$!
started_pids+=("$manager")
wait_until 20 grep -qs '^READY=1$' "$CASE/manager.log"
SERVER_PID=$(sed -n 's/^pid //p' "$CASE/manager.log")
started_pids+=("$SERVER_PID")
PORT=$(sed -n 's/^Server listening on 127.0.0.1 port \([0-9]*\)\.$/\1/p' "$CASE/serve.log")
write_client_config
logged() { grep -qE "$1" "$CASE/serve.log" || fail "not in the log: $1: $(cat "$CASE/serve.log")"; }
kill -HUP "$SERVER_PID"
wait_until 20 grep -q '^RELOADING=1$' "$CASE/manager.log"
is_ready_again() { [ "$(grep -c '^READY=1$' "$CASE/manager.log")" = 2 ]; }
wait_until 20 is_ready_again

# Certificates.
ssh-keygen -q -t ed25519 -N '' -f "$CASE/authority"
ssh-keygen -q -t ed25519 -N '' -f "$CASE/other_authority"
ssh-keygen -q -t ed25519 -N '' -f "$CASE/key"
certify() { # ssh-keygen's arguments...
    ssh-keygen -q -I 'test "id"' "$@" "$CASE/key.pub"
}
allow() { # options
    echo "$1 $(cat "$CASE/authority.pub")" >"$CASE/authorized_keys"
}
log_in() {
    sftp -q -b /dev/null -F none -P "$PORT" -o UserKnownHostsFile="$CASE/known_hosts" -o IdentitiesOnly=yes \
        -o PreferredAuthentications=publickey -i "$CASE/key" -o CertificateFile="$CASE/key-cert.pub" \
        "$user@127.0.0.1"
}
allow cert-authority
certify -s "$CASE/authority" -n "other,$user" -V +1h -z 7
log_in
logged "^Accepted publickey for $user from 127.0.0.1 port [0-9]+ ssh2: ED25519-CERT SHA256:[^ ]+ ID test .* \(serial 7\) CA ED25519 SHA256:"
allow 'cert-authority,principals="team"'
expect_failure log_in
logged 'authorized_keys:1: the certificate is for another name'
certify -s "$CASE/authority" -n team -O source-address=127.0.0.0/8 -O force-command=internal-sftp
log_in
allow cert-authority
certify -s "$CASE/authority" -n "$user" -V 20200101:20200102
expect_failure log_in
logged 'authorized_keys:1: the certificate has expired'
certify -s "$CASE/other_authority" -n "$user"
expect_failure log_in
end_server() {
    kill -TERM "$SERVER_PID"
    wait "$manager" || fail "the manager failed"
    grep -q '^STOPPING=1$' "$CASE/manager.log" || fail "not told: $(cat "$CASE/manager.log")"
    grep -q '^status 0$' "$CASE/manager.log" || fail "not ended well: $(cat "$CASE/manager.log")"
}
end_server

# Of another server, which does not remember those failures.
both_listen() { [ "$(grep -cs '^Server listening' "$CASE/serve.log")" = 2 ]; }
serve() {
    rm -f "$CASE/serve.log"
    "$HAWSER" serve --listen 127.0.0.1:0 --listen 127.0.0.1:0 --authorized-keys "$CASE/authorized_keys" \
        --passwords "$CASE/passwords" --host-key "$CASE/host_ed25519" 2>"$CASE/serve.log" &
    SERVER_PID=$!
    started_pids+=("$SERVER_PID")
    wait_until 20 both_listen
    PORT=$(sed -n 's/^Server listening on 127.0.0.1 port \([0-9]*\)\.$/\1/p' "$CASE/serve.log" | tail -n 1)
    write_client_config
}
serve
for how in "-n $user -O source-address=192.0.2.0/24" "-n $user -O force-command=/bin/true" "-h -n $user"; do
    read -ra arguments <<<"$how"
    certify -s "$CASE/authority" "${arguments[@]}"
    expect_failure log_in
done
logged 'may not be used from this address'
kill -TERM "$SERVER_PID"
wait "$SERVER_PID" || fail "ended with $?"
serve

# Passwords.
with_password() { # password [user]
    printf '#!/bin/sh\necho "%s"\n' "$1" >"$CASE/askpass"
    chmod 700 "$CASE/askpass"
    SSH_ASKPASS=$CASE/askpass SSH_ASKPASS_REQUIRE=force sftp -q -F none -P "$PORT" -o NumberOfPasswordPrompts=1 \
        -o UserKnownHostsFile="$CASE/known_hosts" -o PreferredAuthentications=password "${2:-$user}@127.0.0.1" <<<pwd
}
with_password 'right one' | grep -q '^Remote working directory' || fail "the right password does not let in"
logged "^Accepted password for $user from 127.0.0.1 port [0-9]+ ssh2\$"
expect_failure with_password 'wrong one'
logged "^Failed password for $user from 127.0.0.1 port [0-9]+ ssh2\$"
expect_failure with_password 'right one' nobody-at-all
logged "^Failed password for invalid user nobody-at-all from"
kill -TERM "$SERVER_PID"
wait "$SERVER_PID" || fail "ended with $?"
serve
echo "$user:$(openssl passwd -1 'right one')" >"$CASE/passwords"
expect_failure with_password 'right one'
chmod 644 "$CASE/passwords"
expect_failure with_password 'right one'
logged 'Authentication refused: .*passwords: others may read it'
kill -TERM "$SERVER_PID"
wait "$SERVER_PID" || fail "ended with $?"

# The units are ones that systemd understands.
if command -v systemd-analyze >/dev/null; then
    sed "s|/usr/bin/hawser|$HAWSER|" "$ROOT/systemd/hawser-serve.service" >"$CASE/hawser-serve.service"
    cp "$ROOT/systemd/hawser-serve.socket" "$CASE"
    XDG_RUNTIME_DIR=$CASE systemd-analyze verify --user --man=no "$CASE/hawser-serve.service" \
        "$CASE/hawser-serve.socket" >"$CASE/output" 2>&1 || fail "systemd-analyze: $(cat "$CASE/output")"
fi
