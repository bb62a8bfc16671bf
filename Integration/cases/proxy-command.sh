#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A command makes the connection: it carries all bytes, or passes a connected descriptor. What it says is
# shown, its failure is the error, and it ends with the mount.
. "$(dirname "$0")/../lib.sh"

start_server
cat >"$CASE/relay" <<'END'
#!/usr/bin/env python3
import array, os, socket, subprocess, sys
print(f"relay to {sys.argv[2]} as {sys.argv[4]}", file=sys.stderr, flush=True)
if sys.argv[1] == "fail":
    sys.exit("the bridge is \x1b[1m closed")
to = socket.create_connection((sys.argv[2], int(sys.argv[3])))
if sys.argv[1] == "pass":
    socket.socket(fileno=1).sendmsg(
        [b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [to.fileno()]))])
    sys.exit()
child = os.fork()
source, sink = (to.fileno(), 1) if child else (0, to.fileno())
while data := os.read(source, 65536):
    while data:
        data = data[os.write(sink, data):]
if child:
    os.kill(child, 15)
END
chmod +x "$CASE/relay"
make_tree "$CASE/local"
for way in "carry ProxyUseFdpass=no" "pass ProxyUseFdpass=yes"; do
    read -r how option <<<"$way"
    mount_remote "$REMOTE" "$MOUNT" -o ProxyCommand="$CASE/relay $how %h %p %r" -o "$option" 2>"$CASE/said"
    grep -q "relay to 127.0.0.1 as $(id -un)" "$CASE/said" || fail "nothing was said by the relay that should $how"
    cp -r "$CASE/local" "$MOUNT/$how"
    expect_same_tree "$CASE/local" "$REMOTE/$how" without-times
    unmount "$MOUNT"
    wait_until 20 no_sessions
    say "$how"
done
no_relay() { ! pgrep -f "$CASE/relay" >"$CASE/relays"; }
wait_until 20 no_relay

expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o ProxyCommand="$CASE/relay fail %h %p %r" "server:$REMOTE" "$MOUNT"
grep -qF 'the bridge is \u{1B}[1m closed' "$CASE/output" || fail "what the proxy says is not shown: $(cat "$CASE/output")"
grep -q "proxy command ended with exit status 1" "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
