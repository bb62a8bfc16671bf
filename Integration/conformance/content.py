# SPDX-License-Identifier: Apache-2.0
"""Behaviours of what files hold."""

import mmap
import os
import shutil
import signal
import subprocess

from common import (
    case, fallocate, get, here, in_child, KEEP_SIZE, opened, outcome, outcomes, PUNCH_HOLE, put, try_open)


@case
def appending():
    put("f", b"one")
    with opened("f", os.O_WRONLY | os.O_APPEND) as file:
        os.write(file, b"two")
        os.pwrite(file, b"three", 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, b"four")
        position = os.lseek(file, 0, os.SEEK_CUR)
    return get("f"), position


@case
def appending_beside_a_writer_on_the_server():
    put("f", b"one")
    with opened("f", os.O_WRONLY | os.O_APPEND) as file, opened(f"{here.server}/f", os.O_WRONLY | os.O_APPEND) as other:
        for piece in (b"a", b"b", b"c"):
            os.write(file, piece)
            os.write(other, piece.upper())
    return get(f"{here.server}/f")


@case
def appending_by_several():
    def write():
        with opened("f", os.O_WRONLY | os.O_APPEND | os.O_CREAT) as file:
            for _ in range(25):
                os.write(file, b"line of some length\n")
    children = []
    for _ in range(4):
        children.append(os.fork())
        if children[-1] == 0:
            write()
            os._exit(0)
    for child in children:
        os.waitpid(child, 0)
    lines = get("f").splitlines()
    return len(lines), set(lines)


@case
def truncation():
    put("f", b"0123456789")
    with opened("f", os.O_RDWR) as file:
        os.truncate("f", 4)
        found = [os.fstat(file).st_size, os.pread(file, 99, 0)]
        os.ftruncate(file, 6)
        found += [os.stat("f").st_size, os.pread(file, 99, 0)]
        try_open("f", os.O_WRONLY | os.O_TRUNC)
        found += [os.fstat(file).st_size, os.pread(file, 99, 0)]
    os.truncate("f", 1 << 40)
    return found, os.stat("f").st_size, os.stat(f"{here.server}/f").st_size


@case
def errors_of_truncate():
    os.mkdir("d")
    put("f")
    with opened("f", os.O_RDONLY) as reader:
        return outcomes(lambda: os.truncate("d", 1), lambda: os.truncate("none", 1), lambda: os.truncate("f/x", 1),
                        lambda: os.ftruncate(reader, 1), lambda: os.truncate("f", -1))


@case
def sparse_writes():
    with opened("f", os.O_RDWR | os.O_CREAT) as file:
        os.pwrite(file, b"end", 5_000_000_000)
        return os.fstat(file).st_size, os.pread(file, 3, 2_500_000_000), os.pread(file, 9, 4_999_999_999)


@case
def holes_take_no_room():
    with opened("f", os.O_RDWR | os.O_CREAT) as file:
        os.pwrite(file, b"end", 1 << 30)
        os.fsync(file)
        return os.stat("f").st_blocks < 10_000, os.stat(f"{here.server}/f").st_blocks < 10_000


@case
def data_and_holes():
    with opened("f", os.O_RDWR | os.O_CREAT) as file:
        os.pwrite(file, b"x" * 100, 1 << 20)
        os.fsync(file)
        end = (1 << 20) + 100
        return (os.lseek(file, end - 9, os.SEEK_DATA), os.lseek(file, end - 9, os.SEEK_HOLE),
                outcome(os.lseek, file, end, os.SEEK_DATA), outcome(os.lseek, file, end + 9, os.SEEK_HOLE))


@case
def holes_before_data():
    with opened("f", os.O_RDWR | os.O_CREAT) as file:
        os.pwrite(file, b"x" * 100, 1 << 20)
        os.fsync(file)
        return os.lseek(file, 0, os.SEEK_DATA), os.lseek(file, 0, os.SEEK_HOLE)


@case
def room_reserved_by_posix_fallocate():
    put("f", b"text")
    with opened("f", os.O_RDWR) as file:
        os.posix_fallocate(file, 2, 5000)
        return os.fstat(file).st_size, os.pread(file, 9, 0)


@case
def room_reserved_by_fallocate():
    put("f", b"text")
    with opened("f", os.O_RDWR) as file:
        return outcome(fallocate, file, 0, 2, 5000), os.fstat(file).st_size, os.pread(file, 9, 0)


@case
def room_reserved_beyond_the_end():
    put("f", b"text")
    with opened("f", os.O_RDWR) as file:
        return outcome(fallocate, file, KEEP_SIZE, 0, 5000), os.fstat(file).st_size


@case
def holes_that_are_punched():
    put("f", b"x" * 8192)
    with opened("f", os.O_RDWR) as file:
        return outcome(fallocate, file, KEEP_SIZE | PUNCH_HOLE, 0, 4096), os.pread(file, 1, 0)


@case
def mapping_that_is_read():
    put("f", b"x" * 5000 + b"end")
    with opened("f", os.O_RDONLY) as file, mmap.mmap(file, 0, access=mmap.ACCESS_READ) as mapped:
        return mapped[5000:], len(mapped)


@case
def mapping_that_is_written():
    put("f", b"x" * 5000)
    with opened("f", os.O_RDWR) as file:
        with mmap.mmap(file, 5000) as mapped:
            mapped[4096:4100] = b"text"
            seen = os.pread(file, 6, 4095)
            os.pwrite(file, b"more", 0)
            return seen, mapped[:5]


@case
def mapping_that_is_private():
    put("f", b"x" * 5000)
    with opened("f", os.O_RDONLY) as file, mmap.mmap(file, 0, access=mmap.ACCESS_COPY) as mapped:
        mapped[0] = 65
        return mapped[:2], os.pread(file, 2, 0)


@case
def mapping_on_the_server():
    put("f", b"x" * 5000)
    with opened("f", os.O_RDWR) as file, mmap.mmap(file, 5000) as mapped:
        mapped[4096:4100] = b"text"
        mapped.flush()
        return get(f"{here.server}/f")[4094:4102]


@case
def mapping_beyond_the_end():
    put("f", b"x" * 8192)

    def read():
        with opened("f", os.O_RDWR) as file, mmap.mmap(file, 8192) as mapped:
            os.ftruncate(file, 1)
            return mapped[100], mapped[8000]
    return signal.Signals(-in_child(read)).name


@case
def copying_between_files():
    put("a", b"0123456789" * 1000)
    with opened("a", os.O_RDONLY) as source, opened("b", os.O_RDWR | os.O_CREAT) as target:
        copied = os.copy_file_range(source, target, 5000, 3, 0)
        return copied, os.fstat(target).st_size, os.pread(target, 5, 0), os.sendfile(target, source, 0, 10)


@case
def errors_of_reading_and_writing():
    os.mkdir("d")
    put("f", b"text")
    with opened("f", os.O_RDONLY) as reader, opened("f", os.O_WRONLY) as writer, opened("d", os.O_RDONLY) as folder:
        return outcomes(lambda: os.write(reader, b"x"), lambda: os.read(writer, 1), lambda: os.read(folder, 1),
                        lambda: os.pread(reader, 1, -1), lambda: os.pread(reader, 5, 100),
                        lambda: os.pwrite(writer, b"x", (1 << 63) - 1))


@case
def program_that_is_run():
    put("run", b"#!/bin/sh\nexit 3\n")
    os.chmod("run", 0o755)
    status = subprocess.run(["./run"], check=False).returncode
    os.chmod("run", 0o644)
    return status, outcome(subprocess.run, ["./run"], check=False)


@case
def program_that_is_being_written():
    shutil.copy("/bin/true", "run")
    with opened("run", os.O_WRONLY):
        return outcome(subprocess.run, ["./run"], check=False)


@case
def synchronisation():
    put("f")
    with opened("f", os.O_RDWR) as file, opened(".", os.O_RDONLY) as folder:
        return outcomes(lambda: os.fsync(file), lambda: os.fdatasync(file), lambda: os.fsync(folder))
