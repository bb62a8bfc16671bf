#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser sshfs
# Names with blanks, newlines, UTF-8, any byte but slash and NUL, and of 255 bytes, all the way through.
. "$(dirname "$0")/../lib.sh"

make_tree "$REMOTE/there" wild
start_and_mount
expect_same_tree "$REMOTE/there" "$MOUNT/there"
make_tree "$MOUNT/made" wild
expect_same_tree "$REMOTE/there" "$REMOTE/made" without-times
expect_same_tree "$REMOTE/there" "$MOUNT/made" without-times
python3 - "$MOUNT" <<'END'
import os, sys
top = os.fsencode(sys.argv[1])
for byte in range(1, 256):
    if byte != ord("/"):
        name = os.path.join(top, b"x" + bytes([byte]))
        os.mkdir(name)
        os.rename(name, name + b"-renamed")
expected = sorted(b"x" + bytes([byte]) + b"-renamed" for byte in range(1, 256) if byte != ord("/"))
found = sorted(name for name in os.listdir(top) if name.startswith(b"x"))
assert found == expected, (found, expected)
for name in found:
    os.rmdir(os.path.join(top, name))
try:
    open(os.path.join(top, b"n" * 256), "w")
except OSError as error:
    pass
else:
    raise AssertionError("a name of 256 bytes was taken")
# A path that is long as a whole, deeper than one would type.
deep = b"/".join([b"d" * 200] * 15)
os.makedirs(os.path.join(top, deep))
with open(os.path.join(top, deep, b"file"), "w") as file:
    file.write("deep")
END
expect_equal "file far below" deep "$(cat "$(find "$REMOTE" -name file -path '*ddd*')")"
rm -r "$MOUNT/there" "$MOUNT/made" "$MOUNT"/d*
expect_equal "left at the server" "" "$(ls -A "$REMOTE")"
unmount "$MOUNT"
