#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With compression=auto a slow link carries less than the files where these can be compressed, and hardly more where they
# can't: bytes are counted on the wire. The server's direction changes by key exchanges.
# clients: hawser
# timeout: 300
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../far.sh"

start_link 20 40
start_far_server 'LogLevel DEBUG1' 'Compression delayed'

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
