# SPDX-License-Identifier: Apache-2.0
"""Behaviours of names: renames, removals, links."""

import mmap
import os
import socket
import stat

from common import case, EXCHANGE, get, here, NOREPLACE, opened, outcome, outcomes, put, rename, try_open


@case
def rename_over_an_open_file():
    put("a", b"new")
    put("b", b"old")
    with opened("b", os.O_RDWR) as old:
        os.rename("a", "b")
        os.pwrite(old, b"OLD", 0)
        return os.pread(old, 9, 0), get("b"), os.path.exists("a"), os.fstat(old).st_nlink


@case
def rename_of_an_open_file():
    put("a", b"text")
    os.mkdir("d")
    with opened("a", os.O_RDWR) as file:
        os.rename("a", "d/b")
        os.pwrite(file, b"T", 0)
        return os.fstat(file).st_size, get("d/b"), outcome(os.stat, "a")


@case
def rename_of_a_folder_with_open_files():
    os.makedirs("d/e")
    with opened("d/e/f", os.O_RDWR | os.O_CREAT) as file:
        os.rename("d", "n")
        os.write(file, b"text")
        os.fsync(file)
        return get("n/e/f"), outcome(os.stat, "d/e/f"), os.listdir("n")


@case
def working_directory_that_is_renamed():
    os.mkdir("d")
    os.chdir("d")
    os.rename("../d", "../n")
    put("f")
    return os.path.basename(os.getcwd()), os.listdir("../n")


@case
def working_directory_that_is_removed():
    os.mkdir("d")
    os.chdir("d")
    os.rmdir("../d")
    return outcomes(os.getcwd, lambda: os.listdir("."), lambda: put("f"), lambda: os.mkdir("x"))


@case
def rename_that_must_not_replace():
    put("a", b"a")
    put("b", b"b")
    os.mkdir("d")
    found = outcomes(lambda: rename("a", "b", NOREPLACE), lambda: rename("a", "d", NOREPLACE),
                     lambda: rename("a", "c", NOREPLACE), lambda: rename("a", "e", NOREPLACE))
    return found, get("b"), get("c"), sorted(os.listdir())


@case
def rename_that_must_not_replace_what_just_came():
    put("a", b"a")
    os.path.exists("b")
    put(f"{here.server}/b", b"b")
    return outcome(lambda: rename("a", "b", NOREPLACE)), get(f"{here.server}/b")


@case
def rename_as_an_exchange():
    put("a", b"a")
    put("b", b"b")
    return outcome(lambda: rename("a", "b", EXCHANGE)), get("a"), get("b")


@case
def rename_of_one_link_onto_the_other():
    put("a", b"a")
    os.link("a", "b")
    os.rename("a", "b")
    return sorted(os.listdir()), os.stat("b").st_nlink


@case
def rename_onto_an_empty_folder():
    os.makedirs("a/x")
    os.mkdir("b")
    os.rename("a", "b")
    return os.listdir("b"), outcome(os.stat, "a")


@case
def errors_of_rename():
    os.makedirs("full/inner")
    os.mkdir("empty")
    put("file")
    return outcomes(
        lambda: os.rename("none", "x"), lambda: os.rename("empty", "full"), lambda: os.rename("file", "empty"),
        lambda: os.rename("empty", "file"), lambda: os.rename("full", "full/inner/x"),
        lambda: os.rename("file", "none/x"), lambda: os.rename("file", "file/x"), lambda: os.rename("file", "n" * 256),
        lambda: os.rename("full", "."))


@case
def unlink_while_open():
    with opened("f", os.O_RDWR | os.O_CREAT) as file:
        os.write(file, b"text")
        os.unlink("f")
        os.pwrite(file, b"more", 4)
        os.ftruncate(file, 6)
        os.fchmod(file, 0o640)
        status = os.fstat(file)
        return (os.pread(file, 99, 0), status.st_size, oct(status.st_mode), status.st_nlink, os.listdir("."),
                os.listdir(here.server), outcome(os.stat, "f"))


@case
def name_used_again_while_the_file_is_open():
    with opened("f", os.O_RDWR | os.O_CREAT) as old:
        os.write(old, b"old")
        os.unlink("f")
        put("f", b"newer")
        return os.fstat(old).st_size, os.pread(old, 9, 0), get("f"), os.fstat(old).st_ino == os.stat("f").st_ino


@case
def unlink_while_mapped():
    put("f", b"x" * 5000)
    with opened("f", os.O_RDWR) as file, mmap.mmap(file, 5000) as mapped:
        os.unlink("f")
        mapped[4999] = 65
        mapped.flush()
        return os.pread(file, 2, 4998)


@case
def errors_of_unlink_and_rmdir():
    os.makedirs("full/inner")
    put("file")
    os.symlink("full", "link")
    return outcomes(
        lambda: os.unlink("none"), lambda: os.unlink("full"), lambda: os.unlink("file/x"), lambda: os.unlink("full/"),
        lambda: os.rmdir("full"), lambda: os.rmdir("file"), lambda: os.rmdir("none"), lambda: os.rmdir("link"),
        lambda: os.rmdir("full/."), lambda: os.rmdir("full/.."))


@case
def errors_of_mkdir():
    os.mkdir("d")
    put("file")
    os.symlink("nowhere", "dangling")
    return outcomes(
        lambda: os.mkdir("d"), lambda: os.mkdir("file"), lambda: os.mkdir("file/x"), lambda: os.mkdir("none/x"),
        lambda: os.mkdir("dangling"), lambda: os.mkdir("n" * 256), lambda: os.mkdir(""))


@case
def errors_of_open():
    os.mkdir("d")
    put("file")
    os.symlink("loop", "loop")
    os.symlink("file", "link")
    return outcomes(
        lambda: try_open("none", os.O_RDONLY), lambda: try_open("none/x", os.O_CREAT), lambda: try_open("file/x", 0),
        lambda: try_open("file/", 0), lambda: try_open("d", os.O_WRONLY), lambda: try_open("d", os.O_CREAT),
        lambda: try_open("loop", 0), lambda: try_open("link", os.O_NOFOLLOW),
        lambda: try_open("file", os.O_DIRECTORY), lambda: try_open("n" * 256, os.O_CREAT | os.O_WRONLY),
        lambda: try_open("n/" * 3000, 0))


@case
def exclusive_creation():
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
    os.symlink("nowhere", "dangling")
    os.path.exists("raced")
    put(f"{here.server}/raced", b"theirs")
    return outcomes(lambda: try_open("f", flags), lambda: try_open("f", flags), lambda: try_open("dangling", flags),
                    lambda: try_open("raced", flags)), get(f"{here.server}/raced")


@case
def folder_that_just_came():
    os.path.exists("raced")
    os.mkdir(f"{here.server}/raced")
    return outcome(os.mkdir, "raced")


@case
def hard_links_and_their_counts():
    put("a", b"x")
    os.link("a", "b")
    counts = [os.stat("a").st_nlink, os.stat("b").st_nlink]
    same = os.path.samefile("a", "b")
    put("b", b"longer")
    size = os.stat("a").st_size
    os.unlink("a")
    return counts, same, size, os.stat("b").st_nlink, get("b")


@case
def hard_links_of_others():
    put(f"{here.server}/a", b"x")
    os.link(f"{here.server}/a", f"{here.server}/b")
    return os.stat("a").st_nlink, os.stat("b").st_nlink, os.path.samefile("a", "b")


@case
def errors_of_link():
    put("a")
    put("b")
    os.mkdir("d")
    return outcomes(lambda: os.link("a", "b"), lambda: os.link("none", "x"), lambda: os.link("d", "x"),
                    lambda: os.link("a", "none/x"), lambda: os.link("a", "n" * 256))


@case
def symbolic_links():
    put("f", b"text")
    os.symlink("f", "link")
    os.mkdir("d")
    os.symlink("../f", "d/up")
    status = os.lstat("link")
    return (os.readlink("link"), get("d/up"), status.st_size, stat.filemode(status.st_mode),
            outcomes(lambda: os.symlink("f", "link"), lambda: os.readlink("f"), lambda: os.readlink("none"),
                     lambda: os.symlink("", "empty"), lambda: os.symlink("f", "none/x")))


@case
def hard_link_to_a_symbolic_link():
    os.symlink("nowhere", "a")
    os.link("a", "b", follow_symlinks=False)
    return os.readlink("b")


@case
def names_of_all_kinds():
    names = [b"new\nline", "größe-日本語".encode(), b"\x01\xff bytes", b" lead and trail ", b"-dash", b"back\\slash",
             b"*?[]", b"x" * 255, b"..."]
    for name in names:
        put(name, name)
    found = os.listdir(b".")
    return sorted(found) == sorted(names), all(get(name) == name for name in names)


@case
def special_files():
    made = []
    for name, kind in (("fifo", stat.S_IFIFO), ("file", stat.S_IFREG)):
        made.append(outcome(os.mknod, name, 0o600 | kind))
    with socket.socket(socket.AF_UNIX) as local:
        made.append(outcome(local.bind, "socket"))
    return made


@case
def special_files_of_others():
    os.mkfifo(f"{here.server}/fifo")
    return stat.filemode(os.stat("fifo").st_mode), outcome(os.unlink, "fifo")


@case
def unnamed_files():
    return outcome(try_open, ".", os.O_TMPFILE | os.O_RDWR)
