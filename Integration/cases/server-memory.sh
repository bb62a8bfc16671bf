#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# servers: hawser
# The server stays small: under 8 MiB resident when idle, also after it has carried 200 megabytes.
. "$(dirname "$0")/../lib.sh"

make_file "$REMOTE/file" 100000000
start_server
mkfifo "$CASE/commands"
sftp -q -F "$SSH_CONFIG" "server:$REMOTE" <"$CASE/commands" >"$CASE/output" 2>&1 &
client=$!
started_pids+=("$client")
exec 3>"$CASE/commands"
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
echo pwd >&3
wait_until 20 grep -q 'working directory' "$CASE/output"
server=$(sftp_server_pids)
idle=$(resident "$server")
[ "$idle" -lt 8192 ] || fail "idle with $idle KiB"
echo "get file $CASE/got" >&3
echo "!touch $CASE/done" >&3
wait_until 120 test -e "$CASE/done"
echo "put $CASE/got again" >&3
echo "!touch $CASE/done-again" >&3
wait_until 120 test -e "$CASE/done-again"
after=$(resident "$server")
[ "$after" -lt 24576 ] || fail "$after KiB after the transfer"
has_shrunk() { [ "$(resident "$server")" -lt 8192 ]; }
wait_until 30 has_shrunk
say "idle $idle KiB, after 200 MB $after KiB, then $(resident "$server") KiB"
exec 3>&-
wait_until 20 gone "$client"
wait_until 20 gone "$server"
cmp "$REMOTE/file" "$REMOTE/again"
