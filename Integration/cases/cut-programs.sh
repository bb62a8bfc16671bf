#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# rsync, git clone, tar and make -j4 work while the connection is reset, refused, silently dropped, and the server killed
# and started again: each ends with success, and what it made is what it makes on a local disk.
# clients: hawser
# tier: drops
# timeout: 600
. "$(dirname "$0")/../lib.sh"

# 600 files of 1 to 120 KB: about 36 MB, which nothing can compress.
python3 - "$CASE/tree" <<'PYTHON'
import os, random, sys
source = random.Random(1)
for folder in range(12):
    os.makedirs(f"{sys.argv[1]}/folder-{folder}")
    for number in range(50):
        with open(f"{sys.argv[1]}/folder-{folder}/file-{number}", "wb") as file:
            file.write(source.randbytes(source.randrange(1_000, 120_000)))
PYTHON
tar -cf "$CASE/tree.tar" -C "$CASE" tree
git -C "$CASE/tree" init -q -b main "$CASE/origin"
cp -r "$CASE/tree/." "$CASE/origin"
git -C "$CASE/origin" add .
git -C "$CASE/origin" -c user.name=me -c user.email=me@example.org commit -qm all
python3 - "$CASE/project" <<'PYTHON'
import os, sys
count = 80
os.makedirs(sys.argv[1])
os.chdir(sys.argv[1])
for number in range(count):
    with open(f"part{number}.c", "w") as file:
        file.write(f'#include "all.h"\n\nstatic const char filling[40000] = {{ {number}, 1 }};\n'
                   f"int part{number}(int x)\n{{\n    return x + filling[x];\n}}\n")
with open("all.h", "w") as file:
    file.writelines(f"int part{number}(int x);\n" for number in range(count))
with open("main.c", "w") as file:
    calls = " + ".join(f"part{number}(0)" for number in range(count))
    file.write(f'#include <stdio.h>\n#include "all.h"\n\nint main(void)\n{{\n    printf("%d\\n", {calls});\n}}\n')
with open("Makefile", "w") as file:
    objects = " ".join(f"part{number}.o" for number in range(count)) + " main.o"
    file.write(f"program: {objects}\n\tgcc -o $@ $^\n%.o: %.c all.h\n\tgcc -O0 -c -o $@ $<\n")
PYTHON
cp -r "$CASE/project" "$REMOTE/project"
start_server
start_relay
mount_remote "$REMOTE" "$MOUNT"
mkdir "$MOUNT/unpacked"

rsync -a "$CASE/tree/" "$MOUNT/copied" &
break_meanwhile $! 4000000
wait "$worker" || fail "rsync failed"
expect_same_tree "$CASE/tree" "$REMOTE/copied"
say "rsync: the copy is right"

git clone -q "$CASE/origin" "$MOUNT/clone" &
break_meanwhile $! 8000000
wait "$worker" || fail "git clone failed"
git -C "$REMOTE/clone" fsck --full --strict || fail "git fsck found something"
git -C "$REMOTE/clone" diff --quiet HEAD || fail "the clone's files are not those of its commit"
rm -rf "$REMOTE/clone/.git"
expect_same_tree "$CASE/tree" "$REMOTE/clone" without-times
say "git clone: the repository and its files are right"

tar -xf "$CASE/tree.tar" -C "$MOUNT/unpacked" &
break_meanwhile $! 4000000
wait "$worker" || fail "tar failed"
expect_same_tree "$CASE/tree" "$REMOTE/unpacked/tree"
say "tar: the tree is right"

make -s -C "$MOUNT/project" -j4 &
break_meanwhile $! 500000
wait "$worker" || fail "make failed"
expect_equal "what the program says" 3160 "$("$REMOTE/project/program")"
make -s -C "$CASE/project" -j4
for object in "$CASE"/project/*.o; do
    cmp "$object" "$REMOTE/project/$(basename "$object")"
done
say "make -j4: the objects and the program are right"
unmount "$MOUNT"
