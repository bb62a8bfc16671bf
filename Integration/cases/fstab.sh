#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Lines of fstab(5), through mount(8): our types, and sshfs's where our links stand in for it; mounted by
# root and by somebody else; no questions where there is no terminal.
# servers: openssh

# In a mount namespace of our own, for helpers where mount(8) looks for them, and a device for everybody.
if [ "$(id -u)" = 0 ] && [ -z "${OWN_MOUNTS:-}" ]; then exec env OWN_MOUNTS=1 unshare --mount "$0"; fi
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || skip "mount(8) works for root"
make_keys
start_server
echo text >"$REMOTE/file"
chmod 755 "$CASE"
cp -L "$HAWSER" "$CASE/hawser"
HAWSER=$CASE/hawser
sbin=$(readlink -f /sbin)
mkdir "$CASE/sbin" "$CASE/fuse"
cp -a "$sbin/." "$CASE/sbin"
for name in sbin/mount.hawser sbin/mount.fuse.hawser sbin/mount.sshfs sbin/mount.fuse.sshfs sbin/sshfs sbin/hawser; do
    ln -sf "$HAWSER" "$CASE/$name"
done
mount --bind "$CASE/sbin" "$sbin"
mount -t tmpfs tmpfs "$CASE/fuse"
mknod -m 666 "$CASE/fuse/fuse" c 10 229
chmod 666 "$CASE/fuse/fuse"
mount --bind "$CASE/fuse/fuse" /dev/fuse
umount -l "$CASE/fuse"

source="$(id -un)@127.0.0.1:$REMOTE"
options=port=$PORT,UserKnownHostsFile=$CASE/known_hosts,StrictHostKeyChecking=yes,IdentityFile=$CASE/user_ed25519
options=$options,_netdev,nofail,x-systemd.automount,x-systemd.idle-timeout=1min,comment=remote
table=$CASE/table
number=0
line() { # source type expected-type [options]
    number=$((number + 1))
    mkdir "$CASE/m$number"
    echo "$1 $CASE/m$number $2 $options${4:+,$4} 0 0" >>"$table"
    expected[number]="$1 $3"
    started_mounts+=("$CASE/m$number")
}
line "$source" hawser fuse.hawser
line "$source" fuse.hawser fuse.hawser ro,allow_other
line "$source" sshfs fuse.sshfs reconnect,ServerAliveInterval=15
line "$source" fuse.sshfs fuse.sshfs defaults,user
line "sshfs#$source" fuse fuse.sshfs
line "hawser#$source" fuse fuse.hawser
line "$source" hawser fuse.hawser noauto
found() { # number
    awk -v at="$CASE/m$1" '$2 == at { print $1, $3 }' /proc/self/mounts
}
# Each by itself, and all at once but for "noauto".
mount -T "$table" "$CASE/m7"
expect_equal "the mount by name" "${expected[7]}" "$(found 7)"
umount "$CASE/m7"
mount -T "$table" --all
for each in 1 2 3 4 5 6; do
    expect_equal "line $each" "${expected[each]#*#}" "$(found $each)"
    expect_equal "content" text "$(cat "$CASE/m$each/file")"
done
expect_equal "not to be mounted" "" "$(found 7)"
expect_failure touch "$CASE/m2/new"
setpriv --reuid=nobody --regid=nogroup --clear-groups cat "$CASE/m2/file" >/dev/null
for each in 1 2 3 4 5 6; do
    umount "$CASE/m$each"
    wait_until 20 is_unmounted "$CASE/m$each"
done
# What fuse3 installs for all types is enough, without links of ours.
rm "$CASE/sbin/mount.fuse.hawser"
mount -T "$table" "$CASE/m2"
expect_equal "by mount.fuse3" "${expected[2]}" "$(found 2)"
umount "$CASE/m2"
mount -f -T "$table" "$CASE/m7"
expect_equal "pretended" "" "$(found 7)"

# By somebody else, whose the mount is then.
install -d -o nobody "$CASE/nobody" "$CASE/nobody/mnt"
install -o nobody -m 600 "$CASE/user_ed25519" "$CASE/nobody/key"
started_mounts+=("$CASE/nobody/mnt")
echo "$source $CASE/nobody/mnt hawser ${options/$CASE\/user_ed25519/$CASE/nobody/key},noauto,user,idmap=user,allow_root 0 0" >"$CASE/fstab"
if [ -e /etc/fstab ] && [ -u "$(readlink -f "$(command -v mount)")" ]; then
    mount --bind "$CASE/fstab" /etc/fstab
    echo user_allow_other >"$CASE/fuse.conf"
    mount --bind "$CASE/fuse.conf" /etc/fuse.conf
    as_user() { setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$CASE/nobody" "$@"; }
    as_user mount "$CASE/nobody/mnt"
    # Also, root's files are theirs: it is root who has logged in.
    expect_equal "content and owner" "text nobody" "$(as_user sh -c "cat '$CASE/nobody/mnt/file'; stat -c %U '$CASE/nobody/mnt/file'" | tr '\n' ' ' | sed 's/ $//')"
    cat "$CASE/nobody/mnt/file" >/dev/null
    expect_failure setpriv --reuid=daemon --regid=daemon --clear-groups cat "$CASE/nobody/mnt/file"
    as_user umount "$CASE/nobody/mnt"
    wait_until 20 is_unmounted "$CASE/nobody/mnt"
fi

# No terminal, no questions: a key with a passphrase is of no use, and the message says so.
ssh-keygen -q -t ed25519 -N secret -f "$CASE/locked"
cat "$CASE/locked.pub" >>"$CASE/authorized_keys"
echo "$source $CASE/m1 hawser ${options/$CASE\/user_ed25519/$CASE/locked} 0 0" >"$table"
status=0
setsid -w timeout 60 mount -T "$table" "$CASE/m1" >"$CASE/output" 2>&1 </dev/null || status=$?
expect_equal "exit status of mount(8)" 1 "$status"
grep -q '^hawser: .*127.0.0.1.*: Permission denied' "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
expect_equal "not mounted" "" "$(found 1)"
