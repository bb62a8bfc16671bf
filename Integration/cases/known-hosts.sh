#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The host's key is found in known_hosts: hashed, of any type, among others; and learned when told so.
. "$(dirname "$0")/../lib.sh"

start_server
works() { # what [option...]
    local what=$1
    shift
    mount_remote "$REMOTE" "$MOUNT" "$@"
    unmount "$MOUNT"
    say "$what"
}
works "plain"
ssh-keygen -q -H -f "$CASE/known_hosts" 2>"$CASE/output"
grep -q '^|1|' "$CASE/known_hosts" || fail "not hashed"
works "hashed"
for kind in ed25519 ecdsa rsa; do
    {
        echo "# a comment"
        echo "other.example,10.0.0.1 $(cut -d ' ' -f 1-2 "$CASE/user_ed25519.pub")"
        echo "[127.0.0.1]:$PORT $(cut -d ' ' -f 1-2 "$CASE/host_$kind.pub") with a comment"
    } >"$CASE/known_hosts"
    works "only $kind known"
done
: >"$CASE/known_hosts"
works "learned" -o StrictHostKeyChecking=accept-new
[ -s "$CASE/known_hosts" ] || fail "nothing learned"
ssh-keygen -F "[127.0.0.1]:$PORT" -f "$CASE/known_hosts" >/dev/null || fail "OpenSSH does not find what we wrote"
works "known from then on" -o StrictHostKeyChecking=yes
# Large and broken files neither hide the key nor fill the memory.
{
    head -c 100000 /dev/urandom
    echo
    yes "other.example $(cut -d ' ' -f 1-2 "$CASE/host_ed25519.pub")" | head -n 1000000 || true
} >"$CASE/large"
cat "$CASE/known_hosts" >>"$CASE/large"
mount_remote "$REMOTE" "$MOUNT" -o UserKnownHostsFile="$CASE/large"
peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$(mount_pid "$MOUNT")/status")
[ "$peak" -lt 65536 ] || fail "took $peak KiB with a file of a million lines"
unmount "$MOUNT"
say "known among a million lines, with $peak KiB"
# A revoked key is refused, whatever else stands there.
echo "@revoked * $(cut -d ' ' -f 1-2 "$CASE/host_ed25519.pub")" >>"$CASE/known_hosts"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o HostKeyAlgorithms=ssh-ed25519 "server:$REMOTE" "$MOUNT"
is_unmounted "$MOUNT" || fail "mounted with a revoked key"
