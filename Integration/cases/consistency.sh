#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What programs of one mount, of other mounts and on the server see of each other's changes, and when, by cache mode.
. "$(dirname "$0")/../lib.sh"

start_server
common=dcache_timeout=1
modes=(default strict exclusive direct_io)
options=("$common" cache=strict cache=exclusive "$common,direct_io")
for index in "${!modes[@]}"; do
    mkdir "$CASE/${modes[$index]}"
    mount_remote "$REMOTE" "$CASE/${modes[$index]}" -o "${options[$index]}"
done
python3 - "$CASE" "$REMOTE" <<'END_OF_PROGRAM'
import errno, mmap, os, sys, time

case, remote = sys.argv[1:]
modes = ["default", "strict", "exclusive", "direct_io"]
wrong = []


def put(path, content, flags=os.O_TRUNC):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o644)
    os.write(descriptor, content)
    os.close(descriptor)


def get(path):
    with open(path, "rb") as file:
        return file.read()


def attempt(action, *arguments):
    try:
        return action(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]


def expect(what, mode, found, expected):
    if found != expected:
        wrong.append(f"{what}, {mode}: {found}, not {expected}")


def expect_soon(what, mode, look, expected):
    # The limit only bounds a failure.
    end = time.monotonic() + 30
    while attempt(look) != expected and time.monotonic() < end:
        time.sleep(0.02)
    expect(what, mode, attempt(look), expected)


put(f"{remote}/turns", b"")
# What the server changes.
os.mkdir(f"{remote}/d")
put(f"{remote}/d/f", b"old")
put(f"{remote}/d/gone", b"")
put(f"{remote}/d/moved", b"before")
os.symlink("old", f"{remote}/d/link")
os.utime(f"{remote}/d/f", (1000, 1000))
kept = {}
for mode in modes:
    folder = f"{case}/{mode}/d"
    kept[mode] = os.open(f"{folder}/f", os.O_RDONLY)
    os.pread(kept[mode], 100, 0)
    get(f"{folder}/f"), get(f"{folder}/moved"), os.stat(f"{folder}/f"), os.listdir(folder)
    os.readlink(f"{folder}/link"), os.path.exists(f"{folder}/new"), os.path.exists(f"{folder}/gone")
put(f"{remote}/d/f", b"newer")
put(f"{remote}/d/new", b"")
os.unlink(f"{remote}/d/gone")
put(f"{remote}/d/other", b"after it")
os.rename(f"{remote}/d/other", f"{remote}/d/moved")
os.unlink(f"{remote}/d/link")
os.symlink("new", f"{remote}/d/link")

looks = {
    "size": (lambda folder: os.stat(f"{folder}/f").st_size, 3, 5),
    "listing": (lambda folder: sorted(os.listdir(folder)), ["f", "gone", "link", "moved"], ["f", "link", "moved", "new"]),
    "link": (lambda folder: os.readlink(f"{folder}/link"), "old", "new"),
    "new name": (lambda folder: os.path.exists(f"{folder}/new"), False, True),
    "removed name": (lambda folder: os.path.exists(f"{folder}/gone"), True, False),
}
# The mode in which nothing is forgotten first: what it is asked for it learns.
for what, (look, before, after) in looks.items():
    expect(what, "exclusive", look(f"{case}/exclusive/d"), before)
    expect(what, "strict", look(f"{case}/strict/d"), after)
for mode in modes:
    expect("content once it is opened", mode, get(f"{case}/{mode}/d/f"), b"newer")
    expect_soon("file put in place of another", mode, lambda mode=mode: get(f"{case}/{mode}/d/moved"), b"after it")
    expect("content of an open file", mode, os.pread(kept[mode], 100, 0), b"newer")
for mode in ("default", "direct_io"):
    for what, (look, _, after) in looks.items():
        expect_soon(what, mode, lambda: look(f"{case}/{mode}/d"), after)

# What programs of one mount change, and one of them asks the server.
for mode in modes:
    folder = f"{case}/{mode}"
    descriptor = os.open(f"{folder}/w", os.O_RDWR | os.O_CREAT)
    os.write(descriptor, b"text")
    if mode in ("strict", "direct_io"):
        expect("written and not closed", mode, get(f"{remote}/w"), b"text")
    else:
        expect_soon("written and not closed", mode, lambda: get(f"{remote}/w"), b"text")
    os.pwrite(descriptor, b"TEXT", 0)
    os.fsync(descriptor)
    expect("synced and not closed", mode, get(f"{remote}/w"), b"TEXT")
    os.pwrite(descriptor, b"text", 0)
    expect("size for another process", mode, os.stat(f"{folder}/w").st_size, 4)
    expect("content for another process", mode, get(f"{folder}/w"), b"text")
    os.rename(f"{folder}/w", f"{folder}/x")
    os.mkdir(f"{folder}/made")
    expect("names for another process", mode, [os.path.exists(f"{folder}/{name}") for name in ("w", "x", "made")],
           [False, True, True])
    expect("names on the server", mode, [os.path.exists(f"{remote}/{name}") for name in ("w", "x", "made")],
           [False, True, True])
    mapped = attempt(mmap.mmap, descriptor, 4)
    expect("shared mapping", mode, isinstance(mapped, mmap.mmap), mode != "direct_io")
    expect("private mapping", mode, bytes(mmap.mmap(descriptor, 4, access=mmap.ACCESS_COPY)), b"text")
    if mode != "direct_io":
        mapped[:] = b"TEXT"
        expect("mapping for another process", mode, get(f"{folder}/x"), b"TEXT")
        mapped.flush()
        mapped.close()
        expect("mapping on the server", mode, get(f"{remote}/x"), b"TEXT")
    os.close(descriptor)
    os.unlink(f"{folder}/x")
    os.rmdir(f"{folder}/made")

# Mounts that edit in turn: what one has closed, the others open. Every second edit has the size of the last.
for turn in range(40):
    content = b"%04d" % turn * (turn // 2 + 1)
    put(f"{case}/{modes[turn % 4]}/turns", content)
    for mode in modes:
        expect(f"turn {turn}", mode, get(f"{case}/{mode}/turns"), content)
print(*wrong, sep="\n")
sys.exit(bool(wrong))
END_OF_PROGRAM
for mode in "${modes[@]}"; do unmount "$CASE/$mode"; done
