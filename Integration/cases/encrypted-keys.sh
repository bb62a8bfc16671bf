#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A key with a passphrase: a program asks for it, the agent gets the key, and from then on nobody is asked.
. "$(dirname "$0")/../lib.sh"

start_server
ssh-keygen -q -t ed25519 -N 'two words' -C user -f "$CASE/locked"
cp "$CASE/locked.pub" "$CASE/authorized_keys"
sed -i '/IdentityFile/d; /IdentitiesOnly/d' "$SSH_CONFIG"
cat >"$CASE/askpass" <<END
#!/bin/sh
echo "\$1" >>"$CASE/asked"
echo 'two words'
END
chmod +x "$CASE/askpass"
eval "$(ssh-agent -s)" >/dev/null
started_pids+=("$SSH_AGENT_PID")
export SSH_ASKPASS="$CASE/askpass" SSH_ASKPASS_REQUIRE=force

mount_remote "$REMOTE" "$MOUNT" -i "$CASE/locked" -o AddKeysToAgent=yes </dev/null
unmount "$MOUNT"
expect_equal "question" "Enter passphrase for key '$CASE/locked': " "$(cat "$CASE/asked")"
ssh-add -l | grep -q ' user (ED25519)' || fail "the agent has no key"

rm "$CASE/asked"
mount_remote "$REMOTE" "$MOUNT" -i "$CASE/locked" </dev/null
unmount "$MOUNT"
[ ! -e "$CASE/asked" ] || fail "asked again: $(cat "$CASE/asked")"

ssh-add -q -D
# Not where nobody must be asked, and not for a key that the server does not want.
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -i "$CASE/locked" -o BatchMode=yes "server:$REMOTE" "$MOUNT" </dev/null
cp "$CASE/user_ed25519.pub" "$CASE/authorized_keys"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -i "$CASE/locked" "server:$REMOTE" "$MOUNT" </dev/null
[ ! -e "$CASE/asked" ] || fail "asked: $(cat "$CASE/asked")"
