#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The memory of a mount has a bound, however many names a walk goes by: 300,000 of them, and then a million.
# tier: full
# timeout: 900
. "$(dirname "$0")/../lib.sh"

# The most memory that the mount may ever have had, in KiB.
limit=$((150 * 1024))

# Names of a few files, so that they take no more of the server's disk than that.
make_names() { # first-folder folders
    python3 - "$REMOTE" "$@" <<'END'
import os, sys
folder, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for number in range(first, first + count):
    os.mkdir(f"{folder}/{number}")
    source = f"{folder}/{number}/a-file-with-a-usual-name-0"
    open(source, "w").close()
    for other in range(1, 100):
        os.link(source, f"{folder}/{number}/a-file-with-a-usual-name-{other}")
END
}

walk() { # names
    expect_equal "names" "$1" "$(find "$MOUNT" -type f -printf '%s\n' | wc -l)"
    peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(mount_pid "$MOUNT")/status")
    say "$1 names: $((peak / 1024)) MiB"
    [ "$peak" -lt $limit ] || fail "$peak KiB after $1 names"
}

make_names 0 3000
start_and_mount
walk 300000
walk 300000
make_names 3000 7000
# Until the mount asks for the first directory once more.
sleep 25
walk 1000000
unmount "$MOUNT"
