#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# -v says what happens while connecting, more with each; nothing secret, and nothing without it.
. "$(dirname "$0")/../lib.sh"

start_server
# This server may be too old for a post-quantum key exchange, which would be told.
echo '    WarnWeakCrypto no' >>"$SSH_CONFIG"
mount_remote "$REMOTE" "$MOUNT" 2>"$CASE/quiet"
unmount "$MOUNT"
expect_equal "said without -v" "" "$(cat "$CASE/quiet")"
for level in v vv vvv; do
    mount_remote "$REMOTE" "$MOUNT" -$level 2>"$CASE/$level"
    unmount "$MOUNT"
    for pattern in "Connecting to 127.0.0.1 .*port $PORT" "Remote software" "kex: algorithm" "Server host key: ED25519 SHA256:" \
        "Authentications that can continue: publickey" "Offering public key: $CASE/user_ed25519 ED25519 SHA256:" \
        'Authenticated .*"publickey"'; do
        grep -qE "debug1: $pattern" "$CASE/$level" || fail "-$level does not say $pattern: $(cat "$CASE/$level")"
    done
done
[ "$(wc -l <"$CASE/vv")" -gt "$(wc -l <"$CASE/v")" ] || fail "-vv says no more than -v"

# A password goes nowhere.
secret=do-not-tell-$RANDOM$RANDOM
stop_server
start_server 'PasswordAuthentication yes' 'PubkeyAuthentication no'
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -vvv -o password_stdin "server:$REMOTE" "$MOUNT" <<<"$secret"
grep -q "password: refused" "$CASE/output" || fail "no password was sent: $(cat "$CASE/output")"
! grep -q "$secret" "$CASE/output" || fail "the password was told"
