# SPDX-License-Identifier: Apache-2.0
"""Behaviours between processes, and with what belongs to somebody else."""

import fcntl
import os

from common import case, foreign, in_child, opened, outcomes, put, rename, try_open


@case
def flock_between_processes():
    with opened("f", os.O_RDWR | os.O_CREAT) as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        def lock():
            with opened("f", os.O_RDWR) as other:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = [in_child(lock)]
        fcntl.flock(file, fcntl.LOCK_UN)
        return found + [in_child(lock)]


@case
def record_locks_between_processes():
    with opened("f", os.O_RDWR | os.O_CREAT) as file:
        fcntl.lockf(file, fcntl.LOCK_EX, 10, 0)

        def lock(start):
            with opened("f", os.O_RDWR) as other:
                fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, start)
        return in_child(lambda: lock(5)), in_child(lambda: lock(10))


@foreign
def closed_file():
    return outcomes(lambda: try_open("closed", os.O_RDONLY), lambda: try_open("closed", os.O_WRONLY),
                    lambda: os.truncate("closed", 1))


@foreign
def closed_folder():
    return outcomes(lambda: os.listdir("hidden"), lambda: try_open("hidden/f", os.O_RDONLY), lambda: os.stat("hidden/f"))


@foreign
def folder_that_takes_nothing():
    return outcomes(lambda: put("kept/new"), lambda: os.mkdir("kept/new"), lambda: os.unlink("kept/f"),
                    lambda: os.rename("kept/f", "kept/g"), lambda: os.symlink("f", "kept/l"),
                    lambda: os.rmdir("kept/d"), lambda: os.link("open", "kept/l"), lambda: os.rename("kept/f", "f"))


@foreign
def folder_in_which_all_keep_what_is_theirs():
    return outcomes(lambda: os.unlink("sticky/f"), lambda: os.rename("sticky/f", "sticky/g"),
                    lambda: put("sticky/mine"), lambda: os.unlink("sticky/mine"))


@foreign
def attributes_of_what_is_not_ours():
    return outcomes(lambda: os.chmod("open", 0o600), lambda: os.chown("open", os.getuid(), -1),
                    lambda: os.utime("open", (1, 2)), lambda: os.utime("open"), lambda: os.utime("readable"),
                    lambda: os.utime("readable", (1, 2)))


@foreign
def what_is_ours_given_away():
    put("mine/f")
    return outcomes(lambda: os.chown("mine/f", 0, -1), lambda: os.unlink("mine/f"))
