#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A connection that is reset, ended or refused for a while: the mount goes on, and no program notices.
# clients: hawser
. "$(dirname "$0")/../lib.sh"

make_tree "$REMOTE/tree"
# Nobody answers there before there is a connection: it must not be looked for when one is made.
export SSH_AUTH_SOCK="$MOUNT/agent"
start_server
start_relay
mount_remote "$REMOTE" "$MOUNT" -o dcache_timeout=0,attr_timeout=0,entry_timeout=0
ls "$MOUNT/tree" >/dev/null
for how in reset end; do
    relay $how
    expect_equal "the file after $how" "$(sha256 "$REMOTE/tree/folder/file-1048577")" \
        "$(sha256 "$MOUNT/tree/folder/file-1048577")"
done
# Refused for a while: what is asked meanwhile waits.
relay stop
ls -l "$MOUNT/tree/folder" >"$CASE/listing" &
listing=$!
stat "$MOUNT/tree/folder/deep" >/dev/null &
looking=$!
sleep 1
alive $listing || fail "ls did not wait: $(cat "$CASE/listing")"
relay start
wait $listing || fail "ls failed"
wait $looking || fail "stat failed"
expect_equal "entries" "$(ls "$REMOTE/tree/folder")" "$(ls "$MOUNT/tree/folder")"
relay reset
expect_same_tree "$REMOTE/tree" "$MOUNT/tree"
unmount "$MOUNT"
