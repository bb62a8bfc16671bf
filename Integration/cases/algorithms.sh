#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every algorithm works with OpenSSH, pinned on both ends: data goes both ways, and the keys change once.
# servers: openssh
# timeout: 600
. "$(dirname "$0")/../lib.sh"

make_file "$REMOTE/down" 3000001
make_file "$CASE/up" 3000002

# One session with the given sshd_config line and mount options, over a server of its own.
session() { # what sshd_config-lines mount-options...
    local what=$1 lines=$2
    shift 2
    rm -f "$REMOTE/up"
    mapfile -t lines <<<"$lines"
    start_server "${lines[@]}" 'RekeyLimit 2M'
    mount_remote "$REMOTE" "$MOUNT" "$@"
    expect_equal "$what, read" "$(sha256 "$REMOTE/down")" "$(sha256 "$MOUNT/down")"
    cp "$CASE/up" "$MOUNT/up"
    expect_equal "$what, written" "$(sha256 "$CASE/up")" "$(sha256 "$REMOTE/up")"
    unmount "$MOUNT"
    stop_server
    [ "$(grep -c 'SSH2_MSG_NEWKEYS received' "$CASE/sshd.log")" -ge 2 ] || fail "$what: no second key exchange"
    say "$what"
}

for cipher in aes128-gcm@openssh.com aes256-gcm@openssh.com chacha20-poly1305@openssh.com \
    aes128-ctr aes192-ctr aes256-ctr; do
    session $cipher "Ciphers $cipher" -o Ciphers=$cipher
done
for mac in hmac-sha2-256 hmac-sha2-512 hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com; do
    session $mac "MACs $mac"$'\n'"Ciphers aes128-ctr" -o MACs=$mac -o Ciphers=aes128-ctr
done
for kex in curve25519-sha256 curve25519-sha256@libssh.org \
    ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521; do
    session $kex "KexAlgorithms $kex" -o KexAlgorithms=$kex
done
for key in ssh-ed25519 ecdsa-sha2-nistp256 rsa-sha2-256 rsa-sha2-512; do
    session $key "HostKeyAlgorithms $key" -o HostKeyAlgorithms=$key
done
session zlib@openssh.com "Compression delayed" -o Compression=yes
session "no compression" "Compression no" -o Compression=no
