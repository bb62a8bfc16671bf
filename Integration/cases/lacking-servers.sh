#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Servers without OpenSSH's extensions: renames replace, data comes in requests of 32 KiB, what can't be
# had is refused.
. "$(dirname "$0")/../lib.sh"

lacking=posix-rename,hardlink,lsetstat,fsync,statvfs,fstatvfs,limits,expand-path,copy-data,users-groups-by-id
start_server "Subsystem lacking $SFTP_SERVER -P $lacking"
mount_remote "$REMOTE" "$MOUNT" -o sftp_server=lacking

# A rename replaces files and empty directories, also open ones, and leaves nothing behind.
echo old >"$MOUNT/a"
echo new >"$MOUNT/b"
exec 3<"$MOUNT/a"
mv "$MOUNT/b" "$MOUNT/a"
expect_equal "replaced" new "$(cat "$MOUNT/a")"
expect_equal "replaced, still open" old "$(cat <&3)"
exec 3<&-
mkdir "$MOUNT/from" "$MOUNT/empty" "$MOUNT/full"
touch "$MOUNT/full/x" "$MOUNT/from/y"
mv -T "$MOUNT/from" "$MOUNT/empty"
expect_failure mv -T "$MOUNT/empty" "$MOUNT/full"
grep -q 'not empty' "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
expect_equal "what is left" "a empty full" "$(cd "$REMOTE" && echo .[!.]* * | sed 's/^\.\[!\.\]\* //')"
expect_equal "what is in it" y "$(ls "$REMOTE/empty")"
git -C "$MOUNT" init -q
(cd "$MOUNT" && git add a && git -c user.name=me -c user.email=me@example.org commit -qm one \
    && echo more >>a && git -c user.name=me -c user.email=me@example.org commit -qam two && git fsck --full)

# Data in requests that every server takes.
make_file "$CASE/data" 1000000
cp "$CASE/data" "$MOUNT/data"
python3 -c 'import os, sys; fd = os.open(sys.argv[1], os.O_RDWR); os.write(fd, b""); os.fsync(fd)' "$MOUNT/data"
expect_equal "written" "$(sha256 "$CASE/data")" "$(sha256 "$REMOTE/data")"
expect_equal "read" "$(sha256 "$CASE/data")" "$(sha256 "$MOUNT/data")"
cp --sparse=never --reflink=never "$MOUNT/data" "$MOUNT/copy"
cmp "$REMOTE/data" "$REMOTE/copy"

# What can't be had.
expect_equal "blocks" 0 "$(stat -f -c %b "$MOUNT")"
expect_failure ln "$MOUNT/data" "$MOUNT/hard"
ln -s data "$MOUNT/link"
expect_failure touch -h -d 2001-02-03 "$MOUNT/link"
expect_failure python3 -c 'import os, sys; os.lchown(sys.argv[1], 1, 1)' "$MOUNT/link"
expect_equal "the link's target" "$(id -u) $(date +%Y)" "$(stat -c %u "$REMOTE/data") $(date -r "$REMOTE/data" +%Y)"
unmount "$MOUNT"

expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o sftp_server=lacking,idmap=file "server:$REMOTE" "$MOUNT"
grep -q 'needs a uidfile or gidfile' "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o sftp_server=lacking "server:~/x" "$MOUNT"
grep -q 'expand-path' "$CASE/output" || fail "the message is: $(cat "$CASE/output")"

# Files are not moved aside where that is not wanted.
mount_remote "$REMOTE" "$MOUNT" -o sftp_server=lacking,workaround=norename
echo other >"$MOUNT/b"
expect_failure python3 -c 'import os, sys; os.rename(*sys.argv[1:])' "$MOUNT/b" "$MOUNT/data"
expect_equal "not replaced" "$(sha256 "$CASE/data")" "$(sha256 "$REMOTE/data")"
