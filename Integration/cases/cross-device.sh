#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Renames and links between two file systems of the server are refused as EXDEV, and mv copies then.
. "$(dirname "$0")/../lib.sh"

[ -w /dev/shm ] || skip "no /dev/shm"
OTHER=$(mktemp -d /dev/shm/hawser.XXXXXX)
trap 'rm -r "$OTHER"; clean_up' EXIT
[ "$(stat -c %d "$OTHER")" != "$(stat -c %d "$REMOTE")" ] || skip "/dev/shm is no file system of its own"
echo text >"$REMOTE/file"
start_server
mount_remote / "$MOUNT"
python3 - "$MOUNT$REMOTE/file" "$MOUNT$OTHER/file" <<'END'
import errno, os, sys
for action in (os.rename, os.link):
    try:
        action(*sys.argv[1:])
        sys.exit(f"{action.__name__} succeeded")
    except OSError as error:
        assert error.errno == errno.EXDEV, (action.__name__, error)
END
mv "$MOUNT$REMOTE/file" "$MOUNT$OTHER/file"
expect_equal "moved" text "$(cat "$OTHER/file")"
[ ! -e "$REMOTE/file" ] || fail "the original is still there"
unmount "$MOUNT"
