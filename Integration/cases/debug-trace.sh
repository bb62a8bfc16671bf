#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With -d the mount stays in the foreground and tells of each request, its outcome and time, and of no content.
. "$(dirname "$0")/../lib.sh"

start_server
echo 'what nobody may see' >"$REMOTE/file"
for flag in -d -odebug; do
    started_mounts+=("$MOUNT")
    "${mount_command[@]}" -F "$SSH_CONFIG" $flag "server:$REMOTE" "$MOUNT" >"$CASE/trace" 2>&1 &
    mounting=$!
    started_pids+=("$mounting")
    wait_until 20 is_mounted "$MOUNT"
    cat "$MOUNT/file" >/dev/null
    expect_failure cat "$MOUNT/missing"
    alive $mounting || fail "it does not stay in the foreground"
    unmount "$MOUNT"
    wait $mounting || fail "the exit status is $?"
    for line in 'lookup "file" in 1: node [0-9]+, mode 100644, 20 bytes' 'open [0-9]+: read: handle [0-9]+' \
        'read [0-9]+ bytes at 0 of handle [0-9]+: 20 bytes' 'lookup "missing" in 1: absent'; do
        grep -qE "^hawser: $line, [0-9]+\.[0-9]{3} ms$" "$CASE/trace" || fail "no line '$line': $(cat "$CASE/trace")"
    done
    ! grep -q 'nobody may see' "$CASE/trace" || fail "the content is told"
done
