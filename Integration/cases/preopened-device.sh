#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A mount that somebody else has made with more rights, as mount.fuse3's drop_privileges does: the device
# comes as /dev/fd/N.
# servers: openssh
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || skip "only root mounts by itself"
echo text >"$REMOTE/file"
start_server
started_mounts+=("$MOUNT")
python3 - "$MOUNT" "${mount_command[@]}" -F "$SSH_CONFIG" "server:$REMOTE" <<'END'
import ctypes, os, subprocess, sys
device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"somewhere", sys.argv[1].encode(), b"fuse.hawser", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
subprocess.run(sys.argv[2:] + [f"/dev/fd/{device}"], pass_fds=[device], check=True)
END
expect_equal "content" text "$(cat "$MOUNT/file")"
make_file "$CASE/data" 300000
cp "$CASE/data" "$MOUNT/data"
cmp "$CASE/data" "$REMOTE/data"
unmount "$MOUNT"
wait_until 20 no_sessions
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" "server:$REMOTE" /dev/fd/99
grep -q '/dev/fd/99' "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
