#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# servers: hawser
# timeout: 3000
# A minute in which a hundred clients at a time work with `hawser serve`, and a third of them are killed: no
# descriptor, thread or memory of theirs stays, and what the others read is what they wrote.
# SECONDS_LONG=1800 makes it half an hour, CLIENTS=20 fewer, SEED=7 does the same again.
. "$(dirname "$0")/../lib.sh"

make_keys
"$HAWSER" serve --listen 127.0.0.1:0 --authorized-keys "$CASE/authorized_keys" --host-key "$CASE/host_ed25519" \
    2>"$CASE/serve.log" &
SERVER_PID=$!
started_pids+=("$SERVER_PID")
wait_until 20 grep -q '^Server listening on' "$CASE/serve.log"
PORT=$(sed -n 's/^Server listening on 127.0.0.1 port \([0-9]*\)\.$/\1/p' "$CASE/serve.log")
write_client_config
"$ROOT/Integration/soak.py" "${SECONDS_LONG:-60}" "${CLIENTS:-100}" "$SSH_CONFIG" "$REMOTE" "$SERVER_PID"
kill -TERM "$SERVER_PID"
wait "$SERVER_PID" || fail "the server ended with $?"
