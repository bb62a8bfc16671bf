#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser sshfs
# A C project of 60 files in the mount is built by make -j4; nothing is left to do the second time.
. "$(dirname "$0")/../lib.sh"

mkdir "$REMOTE/project"
python3 - "$REMOTE/project" <<'END'
import sys
count = 60
for i in range(count):
    with open(f"{sys.argv[1]}/part{i}.c", "w") as file:
        file.write(f'#include "all.h"\n\nint part{i}(int x)\n{{\n    return x + {i};\n}}\n')
with open(f"{sys.argv[1]}/all.h", "w") as file:
    file.writelines(f"int part{i}(int x);\n" for i in range(count))
with open(f"{sys.argv[1]}/main.c", "w") as file:
    calls = " + ".join(f"part{i}(1)" for i in range(count))
    file.write(f'#include <stdio.h>\n#include "all.h"\n\nint main(void)\n{{\n    printf("%d\\n", {calls});\n}}\n')
with open(f"{sys.argv[1]}/Makefile", "w") as file:
    objects = " ".join(f"part{i}.o" for i in range(count)) + " main.o"
    file.write(f"program: {objects}\n\tgcc -o $@ $^\n%.o: %.c all.h\n\tgcc -O1 -c -o $@ $<\n")
END
start_and_mount
make -s -C "$MOUNT/project" -j4
expect_equal "what the program says" 1830 "$("$MOUNT/project/program")"
make -q -C "$MOUNT/project" || fail "make would build again"
# SFTP has whole seconds: what make compares has to be further apart than this case is fast.
find "$MOUNT/project" -type f -exec touch -d '1 minute ago' {} +
sed -i 's/x + 5;/x + 105;/' "$MOUNT/project/part5.c"
make -C "$MOUNT/project" -j4 >"$CASE/second-make"
expect_equal "commands of the second make" 2 "$(grep -c '^gcc' "$CASE/second-make")"
expect_equal "what the new program says" 1930 "$("$MOUNT/project/program")"
unmount "$MOUNT"
