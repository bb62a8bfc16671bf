#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What others make and remove on the server is not overwritten, can be made again, and is soon listed.
. "$(dirname "$0")/../lib.sh"

mkdir "$REMOTE/old"
echo 1 | tee "$REMOTE/old/a" "$REMOTE/old/b" >"$REMOTE/old/c"
mkdir "$REMOTE/old/folder"
start_and_mount

# A directory that was made here, and found to be empty, is filled there.
mkdir "$MOUNT/made"
expect_failure ls "$MOUNT/made/x"
echo theirs >"$REMOTE/made/x"
sleep 1.1
echo ours >x
rsync --ignore-existing x "$MOUNT/made/"
expect_equal "a file that is not to be overwritten" theirs "$(cat "$REMOTE/made/x")"

# What is gone there can be made here, by whoever knows it.
ls -l "$MOUNT/old" >/dev/null
rm "$REMOTE"/old/{a,b}
echo again >"$MOUNT/old/a"
expect_equal "a file made again" again "$(cat "$REMOTE/old/a")"
expect_failure cat "$MOUNT/old/b"
echo again >"$MOUNT/old/b"
expect_equal "a file made after it was missed" again "$(cat "$REMOTE/old/b")"
ls -l "$MOUNT/old" >/dev/null
rm "$REMOTE/old/c"
rmdir "$REMOTE/old/folder"
sleep 2.1
ls "$MOUNT/old" >/dev/null
python3 - "$MOUNT/old" <<'END'
import os, sys
os.chdir(sys.argv[1])
os.close(os.open("c", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
os.mkdir("folder")
END
[ -d "$REMOTE/old/folder" ] || fail "no folder on the server"

is_listed() { find "$MOUNT/old" -name "$1" | grep -q .; }
: >"$REMOTE/old/new"
wait_until 10 is_listed new

# A file without a name has one in /proc.
python3 - "$MOUNT/old/new" <<'END'
import os, sys
first = os.open(sys.argv[1], os.O_RDWR)
os.unlink(sys.argv[1])
second = os.open(f"/proc/self/fd/{first}", os.O_RDWR)
os.close(first)
os.write(second, b"text")
assert os.pread(second, 9, 0) == b"text"
END
unmount "$MOUNT"
