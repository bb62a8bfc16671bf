#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The memory of a copy does not grow with the number of files: a million of them fit into 128 MiB.
# servers: openssh
# tier: full
# timeout: 900
. "$(dirname "$0")/../lib.sh"

# So much more memory may 90,000 more files take, in KiB, that a million stay below the limit.
allowed=$((128 * 1024 * 90 / 1000))

make_files() { # folders files-in-each path
    python3 - "$@" <<'END'
import os, sys
for folder in range(int(sys.argv[1])):
    path = f"{sys.argv[3]}/{folder}"
    os.makedirs(path)
    for number in range(int(sys.argv[2])):
        open(f"{path}/a-file-with-a-usual-name-{number}", "w").close()
END
}

# The most memory of a copy, in KiB.
peak() { # source target
    python3 - "$HAWSER" cp -q -r -D "$SFTP_SERVER" "$@" <<'END'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
}

make_files 1 10000 few
make_files 1 100000 wide
make_files 1000 100 deep
declare -A base=([get]="$(peak "localhost:$CASE/few" copied)" [put]="$(peak few "localhost:$CASE/copied-back")")
for tree in wide deep; do
    rm -rf copied
    get=$(peak "localhost:$CASE/$tree" copied)
    expect_equal "files of $tree" 100000 "$(find copied -type f | wc -l)"
    rm -rf copied
    put=$(peak "$tree" "localhost:$CASE/copied")
    say "$tree: $get KiB to get and $put KiB to put 100,000 files; 10,000: ${base[get]} and ${base[put]} KiB"
    ((get - base[get] < allowed && put - base[put] < allowed)) || fail "$tree takes too much memory"
done
