#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The server's disk has a bad block, a user's quota is used up, a permission is taken away midway: the program gets the
# errno that is true, at the call that it belongs to, and nothing is cut short in silence.
# clients: hawser
. "$(dirname "$0")/../lib.sh"

make_file "$REMOTE/file" 1000000
limit=262144
start_server "Subsystem faulty $ROOT/Integration/faulty-server.py $limit $SFTP_SERVER" \
    "Subsystem quota $(command -v strace) -f -qq -o $CASE/trace -P $REMOTE/quota -e trace=write,pwrite64 -e inject=write,pwrite64:error=EDQUOT:when=3+ $SFTP_SERVER"
mount_remote "$REMOTE" "$MOUNT" -o sftp_server=faulty
expect_equal "what comes before the bad block" "$(head -c $limit "$REMOTE/file" | sha256sum)" \
    "$(head -c $limit "$MOUNT/file" | sha256sum)"
expect_failure cp "$MOUNT/file" "$CASE/copy"
grep -q 'Input/output error' "$CASE/output" || fail "cp says: $(cat "$CASE/output")"
[ "$(stat -c %s "$CASE/copy")" -le $limit ] || fail "cp got $(stat -c %s "$CASE/copy") bytes"
expect_failure dd if="$MOUNT/file" of=/dev/null bs=4096 skip=$((limit / 4096)) count=1
grep -q 'Input/output error' "$CASE/output" || fail "dd says: $(cat "$CASE/output")"
say "bad block: EIO at 256 KiB, cp fails"
unmount "$MOUNT"

touch "$REMOTE/quota"
mount_remote "$REMOTE" "$MOUNT" -o sftp_server=quota
expect_failure dd if="$REMOTE/file" of="$MOUNT/quota" bs=16k conv=notrunc,fsync
# OpenSSH's server tells only that it failed.
wanted='Disk quota exceeded'
[ "$(basename "$SFTP_SERVER")" = hawser-sftp-server ] || wanted='Input/output error'
grep -q "$wanted" "$CASE/output" || fail "dd says: $(cat "$CASE/output")"
expect_failure cp "$REMOTE/file" "$MOUNT/quota"
grep -q "$wanted" "$CASE/output" || fail "cp says: $(cat "$CASE/output")"
say "quota: $wanted"
unmount "$MOUNT"

[ "$(id -u)" = 0 ] || skip "only root can have somebody else's permission taken away"
mkdir "$REMOTE/folder"
cp "$REMOTE/file" "$REMOTE/folder/file"
chown -R nobody "$REMOTE"
cp -L "$SFTP_SERVER" "$CASE/sftp-server"
chmod 755 "$CASE"
stop_server
start_server "Subsystem nobody $(command -v setpriv) --reuid=nobody --regid=nogroup --clear-groups $CASE/sftp-server"
mount_remote "$REMOTE" "$MOUNT" -o sftp_server=nobody,dcache_timeout=0,attr_timeout=0,entry_timeout=0,negative_timeout=0
exec 3<"$MOUNT/folder/file"
expect_equal "before" "$(head -c 5000 "$REMOTE/file" | sha256sum)" "$(head -c 5000 <&3 | sha256sum)"
chmod 000 "$REMOTE/folder/file"
expect_failure cat "$MOUNT/folder/file"
grep -q 'Permission denied' "$CASE/output" || fail "cat says: $(cat "$CASE/output")"
expect_equal "what is open stays open" "$(tail -c +5001 "$REMOTE/file" | sha256sum)" \
    "$(python3 -c 'import os, sys; sys.stdout.buffer.write(os.pread(3, 2000000, 5000))' | sha256sum)"
chmod 000 "$REMOTE/folder"
expect_failure cp "$CASE/output" "$MOUNT/folder/new"
grep -q 'Permission denied' "$CASE/output" || fail "cp says: $(cat "$CASE/output")"
exec 3<&-
chmod 755 "$REMOTE/folder"
say "permission: EACCES, what is open stays open"
unmount "$MOUNT"
