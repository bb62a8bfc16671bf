#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Someone who is not root mounts, works and unmounts; others do not see into the mount.

# Where only root may open the device, a mount namespace of our own gets one that everybody may.
if [ "$(id -u)" = 0 ] && [ "$(stat -c %a /dev/fuse)" != 666 ] && [ -z "${OWN_DEVICE:-}" ]; then
    # shellcheck disable=SC2016
    exec env OWN_DEVICE=1 unshare --mount sh -eu -c '
        device=$(mktemp -d)
        mount -t tmpfs tmpfs "$device"
        mknod -m 666 "$device/fuse" c 10 229
        chmod 666 "$device/fuse"
        mount --bind "$device/fuse" /dev/fuse
        umount -l "$device"
        rmdir "$device"
        exec "$0"' "$0"
fi
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || skip "everything else runs as a user here"
[ -u "$(readlink -f "$(command -v fusermount3)")" ] || skip "fusermount3 is not setuid"
start_server
install -d -o nobody "$CASE/nobody" "$CASE/nobody/mnt"
cp "$CASE/user_ed25519" "$CASE/nobody/key"
chown nobody "$CASE/nobody/key"
sed -i "s|IdentityFile .*|IdentityFile $CASE/nobody/key|" "$SSH_CONFIG"
chmod 755 "$CASE"
cp -L "$HAWSER" "$CASE/hawser"
as_user() { setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$CASE/nobody" "$@"; }
started_mounts+=("$CASE/nobody/mnt")
as_user "$CASE/hawser" mount -F "$SSH_CONFIG" "server:$REMOTE" "$CASE/nobody/mnt"
as_user sh -c "echo text >'$CASE/nobody/mnt/file'"
expect_equal "written" text "$(cat "$REMOTE/file")"
expect_failure ls "$CASE/nobody/mnt"
as_user "$CASE/hawser" unmount "$CASE/nobody/mnt"
wait_until 20 is_unmounted "$CASE/nobody/mnt"
