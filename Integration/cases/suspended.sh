#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The client is frozen for a while, as by a suspend, in the middle of reading and writing: with the connection still there
# when it goes on, and with one that has ended meanwhile.
# clients: hawser
# tier: drops
. "$(dirname "$0")/../lib.sh"

make_file "$CASE/data" 60000000
ln "$CASE/data" "$REMOTE/data"
start_server
start_relay
for meanwhile in nothing reset; do
    mount_remote "$REMOTE" "$MOUNT"
    client=$(mount_pid "$MOUNT")
    sha256sum <"$MOUNT/data" >"$CASE/sum" &
    reading=$!
    dd if="$CASE/data" of="$MOUNT/written" bs=1M conv=fsync status=none &
    writing=$!
    worker=$writing
    after_bytes 10000000
    kill -STOP "$client"
    [ $meanwhile = nothing ] || relay $meanwhile
    sleep 6
    kill -CONT "$client"
    wait $reading || fail "reading failed"
    wait $writing || fail "writing failed"
    expect_equal "what was read" "$(sha256 "$CASE/data")" "$(cut -d ' ' -f 1 "$CASE/sum")"
    cmp "$CASE/data" "$REMOTE/written"
    say "stopped for 6 s, with $meanwhile meanwhile: both are right"
    rm "$MOUNT/written"
    unmount "$MOUNT"
done
