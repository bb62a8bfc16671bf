#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# servers: hawser
# `hawser serve` lets in by passwords, and by nothing that only resembles them; it takes sockets from a
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

end_server() {
    kill -TERM "$SERVER_PID"
    wait "$manager" || fail "the manager failed"
    grep -q '^STOPPING=1$' "$CASE/manager.log" || fail "not told: $(cat "$CASE/manager.log")"
    grep -q '^status 0$' "$CASE/manager.log" || fail "not ended well: $(cat "$CASE/manager.log")"
}
end_server

both_listen() { [ "$(grep -cs '^Server listening' "$CASE/serve.log")" = 2 ]; }
serve() {
    "$HAWSER" serve --listen 127.0.0.1:0 --listen 127.0.0.1:0 --authorized-keys "$CASE/authorized_keys" \
        --passwords "$CASE/passwords" --host-key "$CASE/host_ed25519" 2>"$CASE/serve.log" &
    SERVER_PID=$!
    started_pids+=("$SERVER_PID")
    wait_until 20 both_listen
    PORT=$(sed -n 's/^Server listening on 127.0.0.1 port \([0-9]*\)\.$/\1/p' "$CASE/serve.log" | tail -n 1)
    write_client_config
}
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
