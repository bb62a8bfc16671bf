#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Servers and configurations that would only fit a terminal: a banner that comes late, commands and
# terminals asked for in the Host block, programs that print into the stream.
. "$(dirname "$0")/../lib.sh"

printf 'Welcome to \033[1mthe machine.\n' >"$CASE/banner"
start_server "Banner $CASE/banner"
cat >>"$SSH_CONFIG" <<END
    RemoteCommand tmux attach
    RequestTTY force
    SessionType none
    PermitLocalCommand yes
    LocalCommand touch $CASE/local-command
END
# Whoever answers may take five seconds for the first word.
cat >"$CASE/slow" <<'END'
#!/usr/bin/env python3
import os, socket, sys, time
to = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
child = os.fork()
source, sink = (to.fileno(), 1) if child else (0, to.fileno())
first = bool(child)
while data := os.read(source, 65536):
    if first:
        time.sleep(5)
    first = False
    while data:
        data = data[os.write(sink, data):]
if child:
    os.kill(child, 15)
END
chmod +x "$CASE/slow"
mount_remote "$REMOTE" "$MOUNT" -o ProxyCommand="$CASE/slow %p" 2>"$CASE/said"
grep -qF 'Welcome to \u{1B}[1mthe machine.' "$CASE/said" || fail "the banner is not shown, or harmful: $(cat "$CASE/said")"
touch "$MOUNT/file"
[ -e "$REMOTE/file" ] || fail "no file"
unmount "$MOUNT"
[ ! -e "$CASE/local-command" ] || fail "LocalCommand was run"

for command in 'echo Only backups here.' 'printf "Only backups\033[2J here.\r\n"'; do
    stop_server
    start_server "ForceCommand $command"
    expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" "server:$REMOTE" "$MOUNT"
    grep -q "Only backups.* here\." "$CASE/output" || fail "what the server printed is not shown: $(cat "$CASE/output")"
    ! grep -q $'\033' "$CASE/output" || fail "terminal escapes were passed on"
done
# As a file of commands for each login does that prints something, before the program that was asked for.
stop_server
start_server "ForceCommand echo 'Backups ran at noon.'; exec $SFTP_SERVER"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" "server:$REMOTE" "$MOUNT"
grep -qF "Backups ran at noon." "$CASE/output" || fail "what was printed first is not shown: $(cat "$CASE/output")"
stop_server
start_server 'ForceCommand exit 3'
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" "server:$REMOTE" "$MOUNT"
grep -q 'subsystem "sftp" ended with exit status 3' "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
# What a command writes to its standard error is shown.
stop_server
start_server
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o sftp_server='/no/such/server' "server:$REMOTE" "$MOUNT"
grep -q 'remote: .*/no/such/server' "$CASE/output" || fail "what the shell wrote is not shown: $(cat "$CASE/output")"
grep -q 'the command ended with exit status 127' "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
