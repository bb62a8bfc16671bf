#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The template unit for users is one that systemd understands, and its commands mount and unmount.
# servers: openssh
. "$(dirname "$0")/../lib.sh"

command -v systemd-analyze >/dev/null || skip "there is no systemd-analyze"
unit=$ROOT/systemd/hawser@.service
sed "s|/usr/bin/hawser|$HAWSER|g" "$unit" >"$CASE/hawser@.service"
XDG_RUNTIME_DIR=$CASE systemd-analyze verify --user --man=no "$CASE/hawser@.service" >"$CASE/output" 2>&1 \
    || fail "systemd-analyze: $(cat "$CASE/output")"
[ ! -s "$CASE/output" ] || fail "systemd-analyze: $(cat "$CASE/output")"

# What systemd would run for hawser@server, with a file that says more.
start_server
options=HostName=127.0.0.1,port=$PORT,UserKnownHostsFile=$CASE/known_hosts,IdentityFile=$CASE/user_ed25519
declare -A value=([DIRECTORY]=$REMOTE [MOUNT_POINT]=$HOME/server [OPTIONS]="ro,$options")
run() { # setting
    local line name may_fail
    line=$(sed -n "s/^$1=//p" "$CASE/hawser@.service" | sed -n "${2:-1}p")
    [ -n "$line" ] || fail "there is no $1"
    may_fail=${line:0:1}
    line=${line#-}
    line=${line//%i/server}
    for name in "${!value[@]}"; do line=${line//\$\{$name\}/${value[$name]}}; done
    [[ $line != *[%$]* ]] || fail "not understood: $line"
    # shellcheck disable=SC2086
    env -i HOME="$HOME" PATH="$PATH" setsid -w $line </dev/null || [ "$may_fail" = - ]
}
started_mounts+=("$HOME/server")
run ExecStartPre
run ExecStart
is_mounted "$HOME/server" || fail "not mounted"
expect_failure touch "$HOME/server/new"
run ExecStop
is_unmounted "$HOME/server" || fail "ExecStop does not unmount"
run ExecStop 2

# It waits for what has been written, and a directory in use is detached afterwards.
value[OPTIONS]="rw,$options"
run ExecStart
exec 7>"$HOME/server/written"
echo text >&7
line=$(sed -n 's/^ExecStop=-//p' "$CASE/hawser@.service" | head -n 1)
[[ $line = *" --timeout 60 "* && $line != *--lazy* ]] || fail "ExecStop waits for nothing: $line"
run ExecStop 2
is_unmounted "$HOME/server" || fail "ExecStop does not detach"
exec 7>&-
wait_until 20 grep -qs text "$REMOTE/written"

# After the process was killed, starting anew mounts again.
run ExecStart
kill -9 "$(mount_pid "$HOME/server")"
run ExecStartPre
run ExecStart
is_mounted "$HOME/server" || fail "not mounted again after the process was killed"

# A start that fails leaves alone what is mounted there: no command follows it.
value[OPTIONS]=no_such_option
expect_failure run ExecStart
if grep '^ExecStopPost=' "$CASE/hawser@.service"; then fail "a command also runs after a failed start"; fi
is_mounted "$HOME/server" || fail "a failed start has ended another mount"
run ExecStop
is_unmounted "$HOME/server" || fail "ExecStop does not unmount at last"
