# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What every case stands on: a private directory, private OpenSSH servers, mounts, waiting, cleaning up.
#
# A case begins with `. "$(dirname "$0")/../lib.sh"` and may be run alone. It is steered by
#   HAWSER         the hawser program                  (default: the release build)
#   MOUNT_COMMAND  what mounts                         (default: "$HAWSER mount"; sshfs does too)
#   SFTP_SERVER    what sshd runs as its subsystem     (default: OpenSSH's sftp-server)
#   MOUNT_OPTIONS  options for every mount            (default: none)
#   KEEP=1         keeps the private directory and says where it is
# Exit status: 0 passed, 77 skipped, anything else failed.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
HAWSER=${HAWSER:-$ROOT/.build/release/hawser}
HAWSER_SFTP_SERVER=${HAWSER_SFTP_SERVER:-$ROOT/.build/release/hawser-sftp-server}
MOUNT_COMMAND=${MOUNT_COMMAND:-$HAWSER mount}
SFTP_SERVER=${SFTP_SERVER:-/usr/lib/openssh/sftp-server}
case $MOUNT_COMMAND in
sshfs*) CLIENT=sshfs ;;
*) CLIENT=hawser ;;
esac
read -ra mount_command <<<"$MOUNT_COMMAND"
PATH=$PATH:/usr/sbin:/sbin

# The private directory: everything that a case makes lies in it.
CASE=$(mktemp -d "${TMPDIR:-/tmp}/hawser.XXXXXX")
REMOTE=$CASE/remote
MOUNT=$CASE/mnt
SSH_CONFIG=$CASE/ssh_config
HOME=$CASE/home
mkdir -p "$REMOTE" "$MOUNT" "$HOME/.ssh"
chmod 700 "$HOME" "$HOME/.ssh"
export HOME LC_ALL=C.UTF-8 GIT_CONFIG_NOSYSTEM=1
unset SSH_AUTH_SOCK SSH_ASKPASS DISPLAY
cd "$CASE"

started_pids=()
started_mounts=()

say() { printf '%s\n' "$*"; }

# Ends the case as failed.
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# Ends the case as skipped.
skip() {
    printf 'SKIPPED: %s\n' "$*"
    exit 77
}

expect_equal() { # what expected found
    [ "$2" = "$3" ] || fail "$1: expected '$2', found '$3'"
}

# Runs a command that has to fail; what it writes goes to $CASE/output.
expect_failure() {
    if "$@" >"$CASE/output" 2>&1; then
        fail "succeeded, but should not have: $*"
    fi
}

# Polls a command until it succeeds. The limit only bounds a failure: nothing depends on speed.
wait_until() { # seconds command...
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "waited too long for: $*"
        sleep 0.05
    done
}

alive() { kill -0 "$1" 2>/dev/null && [ "$(process_state "$1")" != Z ]; }
gone() { ! alive "$1"; }
process_state() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 1; }
is_mounted() { grep -qF " $(realpath -ms "$1") fuse" /proc/self/mounts; }
is_unmounted() { ! is_mounted "$1"; }

# All descendants of a process, one pid a line.
descendants() {
    local child
    # shellcheck disable=SC2013
    for child in $(cat "/proc/$1/task"/*/children 2>/dev/null); do
        echo "$child"
        descendants "$child"
    done
}

no_sessions() { [ -z "$(descendants "$SERVER_PID")" ]; }

# The pids of the SFTP servers that our sshd runs.
sftp_server_pids() {
    local pid
    for pid in $(descendants "$SERVER_PID"); do
        [ "$(readlink "/proc/$pid/exe")" != "$(readlink -f "$SFTP_SERVER")" ] || echo "$pid"
    done
}

# The pid of the program that serves a mount.
mount_pid() { # mountpoint
    local process program
    program=$(readlink -f "$HAWSER")
    for process in /proc/[0-9]*; do
        if [ "$(readlink "$process/exe")" = "$program" ] \
            && tr '\0' '\n' <"$process/cmdline" 2>/dev/null | grep -qxF "$1"; then
            basename "$process"
            return
        fi
    done
    fail "no process serves $1"
}

# Runs a command so that Ctrl-C reaches it: a shell's background jobs ignore SIGINT otherwise.
interruptible() {
    exec python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}

milliseconds() { date +%s%3N; }

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Keys for one host and one user, made once for each case.
make_keys() {
    [ ! -e "$CASE/user_ed25519" ] || return 0
    local kind bits
    for kind in ed25519 ecdsa rsa; do
        bits=()
        if [ $kind = rsa ]; then bits=(-b 2048); fi
        ssh-keygen -q -t $kind "${bits[@]}" -N '' -C host -f "$CASE/host_$kind"
    done
    ssh-keygen -q -t ed25519 -N '' -C user -f "$CASE/user_ed25519"
    cat "$CASE"/user_*.pub >"$CASE/authorized_keys"
}

# Starts an OpenSSH server of our own on the loopback; arguments are further sshd_config lines.
# $sshd_program may name another path to sshd: by its last part it goes to PAM.
# Sets SERVER_PID and PORT, and writes $SSH_CONFIG with a host "server" that reaches it.
# shellcheck disable=SC2120
start_server() { # [line...]
    local attempt kind
    make_keys
    if [ "$(id -u)" = 0 ]; then mkdir -p /run/sshd; fi
    for attempt in 1 2 3 4 5; do
        PORT=$(free_port)
        {
            printf '%s\n' "$@"
            for kind in ed25519 ecdsa rsa; do echo "HostKey $CASE/host_$kind"; done
            cat <<END
Port $PORT
ListenAddress 127.0.0.1
PidFile none
AuthorizedKeysFile $CASE/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
LogLevel DEBUG1
PrintMotd no
Subsystem sftp $SFTP_SERVER ${SFTP_SERVER_FLAGS:-}
END
        } >"$CASE/sshd_config"
        rm -f "$CASE/sshd.log"
        "${sshd_program:-$(command -v sshd)}" -D -e -f "$CASE/sshd_config" >"$CASE/sshd.log" 2>&1 &
        SERVER_PID=$!
        if wait_for_server; then
            started_pids+=("$SERVER_PID")
            write_client_config
            return 0
        fi
        wait "$SERVER_PID" || say "sshd did not start, attempt $attempt: $(tail -n 1 "$CASE/sshd.log")"
    done
    fail "sshd does not start"
}

wait_for_server() {
    local deadline=$((SECONDS + 30))
    until grep -qs '^Server listening on' "$CASE/sshd.log"; do
        alive "$SERVER_PID" || return 1
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.02
    done
}

write_client_config() {
    local kind
    for kind in ed25519 ecdsa rsa; do
        echo "[127.0.0.1]:$PORT $(cut -d ' ' -f 1-2 "$CASE/host_$kind.pub")"
    done >"$CASE/known_hosts"
    cat >"$SSH_CONFIG" <<END
Host server
    HostName 127.0.0.1
    Port $PORT
    User $(id -un)
    IdentityFile $CASE/user_ed25519
    IdentitiesOnly yes
    UserKnownHostsFile $CASE/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
END
}

# Ends our sshd and the sessions below it.
stop_server() {
    signal_tree "$SERVER_PID" CONT
    signal_tree "$SERVER_PID" TERM
    wait "$SERVER_PID" 2>/dev/null || true
}

# Sends a signal to a process and all its descendants.
signal_tree() { # pid signal
    local pid
    for pid in "$1" $(descendants "$1"); do kill -"$2" "$pid" 2>/dev/null || true; done
}

# Puts a relay between what is mounted from now on and our sshd: the port of "server" is its own then.
start_relay() {
    RELAY_PORT=$(free_port)
    "$ROOT/Integration/relay.py" "$RELAY_PORT" "$PORT" "$CASE/relay" &
    started_pids+=($!)
    wait_until 20 test -S "$CASE/relay"
    sed -i "s/^    Port .*/    Port $RELAY_PORT/" "$SSH_CONFIG"
    sed "s/^\\[127.0.0.1\\]:$PORT /[127.0.0.1]:$RELAY_PORT /" "$CASE/known_hosts" >"$CASE/known_hosts.relay"
    cat "$CASE/known_hosts.relay" >>"$CASE/known_hosts"
}

# Commands the relay; its words are in Integration/relay.py.
relay() { "$ROOT/Integration/relay.py" --tell "$CASE/relay" "$@" >/dev/null; }
relayed_bytes() { "$ROOT/Integration/relay.py" --tell "$CASE/relay" bytes; }

# Breaks the connection in four ways while a process works, each after so many bytes have gone over it: the relay stops
# there by itself, however fast the bytes go. Sets $worker.
break_meanwhile() { # pid bytes
    worker=$1
    freeze_after "$2"
    relay reset
    relay thaw
    say "reset"
    freeze_after "$2"
    relay stop
    relay thaw
    sleep 2
    relay start
    say "refused for 2 s"
    freeze_after "$2"
    sleep 17
    relay thaw
    say "silent for 17 s"
    freeze_after "$2"
    restart_server
    relay thaw
    say "server killed and started again"
}

# Waits until the relay has frozen, which it does once it has passed so many bytes on for a process that works.
freeze_after() { # bytes
    relay freeze-after "$1"
    while [ "$("$ROOT/Integration/relay.py" --tell "$CASE/relay" frozen)" = 0 ]; do
        alive "$worker" || fail "the work was done before everything had been broken"
        sleep 0.05
    done
}

# Waits until the relay has passed so many bytes on, for a process that works.
after_bytes() { # bytes
    local goal=$(($(relayed_bytes) + $1))
    while [ "$(relayed_bytes)" -lt "$goal" ]; do
        alive "$worker" || fail "the work was done before everything had been broken"
        sleep 0.02
    done
}

# Kills our sshd with its sessions, and starts it again.
restart_server() {
    signal_tree "$SERVER_PID" KILL
    wait "$SERVER_PID" 2>/dev/null || true
    sleep 1
    : >"$CASE/sshd.log"
    "${sshd_program:-$(command -v sshd)}" -D -e -f "$CASE/sshd_config" >"$CASE/sshd.log" 2>&1 &
    SERVER_PID=$!
    started_pids+=("$SERVER_PID")
    wait_for_server || fail "sshd does not start again"
}

# Mounts server:DIRECTORY; further arguments go to the mount command.
mount_remote() { # directory mountpoint [argument...]
    local directory=$1 mountpoint=$2
    shift 2
    started_mounts+=("$mountpoint")
    "${mount_command[@]}" -F "$SSH_CONFIG" ${MOUNT_OPTIONS:+-o "$MOUNT_OPTIONS"} "$@" "server:$directory" "$mountpoint"
    is_mounted "$mountpoint" || fail "no mount at $mountpoint, though the command succeeded"
}

# Starts a server and mounts $REMOTE at $MOUNT: what most cases need.
start_and_mount() { # [argument...]
    start_server
    mount_remote "$REMOTE" "$MOUNT" "$@"
}

unmount() { # mountpoint
    if [ "$CLIENT" = sshfs ]; then fusermount3 -u "$1"; else "$HAWSER" unmount "$1"; fi
    wait_until 20 is_unmounted "$1"
}

# Mounts anew, so that nothing comes from the client's caches.
remount() {
    unmount "$MOUNT"
    mount_remote "$REMOTE" "$MOUNT" "$@"
}

sha256() { sha256sum <"$1" | cut -d ' ' -f 1; }

. "$ROOT/Integration/trees.sh"

clean_up() {
    local status=$? mountpoint pid deadline
    trap - EXIT
    set +e
    cd /
    if [ $status != 0 ] && [ $status != 77 ] && [ -e "$CASE/sshd.log" ]; then
        say "--- the end of sshd's log:"
        grep -v '^debug1' "$CASE/sshd.log" | tail -n 15
    fi
    for pid in "${started_pids[@]}"; do
        signal_tree "$pid" CONT
    done
    for mountpoint in "${started_mounts[@]}"; do
        if is_mounted "$mountpoint"; then fusermount3 -uz "$mountpoint"; fi
    done
    for pid in "${started_pids[@]}"; do
        signal_tree "$pid" TERM
        deadline=$((SECONDS + 5))
        while alive "$pid" && [ $SECONDS -lt $deadline ]; do sleep 0.05; done
        kill -KILL "$pid" 2>/dev/null
    done
    if [ -n "${KEEP:-}" ]; then
        say "kept: $CASE"
    else
        rm -rf --one-file-system "$CASE"
    fi
    exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
