#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Eight processes read, write, list, create and rename the same twenty files, while the server's side changes them too.

Usage: storm.py DIRECTORY SERVERS_COPY SECONDS SEED LIMIT
What is read has to be whole records that somebody has written, and what has just been edited on the server has to be
read as it is. In the end both sides have to show the same. No call may take longer than LIMIT seconds; 0 is no limit.
Prints how many calls there were and which one took longest.
"""

import errno
import mmap
import multiprocessing
import os
import random
import sys
import time
import zlib

FILES = [f"file-{number:02}" for number in range(20)]
RECORD = 64
MOST_RECORDS = 1024


def record(random_source, writer):
    text = b"%-12s %020d " % (writer.encode(), random_source.getrandbits(60))
    return text + b"%08x" % zlib.crc32(text) + b"." * (RECORD - len(text) - 9) + b"\n"


def is_whole(content):
    for start in range(0, len(content), RECORD):
        piece = content[start:start + RECORD]
        # A hole, where a file was cut while somebody wrote behind its new end.
        if piece != bytes(RECORD) and (len(piece) != RECORD or piece[34:42] != b"%08x" % zlib.crc32(piece[:34])):
            return False
    return True


class Worker:
    """One process at work in a directory."""

    def __init__(self, folder, name, seed):
        self.folder = folder
        self.name = name
        self.random = random.Random(f"{seed} {name}")
        self.calls, self.wrong = 0, []
        self.longest = 0.0, "nothing"

    def call(self, what, action, *arguments):
        begin = time.monotonic()
        try:
            return action(*arguments)
        except OSError as error:
            error.call = what
            raise
        finally:
            self.calls += 1
            self.longest = max(self.longest, (time.monotonic() - begin, f"{what} of {self.name}"))

    def path(self):
        return f"{self.folder}/{self.random.choice(FILES)}"

    def records(self):
        return b"".join(record(self.random, self.name) for _ in range(self.random.randint(1, 64)))

    def opened(self, flags, action, path=None):
        descriptor = self.call("open", os.open, path or self.path(), flags, 0o644)
        try:
            return action(descriptor)
        finally:
            self.call("close", os.close, descriptor)

    def read(self):
        def look(descriptor):
            # A write may be under way; what stays broken is.
            for _ in range(5):
                content = self.call("read", os.pread, descriptor, RECORD * MOST_RECORDS * 2, 0)
                if is_whole(content):
                    return
                time.sleep(0.2)
            self.wrong.append(f"{self.name} read what nobody wrote: {content[:200]}")
        self.opened(os.O_RDONLY, look)

    def look_into_mapping(self):
        def look(descriptor):
            try:
                mapped = self.call("mmap", mmap.mmap, descriptor, 0, mmap.MAP_PRIVATE)
            except ValueError:
                # Python maps no empty file; and one that is not empty may become so at any time.
                return
            with mapped:
                self.call("madvise", mapped.madvise, mmap.MADV_WILLNEED)
        self.opened(os.O_RDONLY, look)

    def overwrite(self):
        offset = self.random.randrange(MOST_RECORDS) * RECORD
        self.opened(os.O_WRONLY, lambda file: self.call("write", os.pwrite, file, self.records(), offset))

    def append(self):
        def add(descriptor):
            if self.call("fstat", os.fstat, descriptor).st_size < RECORD * MOST_RECORDS:
                self.call("append", os.write, descriptor, self.records())
        self.opened(os.O_WRONLY | os.O_APPEND, add)

    def create(self):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self.opened(flags, lambda file: self.call("write", os.write, file, self.records()))

    def replace(self):
        new = f"{self.folder}/new-{self.name}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        self.opened(flags, lambda file: self.call("write", os.write, file, self.records()), new)
        self.call("rename", os.rename, new, self.path())

    def rename(self):
        self.call("rename", os.rename, self.path(), self.path())

    def unlink(self):
        self.call("unlink", os.unlink, self.path())

    def list(self):
        found = self.call("listing", os.listdir, self.folder)
        if not all(name.startswith(("file-", "new-", "edited")) for name in found) or len(found) != len(set(found)):
            self.wrong.append(f"{self.name} listed {found}")

    def stat(self):
        self.call("stat", os.stat, self.path())

    def work(self, end, actions, pause=0.0):
        while time.monotonic() < end:
            action = self.random.choice(actions)
            try:
                action(self)
            except FileNotFoundError:
                pass
            except OSError as error:
                self.wrong.append(f"{action.__name__} of {self.name}: {errno.errorcode[error.errno]} of {error.call}")
            time.sleep(pause)


USUAL = [Worker.read, Worker.read, Worker.read, Worker.look_into_mapping, Worker.overwrite, Worker.overwrite,
         Worker.append, Worker.append, Worker.create, Worker.replace, Worker.rename, Worker.unlink, Worker.list,
         Worker.stat]
ON_SERVER = [Worker.overwrite, Worker.append, Worker.create, Worker.replace, Worker.rename]


def edit(worker, copy, end):
    """Edits of the same size, many within a second, each of which is read by the next open."""
    count = 0
    while count < 200 or time.monotonic() < end:
        content = b"%08d" % count * 500
        with open(f"{copy}/edited", "r+b") as file:
            file.write(content)
        found = worker.opened(
            os.O_RDONLY, lambda file: worker.call("read", os.pread, file, 5000, 0), f"{worker.folder}/edited")
        if found != content:
            worker.wrong.append(f"edit {count} was not seen: {found[:8]}")
        count += 1
    return worker


def run(results, kind, folder, copy, name, end, seed):
    worker = Worker(copy if kind == "server" else folder, name, seed)
    try:
        if kind == "edit":
            edit(worker, copy, end)
        else:
            worker.work(end, ON_SERVER if kind == "server" else USUAL, 0.005 if kind == "server" else 0.0)
    except Exception as error:
        worker.wrong.append(f"{name} ended by {error!r}")
    results.put((kind, worker.calls, worker.longest, worker.wrong[:5]))


def show(folder):
    found = {}
    for name in os.listdir(folder):
        with open(f"{folder}/{name}", "rb") as file:
            found[name] = file.read()
    return found


def differences(folder, copy):
    """What the two sides do not agree on, once caches have had the time that they may take."""
    end = time.monotonic() + 40
    while True:
        try:
            here, there = show(folder), show(copy)
        except OSError:
            here, there = None, {}
        if here == there or time.monotonic() > end:
            break
        time.sleep(0.2)
    if here is None:
        return ["files that are listed cannot be opened"]
    return [f"{name} is not the same on both sides" for name in sorted(here.keys() | there.keys())
            if here.get(name) != there.get(name)]


def main(arguments):
    folder, copy, seconds, seed, limit = arguments[0], arguments[1], float(arguments[2]), arguments[3], float(arguments[4])
    with open(f"{copy}/edited", "wb"):
        pass
    end = time.monotonic() + seconds
    results = multiprocessing.Queue()
    work = [("mount", f"worker-{number}") for number in range(8)] + [("server", "server"), ("edit", "editor")]
    processes = [multiprocessing.Process(target=run, args=(results, kind, folder, copy, name, end, seed))
                 for kind, name in work]
    for process in processes:
        process.start()
    outcomes = [results.get() for _ in processes]
    for process in processes:
        process.join()
    wrong = [text for outcome in outcomes for text in outcome[3]] + differences(folder, copy)
    here = [outcome for outcome in outcomes if outcome[0] != "server"]
    longest, what = max(outcome[2] for outcome in here)
    print(f"seed {seed}: {sum(outcome[1] for outcome in here)} calls, the longest {longest:.3f} s: {what}")
    if 0 < limit < longest:
        wrong.append(f"a call took more than {limit} s")
    print(*wrong, sep="\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main(sys.argv[1:])
