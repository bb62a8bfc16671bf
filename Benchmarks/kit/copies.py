# SPDX-License-Identifier: Apache-2.0
"""Copies by programs that copy, to this machine (get) and to the server (put)."""

from kit import data, processes
from kit.sizes import FILES_IN_EACH_DIRECTORY
from kit.workload import Workload


class _Copy(Workload):
    copies = True
    whole_tree = False

    def run(self, client):
        ends = {"get": (self.there("source"), self.here("target")), "put": (self.here("source"), self.there("target"))}
        for direction, part in zip(("get", "put"), self.parts, strict=True):
            source, target = ends[direction]
            command, text = client.command(self.site, direction, source, target, self.whole_tree)
            before = processes.cpu_seconds([self.site.server])
            done = processes.AccountedRun(self.site.near(command), self.site.environment, text)
            self.site.wait_for_sessions_to_end()
            if self._measured(target) != self._measured(source):
                raise processes.Failure(f"{client.name}: not all of it has been copied")
            self.bench.add(self.part(part[0]), client.name, done.seconds, self._amount(), client_cpu=done.cpu,
                           server_cpu=processes.cpu_seconds([self.site.server]) - before, memory=done.memory)

    def products(self):
        return [self.there("target"), self.here("target")]

    def remove(self):
        super().remove()
        data.remove(self.here("source"))


class CopyOne(_Copy):
    stem = "copy-one"
    parts = (("copy-get", "copy {sizes.stream_title} from the server", "MB/s"),
             ("copy-put", "copy {sizes.stream_title} to the server", "MB/s"))

    def prepare(self):
        super().prepare()
        for path in (self.there("source"), self.here("source")):
            data.make_file(path, self.sizes.stream)

    def _amount(self):
        return self.sizes.stream

    @staticmethod
    def _measured(path):
        return data.size_of(path)


class CopyMany(_Copy):
    stem = "copy-many"
    whole_tree = True
    parts = (("copies-get", "copy {sizes.copies:,} small files from the server", "s"),
             ("copies-put", "copy {sizes.copies:,} small files to the server", "s"))

    def prepare(self):
        super().prepare()
        for path in (self.there("source"), self.here("source")):
            data.make_tree(path, max(self.sizes.copies // FILES_IN_EACH_DIRECTORY, 1),
                           min(self.sizes.copies, FILES_IN_EACH_DIRECTORY))

    def _amount(self):
        return self.sizes.copies

    @staticmethod
    def _measured(path):
        return data.census(path)
