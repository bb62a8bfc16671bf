#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two hosts lie on the way, each with its own block of the configuration; a loop is refused.
. "$(dirname "$0")/../lib.sh"

start_server
sed -i 's/^Host server/Host server hop1 hop2/' "$SSH_CONFIG"
make_tree "$CASE/local"
mount_remote "$REMOTE" "$MOUNT" -J hop1,hop2
cp -r "$CASE/local" "$MOUNT/copy"
expect_same_tree "$CASE/local" "$REMOTE/copy" without-times
expect_equal "tunnels" 2 "$(grep -c 'server_request_direct_tcpip: originator' "$CASE/sshd.log")"
expect_equal "logins" 3 "$(grep -c '^Accepted publickey' "$CASE/sshd.log")"
unmount "$MOUNT"
wait_until 20 no_sessions

# The middle host does not let anybody through.
stop_server
start_server 'AllowTcpForwarding no'
sed -i 's/^Host server/Host server hop1/' "$SSH_CONFIG"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -J hop1 "server:$REMOTE" "$MOUNT"
grep -q "127.0.0.1 port $PORT: no way from there to 127.0.0.1 port $PORT" "$CASE/output" \
    || fail "the message is: $(cat "$CASE/output")"

printf 'Host server\n    ProxyJump server\n' | cat - "$SSH_CONFIG" >"$CASE/circle"
expect_failure "${mount_command[@]}" -F "$CASE/circle" "server:$REMOTE" "$MOUNT"
grep -qi "itself\|loop\|circle" "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
