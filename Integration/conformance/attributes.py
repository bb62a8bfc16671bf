# SPDX-License-Identifier: Apache-2.0
"""Behaviours of attributes and listings."""

import ctypes
import os
import subprocess
import time

from common import (
    ages, BILLION, case, here, libc, opened, outcome, outcomes, put, rename, try_open, UTIME_NOW, UTIME_OMIT,
    utimens)


@case
def times_left_out_and_the_present():
    put("f")
    found = []
    for pair in [((5, 0), (6, 0)), ((0, UTIME_OMIT), (7, 0)), ((8, 0), (0, UTIME_OMIT)),
                 ((0, UTIME_OMIT), (0, UTIME_OMIT)), ((0, UTIME_NOW), (0, UTIME_OMIT)), ((9, 0), (0, UTIME_NOW)),
                 ((0, 0), (0, 0)), ((0, UTIME_NOW), (0, UTIME_NOW))]:
        utimens("f", *pair)
        found.append(ages("f"))
    return found


@case
def times_of_links():
    put("f")
    os.symlink("f", "l")
    utimens("f", (1, 0), (2, 0))
    utimens("l", (3, 0), (4, 0), flags=0x100)
    return os.lstat("l").st_mtime, os.stat("l").st_mtime


@case
def times_by_handle():
    with opened("f", os.O_RDWR | os.O_CREAT) as file:
        os.utime(file, (1, 2))
        os.unlink("f")
        os.utime(file, (3, 4))
        status = os.fstat(file)
        return status.st_atime, status.st_mtime


@case
def nanoseconds():
    put("f")
    os.utime("f", ns=(BILLION + 123_456_789, 2 * BILLION + 987_654_321))
    status = os.stat("f")
    return status.st_atime_ns, status.st_mtime_ns


@case
def nanoseconds_of_others():
    put(f"{here.server}/f")
    os.utime(f"{here.server}/f", ns=(BILLION + 123_456_789, 2 * BILLION + 987_654_321))
    return os.stat("f").st_mtime_ns, [entry.stat().st_mtime_ns for entry in os.scandir(".")]


@case
def times_before_1970():
    put("f")
    os.utime("f", (-1000, -2000))
    return os.stat("f").st_mtime


@case
def times_after_2106():
    put("f")
    os.utime("f", (1 << 32, (1 << 32) + 5))
    return os.stat("f").st_mtime


@case
def change_time():
    put("f")
    os.utime("f", (1, 2))
    return abs(os.stat("f").st_ctime - time.time()) < 60


@case
def change_time_of_a_chmod():
    put("f")
    before = os.stat("f").st_ctime_ns
    time.sleep(0.02)
    os.chmod("f", 0o600)
    return os.stat("f").st_ctime_ns > before


@case
def modification_time_of_a_write():
    put("f")
    os.utime("f", (1, 2))
    with opened("f", os.O_WRONLY) as file:
        os.write(file, b"x")
    return ages("f")[1]


@case
def modification_time_of_a_folder():
    os.mkdir("d")
    os.utime("d", (1, 2))
    put("d/f")
    return ages("d")[1]


@case
def modes_of_new_files():
    found = []
    for umask in (0, 0o22, 0o77, 0o7):
        os.umask(umask)
        for mode in (0o666, 0o600, 0o777, 0o444):
            name = f"{umask:o}-{mode:o}"
            try_open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
            os.mkdir("d" + name, mode)
            found += [f"{os.stat(path).st_mode & 0o7777:o}" for path in (name, "d" + name)]
    os.umask(0o22)
    return " ".join(found)


@case
def modes_that_are_set():
    put("f")
    os.mkdir("d")
    found = []
    for path, mode in (("f", 0o600), ("f", 0o4755), ("d", 0o2770), ("d", 0o1777), ("f", 0)):
        os.chmod(path, mode)
        found.append((f"{os.stat(path).st_mode:o}", os.stat(f"{here.server}/{path}").st_mode == os.stat(path).st_mode))
    return found, outcome(os.chmod, "none", 0o600)


@case
def owners():
    put("f")
    os.symlink("f", "l")
    mine = os.getuid(), os.getgid()
    found = outcomes(lambda: os.chown("f", *mine), lambda: os.chown("f", -1, -1), lambda: os.chown("none", *mine),
                     lambda: os.lchown("l", *mine))
    status = os.stat("f")
    return found, (status.st_uid, status.st_gid) == mine


@case
def group_of_a_folder_that_hands_it_on():
    os.mkdir("d")
    os.chmod("d", 0o2755)
    os.mkdir("d/e")
    put("d/f")
    return f"{os.stat('d/e').st_mode:o} {os.stat('d/f').st_mode:o}"


@case
def link_counts_of_folders():
    os.makedirs("d/a")
    os.mkdir("d/b")
    return os.stat("d").st_nlink


@case
def folders_for_find():
    for path in ("t/a/x", "t/a/y", "t/b/x"):
        os.makedirs(path)
        put(path + "/f")
    return [sorted(subprocess.check_output(["find", "t", *options]).split())
            for options in ([], ["-type", "d"], ["-empty"], ["-name", "x"])]


@case
def numbers_of_files_stay():
    put("f")
    os.mkdir("d")
    number = os.stat("f").st_ino
    os.rename("f", "d/g")
    os.chmod("d/g", 0o600)
    put("d/g", b"text")
    listed = [entry.inode() for entry in os.scandir("d")]
    return os.stat("d/g").st_ino == number, listed == [number], os.stat("d").st_ino != number


@case
def number_of_a_file_that_replaces_another():
    put("a")
    put("b")
    new, old = os.stat("a").st_ino, os.stat("b").st_ino
    os.rename("a", "b")
    return new != old, os.stat("b").st_ino == new


@case
def space_of_the_file_system():
    mine, servers = os.statvfs("."), os.statvfs(here.server)
    free = [status.f_bavail * status.f_frsize for status in (mine, servers)]
    return (mine.f_namemax, mine.f_blocks * mine.f_frsize == servers.f_blocks * servers.f_frsize,
            mine.f_files == servers.f_files, abs(free[0] - free[1]) < 1 << 30)


@case
def kinds_in_a_listing():
    put("f")
    os.mkdir("d")
    os.symlink("f", "l")
    return sorted((entry.name, entry.is_dir(follow_symlinks=False), entry.is_symlink()) for entry in os.scandir("."))


@case
def seeking_in_a_listing():
    for number in range(300):
        put(f"name-{number}")
    folder = ctypes.c_void_p(libc.opendir(b"."))
    places, addresses = [], []
    while True:
        places.append(libc.telldir(folder))
        address = libc.readdir(folder)
        if not address:
            break
        addresses.append(ctypes.string_at(address + 19))
    back = []
    for place, name in list(zip(places, addresses))[::50]:
        libc.seekdir(folder, ctypes.c_long(place))
        back.append(ctypes.string_at(libc.readdir(folder) + 19) == name)
    libc.rewinddir(folder)
    put("one-more")
    libc.rewinddir(folder)
    again = 0
    while libc.readdir(folder):
        again += 1
    libc.closedir(folder)
    return len(addresses), len(set(addresses)), all(back), again


@case
def removal_while_listing():
    for number in range(500):
        put(f"name-{number}")
    for entry in os.scandir("."):
        os.unlink(entry.name)
    return os.listdir(".")


@case
def errors_of_listing():
    put("file")
    return outcomes(lambda: os.listdir("file"), lambda: os.listdir("none"), lambda: os.chdir("file"))
