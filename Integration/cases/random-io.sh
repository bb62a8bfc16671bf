#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files that are read, written, mapped, truncated, copied and renamed at random hold what they should.
# SEEDS="4 5 6" COUNT=100000 does more of it, and OPTIONS="-o attr_timeout=60" in another way. sshfs does not pass.
. "$(dirname "$0")/../lib.sh"

command -v gcc >/dev/null || skip "no gcc"
gcc -O1 -g -Wall -Wextra -Werror -o "$CASE/random-io" "$ROOT/Integration/random-io.c"
mkdir "$CASE/local"
"$CASE/random-io" "$CASE/local/a" "$CASE/local/b" 1 20000 || fail "even on a local disk"

# shellcheck disable=SC2086
start_and_mount ${OPTIONS:-}
for seed in ${SEEDS:-1 2 3}; do
    say "seed $seed"
    "$CASE/random-io" "$MOUNT/a" "$MOUNT/b" "$seed" "${COUNT:-3000}" || fail "seed $seed"
    for file in a b; do
        cmp "$CASE/$file.expected" "$REMOTE/$file" || fail "seed $seed: $file is not what was written"
    done
done
unmount "$MOUNT"
