#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser sshfs
# tier: full
# timeout: 1200
# A file of 2 GiB is written and read back with an equal checksum while the keys change under way.
. "$(dirname "$0")/../lib.sh"

start_server 'RekeyLimit 256M' 'Ciphers aes128-gcm@openssh.com'
mount_remote "$REMOTE" "$MOUNT" -o Ciphers=aes128-gcm@openssh.com -o RekeyLimit=256M
make_file "$CASE/original" $((2 << 30))
dd if="$CASE/original" of="$MOUNT/big" bs=1M conv=fsync status=none
cmp "$CASE/original" "$REMOTE/big"
remount -o Ciphers=aes128-gcm@openssh.com -o RekeyLimit=256M
expect_equal "checksum" "$(sha256 "$CASE/original")" "$(sha256 "$MOUNT/big")"
unmount "$MOUNT"
rekeys=$(grep -c 'SSH2_MSG_NEWKEYS received' "$CASE/sshd.log")
# Two sessions begin with one key exchange each.
[ "$rekeys" -ge 6 ] || fail "only $rekeys key exchanges"
