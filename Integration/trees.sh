# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Files and trees of files for the cases, and how two trees are compared; lib.sh sources this.

# A file of the given size whose content nothing can guess or compress; the same at each run.
make_file() { # path bytes
    python3 - "$1" "$2" <<'END'
import random, sys
source, left = random.Random(int(sys.argv[2])), int(sys.argv[2])
with open(sys.argv[1], "wb") as file:
    while left > 0:
        piece = source.randbytes(min(left, 1 << 22))
        file.write(piece)
        left -= len(piece)
END
}

# A tree with files of telling sizes, folders, modes, times, links and (with "wild") hard names.
make_tree() { # path [wild]
    local size
    mkdir -p "$1/folder/deep/deeper" "$1/empty folder"
    for size in 0 1 4095 4096 32768 65537 261120 261121 1048577; do
        make_file "$1/folder/file-$size" $size
    done
    printf 'text\n' >"$1/folder/deep/with space.txt"
    printf 'run\n' >"$1/folder/deep/deeper/program"
    chmod 755 "$1/folder/deep/deeper/program"
    chmod 600 "$1/folder/file-1"
    ln -s file-4096 "$1/folder/link"
    touch -d '2001-02-03 04:05:06 UTC' "$1/folder/file-4095" "$1/folder/deep/with space.txt"
    if [ "${2:-}" = wild ]; then
        printf 'a\n' >"$1/new"$'\n'"line"
        printf 'b\n' >"$1/größe-日本語"
        printf 'c\n' >"$1/$(printf 'x%.0s' {1..255})"
        printf 'd\n' >"$1/-dash"
        printf 'e\n' >"$1/quo\"te'\\*?"
        printf 'f\n' >"$1/"$'\x01\xff'"bytes"
        printf 'g\n' >"$1/ lead and trail "
        ln -s 'no such target' "$1/dangling"
    fi
}

# One line for everything in a tree: kind, mode, time, name, link target, and the content's checksum.
describe_tree() { # path [without-times] [without-modes]
    python3 - "$@" <<'END'
import hashlib, os, stat, sys
top, leave = os.fsencode(sys.argv[1]), sys.argv[2:]
lines = []
for folder, folders, names in os.walk(top):
    for name in folders + names:
        path = os.path.join(folder, name)
        status = os.lstat(path)
        kind = stat.filemode(status.st_mode)
        if "without-modes" in leave or kind[0] == "l":
            kind = kind[0]
        time = "-" if "without-times" in leave or kind[0] != "-" else int(status.st_mtime)
        content = "-"
        if stat.S_ISREG(status.st_mode):
            with open(path, "rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        elif stat.S_ISLNK(status.st_mode):
            content = os.readlink(path)
        lines.append(f"{os.path.relpath(path, top)!r} {kind} {time} {content!r}")
print("\n".join(sorted(lines)))
END
}

# Demands that two trees are equal.
expect_same_tree() { # expected found [without-times] [without-modes]
    local expected=$1 found=$2
    shift 2
    describe_tree "$expected" "$@" >"$CASE/tree.expected"
    describe_tree "$found" "$@" >"$CASE/tree.found"
    [ -s "$CASE/tree.expected" ] || fail "nothing in $expected"
    diff -u "$CASE/tree.expected" "$CASE/tree.found" || fail "$found differs from $expected"
}
