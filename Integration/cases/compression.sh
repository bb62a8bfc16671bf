#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With compression=auto a slow link carries less than the files where these can be compressed, and hardly more where they
# can't: bytes are counted on the wire. The server's direction changes by key exchanges.
# clients: hawser
# timeout: 300
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || skip "needs root"
[ -e /dev/net/tun ] || skip "no /dev/net/tun"
command -v gcc >/dev/null || skip "no gcc"

"$ROOT/Integration/link" 20 40 >"$CASE/paths" &
started_pids+=($!)
is_up() { [ "$(wc -l <"$CASE/paths")" = 2 ]; }
wait_until 30 is_up
{ read -r near && read -r far; } <"$CASE/paths"

make_keys
mkdir -p /run/sshd
printf '%s\n' 'Port 2222' 'ListenAddress 198.18.0.2' 'PidFile none' 'StrictModes no' 'UsePAM no' 'LogLevel DEBUG1' \
    'PermitRootLogin yes' "HostKey $CASE/host_ed25519" "AuthorizedKeysFile $CASE/authorized_keys" 'Compression delayed' \
    "Subsystem sftp $SFTP_SERVER" >"$CASE/sshd_config"
nsenter --net="$far" "$(command -v sshd)" -D -e -f "$CASE/sshd_config" >"$CASE/sshd.log" 2>&1 &
SERVER_PID=$!
started_pids+=("$SERVER_PID")
wait_for_server || fail "sshd does not start: $(cat "$CASE/sshd.log")"
PORT=2222
write_client_config
sed -i 's/127\.0\.0\.1/198.18.0.2/' "$SSH_CONFIG" "$CASE/known_hosts"

near() { nsenter --net="$near" "$@"; }
mount_far() { near "${mount_command[@]}" -F "$SSH_CONFIG" -o "$1" "server:$REMOTE" "$MOUNT"; }
# The bytes that the near end has received and sent, over the link alone: it has no other.
# shellcheck disable=SC2016
received() { near awk 'sub(/.*:/, "") { sum += $1 } END { print sum }' /proc/net/dev; }
# shellcheck disable=SC2016
sent() { near awk 'sub(/.*:/, "") { sum += $9 } END { print sum }' /proc/net/dev; }
# Demands that a command has moved fewer bytes than a number of percents of a file's size, and more than another one. What
# TCP sends twice is among them, on a busy machine a fifth of all: what can't be compressed has room for that.
expect_moved() { # received|sent least most size command...
    local counter=$1 least=$2 most=$3 size=$4 before share
    shift 4
    before=$("$counter")
    "$@" || fail "failed: $*"
    share=$((($("$counter") - before) * 100 / size))
    echo "$*: $counter $share %"
    { [ "$share" -ge "$least" ] && [ "$share" -le "$most" ]; } || fail "$*: $counter $share % of $size bytes, not $least to $most"
}
copy_in() { cp "$CASE/$1" "$MOUNT/$1" && cmp "$CASE/$1" "$REMOTE/$1"; }
copy_out() { cmp "$CASE/$1" "$MOUNT/$2"; }

size=$((12 << 20))
make_file "$CASE/noise" $size
seq 100000000 101400000 >"$CASE/text"
truncate -s $size "$CASE/text"
# Files that nobody has read through the mount.
for name in first second fourth; do cp "$CASE/text" "$REMOTE/$name"; done
cp "$CASE/noise" "$REMOTE/third"

mount_far compression=auto
started_mounts+=("$MOUNT")
expect_moved sent 1 50 $size copy_in text
expect_moved sent 90 130 $size copy_in noise
# The level follows the data in the middle of the stream.
cat "$CASE/noise" "$CASE/text" >"$CASE/both"
expect_moved sent 40 80 $((2 * size)) copy_in both

compresses() { grep -q 'kex: server->client .*compression: zlib@openssh.com' "$CASE/sshd.log"; }
compresses && fail "the server compresses before anything is known"
expect_moved received 5 130 $size copy_out text first
compresses || fail "the server does not compress what shrinks"
expect_moved received 1 50 $size copy_out text second
expect_moved received 90 130 $size copy_out noise third
fusermount3 -u "$MOUNT"
wait_until 20 no_sessions

# What ssh_config says stays as it is.
mount_far compression=auto,Compression=no
expect_moved sent 95 130 $size copy_in text
expect_moved received 95 130 $size copy_out text fourth
fusermount3 -u "$MOUNT"
wait_until 20 no_sessions

copy() { near "$HAWSER" cp -q -F "$SSH_CONFIG" -o Compression=auto "$CASE/$1" "server:$REMOTE/copied" && cmp "$CASE/$1" "$REMOTE/copied"; }
expect_moved sent 1 50 $size copy text
expect_moved sent 90 130 $size copy noise
