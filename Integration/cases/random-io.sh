#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files that are read, written, mapped, truncated, copied and renamed at random hold what they should.
# SEEDS="4 5 6" COUNT=100000 PROCESSES=8 does more of it, and OPTIONS="-o attr_timeout=60" in another way. sshfs does
# not pass.
# timeout: 1800
. "$(dirname "$0")/../lib.sh"

command -v gcc >/dev/null || skip "no gcc"
gcc -O1 -g -Wall -Wextra -Werror -o "$CASE/random-io" "$ROOT/Integration/random-io.c"
mkdir "$CASE/local"
"$CASE/random-io" "$CASE/local/a" "$CASE/local/b" 1 20000 || fail "even on a local disk"

# shellcheck disable=SC2086
start_and_mount ${OPTIONS:-}
work() { # seed number
    local here=$MOUNT/$2 there=$REMOTE/$2 file
    mkdir -p "$CASE/$2"
    cd "$CASE/$2" || return 1
    "$CASE/random-io" "$here-a" "$here-b" "$1$2" "${COUNT:-3000}" || return 1
    for file in a b; do
        cmp "$2-$file.expected" "$there-$file" || return 1
    done
}
for seed in ${SEEDS:-1 2 3}; do
    say "seed $seed"
    workers=()
    for ((number = 1; number <= ${PROCESSES:-1}; number++)); do
        work "$seed" "$number" &
        workers+=($!)
    done
    for worker in "${workers[@]}"; do
        wait "$worker" || fail "seed $seed"
    done
done
unmount "$MOUNT"
