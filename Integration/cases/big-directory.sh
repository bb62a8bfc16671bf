#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser sshfs
# A directory of 10,000 entries is listed whole, each name once, with attributes; then emptied.
. "$(dirname "$0")/../lib.sh"

mkdir "$REMOTE/many"
python3 - "$REMOTE/many" <<'END'
import sys
for i in range(10_000):
    with open(f"{sys.argv[1]}/entry {i} {'n' * (i % 200)}", "w") as file:
        file.write("x" * (i % 11))
END
start_and_mount
ls -A "$REMOTE/many" | sort >"$CASE/expected"
ls -A "$MOUNT/many" | sort >"$CASE/found"
cmp "$CASE/expected" "$CASE/found"
expect_equal "size of all" "$(find "$REMOTE/many" -type f -printf '%s\n' | awk "{ s += \$1 } END { print s }")" \
    "$(find "$MOUNT/many" -type f -printf '%s\n' | awk "{ s += \$1 } END { print s }")"
# Reading goes on soundly while entries vanish.
rm -r "$MOUNT/many"
expect_equal "left" "" "$(ls -A "$REMOTE")"
unmount "$MOUNT"
