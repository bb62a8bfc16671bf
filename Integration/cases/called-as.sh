#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Called as sshfs, mount.hawser or mount.fuse.hawser it mounts with their command lines.
. "$(dirname "$0")/../lib.sh"

echo text >"$REMOTE/file"
start_server
mkdir "$CASE/bin"
for name in sshfs mount.hawser mount.fuse.hawser; do ln -s "$(readlink -f "$HAWSER")" "$CASE/bin/$name"; done
options=IdentityFile=$CASE/user_ed25519,UserKnownHostsFile=$CASE/known_hosts,StrictHostKeyChecking=yes
source="$(id -un)@127.0.0.1:$REMOTE"
started_mounts+=("$MOUNT")

check() { # type
    expect_equal "content" text "$(cat "$MOUNT/file")"
    expect_equal "source and type" "$source $1" "$(awk -v at="$MOUNT" '$2 == at { print $1, $3 }' /proc/self/mounts)"
    unmount "$MOUNT"
}

"$CASE/bin/sshfs" -p "$PORT" -o "$options" -o ServerAliveInterval=15 "$source" "$MOUNT"
check fuse.sshfs
"$CASE/bin/sshfs" "$source" "$MOUNT" -o "$options,port=$PORT" -C
check fuse.sshfs
# As mount(8) calls its helpers.
"$CASE/bin/mount.hawser" "$source" "$MOUNT" -o "rw,$options,port=$PORT,_netdev"
check fuse.hawser
"$CASE/bin/mount.fuse.hawser" "$source" "$MOUNT" -o "rw,$options,port=$PORT"
check fuse.hawser
"$HAWSER" mount -o "$options" -o port="$PORT" -o ro "$source" "$MOUNT"
expect_failure touch "$MOUNT/new"
grep -q 'Read-only' "$CASE/output" || fail "not read-only: $(cat "$CASE/output")"
check fuse.hawser
