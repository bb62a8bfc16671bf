#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# servers: hawser
# Nothing leads out of the --root of either server, by any operation, for root and for a user.
. "$(dirname "$0")/../lib.sh"

escapes=$ROOT/Integration/escapes/run
ground=$CASE/ground
as_nobody=()
if [ "$(id -u)" = 0 ]; then
    as_nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    chmod 755 "$CASE"
    cp -L "$SFTP_SERVER" "$CASE/server"
    SFTP_SERVER=$CASE/server
fi

# Each operation is noticed where nothing confines it: it is no wonder then that nothing else is.
# It is a user's work, since root could do harm with it.
if [ "$(id -u)" = 0 ]; then
    ESCAPES_OWNER=$(id -u nobody)
    export ESCAPES_OWNER
fi
"$escapes" prepare "$ground"
(cd "$ground/root" && "$escapes" control "$ground" "${as_nobody[@]}" "$SFTP_SERVER")
"$escapes" prepare "$ground"
"$escapes" try "$ground" "${as_nobody[@]}" "$SFTP_SERVER" --root "$ground/root"
if [ "$(id -u)" = 0 ]; then
    unset ESCAPES_OWNER
    "$escapes" prepare "$ground"
    "$escapes" try "$ground" "$SFTP_SERVER" --root "$ground/root"
fi
"$escapes" prepare "$ground"
"$escapes" race 2 "$ground" "$SFTP_SERVER" --root "$ground/root"

make_keys
"$escapes" prepare "$ground"
"$HAWSER" serve --listen 127.0.0.1:0 --authorized-keys "$CASE/authorized_keys" \
    --host-key "$CASE/host_ed25519" --root "$ground/root" 2>"$CASE/serve.log" &
SERVER_PID=$!
started_pids+=("$SERVER_PID")
wait_until 20 grep -q '^Server listening on' "$CASE/serve.log"
PORT=$(sed -n 's/^Server listening on 127.0.0.1 port \([0-9]*\)\.$/\1/p' "$CASE/serve.log")
write_client_config
"$escapes" try "$ground" ssh -F "$SSH_CONFIG" -s server sftp

expect_failure "$SFTP_SERVER" --root "$CASE/nowhere"
expect_failure "$SFTP_SERVER" --root "$CASE" -d /
