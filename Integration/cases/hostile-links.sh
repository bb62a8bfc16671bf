#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Forty pairs of links on the server, each made to lead programs to a file of this machine: none does.
# clients: hawser
. "$(dirname "$0")/../lib.sh"

start_server
mkdir -p "$REMOTE/share/inner/deep" "$CASE/outer/mnt"
MOUNT=$CASE/outer/mnt
# As if it were another machine's: what the links name lies beside the mount, not on the server.
echo local >"$CASE/outer/secret"
echo remote >"$REMOTE/share/secret-of-the-share"
python3 - "$REMOTE/share" "$CASE/outer" <<'END'
import os, sys
share, outer = sys.argv[1:]
# The first link leads to a directory, the second through it, or beside it, to the file.
firsts = ["..", "../..", "../../..", "/", outer, "inner/../..", "inner/deep/../../..", "./.."]
seconds = ["first/secret", "first/../secret", "first" + outer + "/secret", "inner/first/../../secret",
           "first/mnt/../secret"]
count = 0
for first in firsts:
    for second in seconds:
        folder = os.path.join(share, "inner", f"pair-{count}")
        os.makedirs(os.path.join(folder, "inner"))
        os.symlink(first, os.path.join(folder, "first"))
        os.symlink(os.path.join("..", first), os.path.join(folder, "inner", "first"))
        os.symlink(second, os.path.join(folder, "second"))
        count += 1
assert count == 40
os.symlink(share + "/inner/../secret-of-the-share", share + "/inner/deep/whole")
os.symlink("../pair-0/inner/../../../secret-of-the-share", share + "/inner/deep/through")
END
mount_remote "$REMOTE/share" "$MOUNT"
python3 - "$MOUNT" "$CASE/outer" <<'END'
import os, sys
mount, outer = sys.argv[1:]
for number in range(40):
    folder = os.path.join(mount, "inner", f"pair-{number}")
    # No ".." here: that would be the program's own way out.
    for path in ["second", "first/secret", "inner/first/secret", "first/outer/secret", "first" + outer + "/secret"]:
        try:
            with open(os.path.join(folder, path)) as file:
                content = file.read()
        except OSError:
            continue
        assert content != "local\n", (number, path, os.readlink(os.path.join(folder, "first")))
    # Removing and changing a link concerns the link.
    for name in ["first", "second"]:
        link = os.path.join(folder, name)
        try:
            os.utime(link, (5, 5), follow_symlinks=False)
        except OSError:
            pass
        os.unlink(link)
END
expect_equal "the file of this machine" local "$(cat "$CASE/outer/secret")"
expect_equal "an absolute link inside" remote "$(cat "$MOUNT/inner/deep/whole")"
expect_equal "a link with .. in its middle" remote "$(cat "$MOUNT/inner/deep/through")"
expect_equal "as it is shown" ../../secret-of-the-share "$(readlink "$MOUNT/inner/deep/whole")"
unmount "$MOUNT"
