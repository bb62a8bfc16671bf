# SPDX-License-Identifier: Apache-2.0
"""Work on names and on many small files."""

import os
import shutil
import time

from kit import data, processes
from kit.sizes import FILES_IN_EACH_DIRECTORY
from kit.workload import Workload, program


class Start(Workload):
    stem = "start"
    parts = (("start", "mount to first listing", "s"), ("memory-idle", "memory when idle", "MiB"))

    def prepare(self):
        super().prepare()
        data.make_empty_files(self.there("files"), 10)

    def run(self, client):
        begin = time.monotonic()
        with self.mount(client) as mount:
            os.listdir(mount.path("files"))
            self.bench.add(self.part("start"), client.name, time.monotonic() - begin)
            self.bench.add(self.part("memory-idle"), client.name, 0, processes.peak_memory(mount.roots))


class Find(Workload):
    stem = "find"
    parts = (("find-cold", "find with sizes, {sizes.find:,} files, cold", "s"),
             ("find-warm", "find with sizes, {sizes.find:,} files, warm", "s"),
             ("list", "ls -lR of {sizes.find:,} files, cold", "s"))

    def prepare(self):
        super().prepare()
        data.make_tree(self.folder, self.sizes.find // FILES_IN_EACH_DIRECTORY, FILES_IN_EACH_DIRECTORY, 256)

    def run(self, client):
        with self.mount(client) as mount:
            for part in ("find-cold", "find-warm"):
                self.measure(mount, part, program("find", mount.point, "-printf", "%s\n"), amount=self.sizes.find)
        with self.mount(client) as mount:
            self.measure(mount, "list", program("ls", "-lR", mount.point), amount=self.sizes.find)


class Tree(Workload):
    """Small files unpacked, removed and copied out. Root's tar sets owners and modes, a user's does not."""

    stem = "tree"
    parts = (("untar", "untar {sizes.tree:,} files, as a user does", "s"),
             ("remove", "rm -rf of {sizes.tree:,} files", "s"),
             ("untar-root", "untar {sizes.tree:,} files, as root does", "s"),
             ("copy-out", "cp -r out of {sizes.tree:,} files", "s"))

    def prepare(self):
        super().prepare()
        data.make_tree(self.there("tree"), max(self.sizes.tree // FILES_IN_EACH_DIRECTORY, 1),
                       min(self.sizes.tree, FILES_IN_EACH_DIRECTORY))
        data.make_archive(self.here("archive"), self.there("tree"))
        self._census = data.census(self.there("tree"))

    def run(self, client):
        with self.mount(client) as mount:
            self._unpack(mount, "untar", "--no-same-owner", "--no-same-permissions")
            self.measure(mount, "remove", program("rm", "-rf", mount.path("new")), amount=self.sizes.tree,
                         delivered=lambda: not os.path.exists(self.there("new")))
        if os.geteuid() == 0:
            with self.mount(client) as mount:
                self._unpack(mount, "untar-root", "--same-owner", "--same-permissions")
        with self.mount(client) as mount:
            self.measure(mount, "copy-out", program("cp", "-r", mount.path("tree"), self.here("out")),
                         amount=self.sizes.tree, delivered=lambda: data.census(self.here("out")) == self._census)

    def products(self):
        return [self.there("new"), self.here("out")]

    def _unpack(self, mount, part, *flags):
        os.mkdir(mount.path("new"))
        self.measure(mount, part, program("tar", "-x", "-f", self.here("archive"), "-C", mount.path("new"), *flags),
                     amount=self.sizes.tree, delivered=lambda: data.census(self.there("new")) == self._census)

    def remove(self):
        super().remove()
        data.remove(self.here("archive"))


class Git(Workload):
    stem = "git"
    parts = (("status-first", "git status, {sizes.project:,} files, the first time", "s"),
             ("status-second", "git status, {sizes.project:,} files, again", "s"))

    def prepare(self):
        super().prepare()
        data.make_project(self.there("project"), self.site.environment,
                          self.sizes.project // FILES_IN_EACH_DIRECTORY, FILES_IN_EACH_DIRECTORY)

    def run(self, client):
        data.restore_index(self.there("project"))
        with self.mount(client) as mount:
            for part in ("status-first", "status-second"):
                self.measure(mount, part, program("git", "-C", mount.path("project"), "status", "--porcelain",
                                                  environment=self.site.environment), amount=self.sizes.project)


class Build(Workload):
    """A program of some C files and a header, made from nothing and after a change of one of them."""

    stem = "build"
    parts = (("build", "make of a program of {sizes.sources} C files", "s"),
             ("build-again", "make after a change of one of them", "s"))

    def prepare(self):
        super().prepare()
        data.make_sources(self.here("sources"), self.sizes.sources)

    def run(self, client):
        shutil.copytree(self.here("sources"), self.there("sources"))
        with self.mount(client) as mount:
            for part, word in (("build", b"first"), ("build-again", b"again")):
                # Times have whole seconds, by which make sees what is newer.
                time.sleep(2)
                with open(mount.path("sources/f0.c"), "wb") as file:
                    file.write(b'const char *word = "%s";\n' % word)
                self.measure(mount, part, program("make", "-s", "-C", mount.path("sources")),
                             amount=self.sizes.sources, delivered=lambda word=word: self._holds(word))

    def _holds(self, word):
        try:
            with open(self.there("sources/program"), "rb") as file:
                return word in file.read()
        except FileNotFoundError:
            return False

    def products(self):
        return [self.there("sources")]

    def remove(self):
        super().remove()
        data.remove(self.here("sources"))


class Growth(Workload):
    """Whether cost grows with the work, and not faster."""

    stem = "growth"
    only = ("hawser", "sshfs")
    parts = (("growth-read-small", "read {sizes.growth_titles[0]} of zeros", "MB/s"),
             ("growth-read-large", "read {sizes.growth_titles[1]} of zeros", "MB/s"),
             ("growth-list-small", "ls -lU, {sizes.directories[0]:,} entries in one directory", "s"),
             ("growth-list-large", "ls -lU, {sizes.directories[1]:,} entries in one directory", "s"),
             ("memory-names", "memory after find over {sizes.names:,} names", "MiB"))
    steps = ("small", "large")

    def prepare(self):
        super().prepare()
        for step, size, entries in zip(self.steps, self.sizes.growth, self.sizes.directories, strict=True):
            with open(self.there(f"file-{step}"), "wb") as file:
                file.truncate(size)
            data.make_empty_files(self.there(f"directory-{step}"), entries)
        data.make_empty_files(self.there("names"), self.sizes.names, in_each=1000)

    def run(self, client):
        for step, size, entries in zip(self.steps, self.sizes.growth, self.sizes.directories, strict=True):
            with self.mount(client) as mount:
                self.measure(mount, f"growth-read-{step}", program(
                    "dd", f"if={mount.path('file-' + step)}", "of=/dev/null", "bs=1M", "status=none"), amount=size)
            with self.mount(client) as mount:
                self.measure(mount, f"growth-list-{step}", program("ls", "-lU", mount.path("directory-" + step)),
                             amount=entries)
        with self.mount(client) as mount:
            processes.run(["find", mount.path("names"), "-printf", "%s\n"])
            self.bench.add(self.part("memory-names"), client.name, 0, processes.peak_memory(mount.roots))
