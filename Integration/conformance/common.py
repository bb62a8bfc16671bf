# SPDX-License-Identifier: Apache-2.0
"""What the behaviours are written with."""

import contextlib
import ctypes
import errno
import os
import time

libc = ctypes.CDLL(None, use_errno=True)
libc.readdir.restype = libc.opendir.restype = ctypes.c_void_p
libc.telldir.restype = ctypes.c_long
UTIME_NOW, UTIME_OMIT = (1 << 30) - 1, (1 << 30) - 2
NOREPLACE, EXCHANGE = 1, 2
KEEP_SIZE, PUNCH_HOLE = 1, 2
BILLION = 1_000_000_000
cases, foreign_cases = [], []


class Here:
    """Where the behaviour that is tried is at work."""

    # The working directory as the server has it.
    server = ""


here = Here()


def case(function):
    """What the function returns, or the error that it raises, is the result; its name is the behaviour's."""
    cases.append(function)
    return function


def foreign(function):
    """The same, in a folder with things that belong to somebody else."""
    foreign_cases.append(function)
    return function


class Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


def checked(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def outcome(action, *arguments, **options):
    """What an action returns, or the name of its errno."""
    try:
        result = action(*arguments, **options)
    except OSError as error:
        return errno.errorcode.get(error.errno, error.errno)
    return "ok" if result is None else result


def outcomes(*actions):
    return " ".join(str(outcome(action)) for action in actions)


def put(path, content=b""):
    with open(path, "wb") as file:
        file.write(content)


def get(path):
    with open(path, "rb") as file:
        return file.read()


@contextlib.contextmanager
def opened(path, flags, mode=0o666):
    descriptor = os.open(path, flags, mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def try_open(path, flags, mode=0o666):
    with opened(path, flags, mode):
        pass


def rename(old, new, flags):
    checked(libc.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flags))


def utimens(path, atime, mtime, flags=0):
    times = (Timespec * 2)(Timespec(*atime), Timespec(*mtime))
    checked(libc.utimensat(-100, os.fsencode(path), times, flags))


def fallocate(descriptor, mode, offset, length):
    checked(libc.fallocate(descriptor, mode, ctypes.c_long(offset), ctypes.c_long(length)))


def in_child(action):
    """How a process of its own ends that does this: the name of an errno, 0, or the signal as a negative number."""
    child = os.fork()
    if child == 0:
        number = 0
        try:
            action()
        except OSError as error:
            number = error.errno
        finally:
            os._exit(number)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return errno.errorcode.get(status, status) if status > 0 else status


def ages(path):
    """Access and modification time; "now" for the present."""
    status = os.stat(path)
    return ["now" if abs(t - time.time()) < 60 else int(t) for t in (status.st_atime, status.st_mtime)]
