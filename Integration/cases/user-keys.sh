#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The user's key comes from a file of each type, or from the agent.
. "$(dirname "$0")/../lib.sh"

start_server
for kind in ed25519 ecdsa:256 ecdsa:384 ecdsa:521 rsa:2048; do
    file=$CASE/key-${kind/:/-}
    ssh-keygen -q -t "${kind%:*}" -b "${kind#*:}" -N '' -C user -f "$file" 2>/dev/null \
        || ssh-keygen -q -t "$kind" -N '' -C user -f "$file"
    cp "$file.pub" "$CASE/authorized_keys"
    mount_remote "$REMOTE" "$MOUNT" -o IdentityFile="$file"
    unmount "$MOUNT"
    say "$kind"
done
sed -i '/IdentityFile/d; /IdentitiesOnly/d' "$SSH_CONFIG"
eval "$(ssh-agent -s)" >/dev/null
started_pids+=("$SSH_AGENT_PID")
for kind in ed25519 ecdsa-256 rsa-2048; do
    ssh-add -q -D
    # Keys that the server does not know are offered and passed over.
    ssh-add -q "$CASE/user_ed25519" "$CASE/key-$kind"
    cp "$CASE/key-$kind.pub" "$CASE/authorized_keys"
    mount_remote "$REMOTE" "$MOUNT"
    unmount "$MOUNT"
    say "$kind from the agent"
done
ssh-add -q -D
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" "server:$REMOTE" "$MOUNT" </dev/null
