#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Forty pairs of links on the server, each made to lead programs to a file of this machine: none does. Nor do links that
# are followed while the directories that they are in are moved up.
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
# Three directories up from its place is the remote directory; from where that is moved to, this machine's.
mkdir -p "$REMOTE"/share/a/b/c{0,1}
for folder in "$REMOTE"/share/a/b/c{0,1}; do ln -s ../../../which "$folder/link"; done
echo inside >"$REMOTE/share/which"
echo outside | tee "$CASE/which" >"$CASE/outer/which"
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

# Directories are moved up while programs follow links in them.
python3 - "$MOUNT" <<'END'
import os, sys, time
mount = sys.argv[1]
folders = [os.open(f"{mount}/a/b/c{number}", os.O_RDONLY) for number in range(2)]
readers = []
for _ in range(2):
    results, end = os.pipe()
    if os.fork() == 0:
        seen = set()
        while not os.path.exists(mount + "/end"):
            for folder in folders:
                try:
                    file = os.open("link", os.O_RDONLY, dir_fd=folder)
                    seen.add(os.read(file, 99).decode().strip())
                    os.close(file)
                except OSError as error:
                    seen.add(error.strerror)
        os.write(end, repr(sorted(seen)).encode())
        os._exit(0)
    readers.append(results)
time.sleep(0.5)
end_of_moves = time.monotonic() + 2
while time.monotonic() < end_of_moves:
    for number in range(2):
        os.rename(f"{mount}/a/b/c{number}", f"{mount}/c{number}")
    for number in range(2):
        os.rename(f"{mount}/c{number}", f"{mount}/a/b/c{number}")
open(mount + "/end", "w").close()
for results in readers:
    seen = os.read(results, 999).decode()
    assert seen == "['Operation not permitted', 'inside']", seen
    os.wait()
END
unmount "$MOUNT"
