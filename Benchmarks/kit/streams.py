# SPDX-License-Identifier: Apache-2.0
"""Work on the bytes of files, and the plain TCP stream that a link's numbers are held against."""

import json
import os
import subprocess
import sys
import threading

from kit import data, processes
from kit.workload import Workload, program


def copy_bytes(source, target, *words):
    return program("dd", f"if={source}", f"of={target}", "bs=1M", "status=none", *words)


class Stream(Workload):
    """One large file, read and written."""

    stem = "stream"
    parts = (("read", "read {sizes.stream_title}", "MB/s"), ("write", "write {sizes.stream_title}, fsync", "MB/s"))

    def prepare(self):
        super().prepare()
        data.make_file(self.there("file"), self.sizes.stream)

    def run(self, client):
        size = self.sizes.stream
        if client.name == "tcp":
            for direction in ("read", "write"):
                self.bench.add(self.part(direction), "tcp", client.move(self.site, direction, size), size)
            return
        with self.mount(client) as mount:
            self.measure(mount, "read", copy_bytes(mount.path("file"), "/dev/null"), amount=size)
        with self.mount(client) as mount:
            self.measure(mount, "write", copy_bytes(self.there("file"), mount.path("written"), "conv=fsync"),
                         amount=size, delivered=lambda: data.size_of(self.there("written")) == size)

    def products(self):
        return [self.there("written")]


class PlainStream:
    """One TCP connection over the same link, between two programs that do nothing else."""

    name = "tcp"
    port = 5000

    @staticmethod
    def missing():
        return None

    def move(self, site, direction, count):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plain_tcp.py")
        with subprocess.Popen(site.far([sys.executable, script, "serve", site.address, str(self.port)]),
                              stdout=subprocess.PIPE) as server:
            try:
                server.stdout.readline()
                command = [sys.executable, script, direction, site.address, str(self.port), str(count)]
                return float(processes.run(site.near(command), site.environment))
            finally:
                server.kill()


class Pair(Workload):
    """Two clients at once, each with a file of its own: what the server can deliver."""

    stem = "pair"
    only = ("hawser", "sshfs")
    parts = (("read-pair", "read {sizes.stream_title} by each of two clients at once", "MB/s"),
             ("write-pair", "write {sizes.stream_title} by each of two clients at once", "MB/s"))

    def prepare(self):
        super().prepare()
        for number in range(2):
            data.make_file(self.there(f"file{number}"), self.sizes.stream)

    def run(self, client):
        size = self.sizes.stream
        with self.mount(client, 0) as first, self.mount(client, 1) as second:
            mounts = [first, second]
            self.measure(mounts, "read-pair", at_once(
                copy_bytes(mount.path(f"file{number}"), "/dev/null") for number, mount in enumerate(mounts)),
                amount=2 * size)
            self.measure(mounts, "write-pair", at_once(
                copy_bytes(self.there(f"file{number}"), mount.path(f"written{number}"), "conv=fsync")
                for number, mount in enumerate(mounts)), amount=2 * size)

    def products(self):
        return [self.there(f"written{number}") for number in range(2)]


def at_once(works):
    """Work that is several pieces of work at the same time."""
    works = list(works)

    def work():
        errors = []

        def guarded(one):
            try:
                one()
            except processes.Failure as error:
                errors.append(error)

        threads = [threading.Thread(target=guarded, args=(one,)) for one in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
    return work


class SmallWrites(Workload):
    stem = "small-writes"
    parts = (("small-writes", "write {sizes.small_writes_title} by 4 KiB, fsync", "MB/s"),)

    def run(self, client):
        size = self.sizes.small_writes
        # In its slow mode it would take minutes, and more than in proportion.
        if client.name == "sshfs":
            size //= 8
        with self.mount(client) as mount:
            self.measure(mount, "small-writes", program(
                "dd", "if=/dev/zero", f"of={mount.path('written')}", "bs=4k", f"count={size // 4096}", "status=none",
                "conv=fsync"), amount=size, delivered=lambda: data.size_of(self.there("written")) == size)

    def products(self):
        return [self.there("written")]


class RandomReads(Workload):
    stem = "random-reads"
    parts = (("random-1", "random 4 KiB reads, direct, depth 1", "1/s"),
             ("random-32", "random 4 KiB reads, direct, depth 32", "1/s"))

    def prepare(self):
        super().prepare()
        data.make_file(self.there("file"), self.sizes.random_file)

    def run(self, client):
        for depth, count in zip((1, 32), self.sizes.random_reads, strict=True):
            with self.mount(client) as mount:
                self.measure(mount, f"random-{depth}", lambda: self._fio(mount.path("file"), depth, count))

    def _fio(self, path, depth, count):
        found = json.loads(processes.run(
            ["fio", "--name=random", f"--filename={path}", "--rw=randread", "--bs=4k", "--direct=1", "--readonly",
             "--ioengine=libaio", f"--iodepth={depth}", f"--io_size={count * 4096}", "--randseed=1", "--norandommap",
             f"--runtime={self.sizes.random_seconds}", "--output-format=json"], cwd=self.site.folder))
        reads = found["jobs"][0]["read"]
        return reads["total_ios"], max(reads["runtime"], 1) / 1000
