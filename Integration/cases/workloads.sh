#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tier: full
# timeout: 1800
# What people do in a mount: unpack packages, install 20,000 tiny files, make Python environments, build with Swift, save
# in editors, rsync in place, and edit from two machines in turn.
. "$(dirname "$0")/../lib.sh"

start_and_mount

say "a Debian package"
make_tree "$CASE/package/usr/share/example"
ln "$CASE/package/usr/share/example/folder/file-1" "$CASE/package/usr/share/example/linked"
mkdir "$CASE/package/DEBIAN"
printf 'Package: example\nVersion: 1\nArchitecture: all\nMaintainer: test <test@localhost>\nDescription: test\n' \
    >"$CASE/package/DEBIAN/control"
dpkg-deb --root-owner-group -b "$CASE/package" "$CASE/example.deb" >/dev/null
dpkg-deb -x "$CASE/example.deb" "$CASE/unpacked"
dpkg-deb -x "$CASE/example.deb" "$MOUNT/unpacked"
expect_same_tree "$CASE/unpacked" "$MOUNT/unpacked"
expect_same_tree "$CASE/unpacked" "$REMOTE/unpacked"

say "20,000 tiny files, as package managers make them: eight writers, each file put in place by a rename"
python3 - "$MOUNT/node_modules" <<'END_OF_PROGRAM'
import concurrent.futures, os, sys

top = sys.argv[1]


def install(package):
    staged = f"{top}/.staging/p{package}"
    for part in ("lib", "dist/esm", "test", "docs"):
        os.makedirs(f"{staged}/{part}")
        for number in range(10):
            path = f"{staged}/{part}/file-{number}.js"
            with open(path + ".tmp", "w") as file:
                file.write(f"{package} {part} {number}\n")
            os.rename(path + ".tmp", path)
    os.rename(staged, f"{top}/p{package}")


os.makedirs(top + "/.staging")
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    list(pool.map(install, range(500)))
os.rmdir(top + "/.staging")
count = 0
for folder, _, names in os.walk(top):
    for name in names:
        with open(os.path.join(folder, name)) as file:
            package, part, number = file.read().split()
        assert os.path.join(folder, name) == f"{top}/p{package}/{part}/file-{number}.js"
        count += 1
assert count == 20_000, count
END_OF_PROGRAM
rm -r "$MOUNT/node_modules"
[ ! -e "$REMOTE/node_modules" ] || fail "not all of it is gone"

# Of copies: links that lead out of the mount are refused, unless no_contain_symlinks is given.
say "a Python environment"
python3 -m venv --copies --without-pip "$MOUNT/environment"
expect_equal "what Python says" "$MOUNT/environment" \
    "$("$MOUNT/environment/bin/python" -c 'import sys; print(sys.prefix)')"

if command -v swift >/dev/null; then
    say "a Swift package"
    mkdir -p "$MOUNT/swift/Sources/hello"
    cat >"$MOUNT/swift/Package.swift" <<'END_OF_PACKAGE'
// swift-tools-version:6.0
import PackageDescription
let package = Package(name: "hello", targets: [.executableTarget(name: "hello")])
END_OF_PACKAGE
    echo 'print("Hello")' >"$MOUNT/swift/Sources/hello/main.swift"
    swift build --package-path "$MOUNT/swift" >"$CASE/swift.log" 2>&1 || {
        tail -n 20 "$CASE/swift.log"
        fail "swift build"
    }
    expect_equal "what it says" Hello "$("$MOUNT/swift/.build/debug/hello")"
fi

say "editors that save by renaming"
python3 - "$MOUNT/edited" "$REMOTE/edited" <<'END_OF_PROGRAM'
import os, sys

here, there = sys.argv[1:]
with open(here, "w") as file:
    file.write("first\n")
os.chmod(here, 0o640)
for step in range(50):
    text = f"version {step}\n" * (step + 1)
    # As vim does with "backupcopy=no", as emacs does, and in place.
    if step % 3 == 0:
        mode = os.stat(here).st_mode & 0o7777
        os.rename(here, here + "~")
        with open(os.open(here, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.unlink(here + "~")
    elif step % 3 == 1:
        with open(here + ".tmp", "w") as file:
            file.write(text)
        os.chmod(here + ".tmp", os.stat(here).st_mode & 0o7777)
        os.replace(here + ".tmp", here)
    else:
        with open(here, "w") as file:
            file.write(text)
    for path in (here, there):
        with open(path) as file:
            assert file.read() == text, (step, path)
        assert os.stat(path).st_mode & 0o7777 == 0o640, (step, path)
END_OF_PROGRAM

say "rsync in place"
make_file "$CASE/image" 3000000
rsync --inplace "$CASE/image" "$MOUNT/image"
printf 'changed' | dd of="$CASE/image" bs=1 seek=1500000 conv=notrunc status=none
# Without --checksum, a change of the same size within the same second is none to rsync.
rsync --checksum --inplace --no-whole-file "$CASE/image" "$MOUNT/image"
cmp "$CASE/image" "$REMOTE/image"
truncate -s 1000000 "$CASE/image"
rsync --inplace "$CASE/image" "$MOUNT/image"
cmp "$CASE/image" "$MOUNT/image"

say "two mounts in turn"
# Before the other mount is there, since that a name is absent is believed for a second after a listing.
: >"$MOUNT/turns"
mkdir "$CASE/other"
mount_remote "$REMOTE" "$CASE/other"
for turn in {1..50}; do
    mounts=("$MOUNT" "$CASE/other")
    echo "turn $turn" >>"${mounts[turn % 2]}/turns"
    expect_equal "lines in the other mount" "$turn" "$(wc -l <"${mounts[(turn + 1) % 2]}/turns")"
done
unmount "$CASE/other"
unmount "$MOUNT"
