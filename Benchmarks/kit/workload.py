# SPDX-License-Identifier: Apache-2.0
"""What every workload is. Each is made for the loopback and, in sizes to suit, for an emulated link."""

import os

from kit import data, processes
from kit.bench import Part
from kit.site import Link

LONG = Link(0.050, 1000)
NARROW = Link(0.050, 100)
PREFIXES = {None: "", LONG: "far-", NARROW: "narrow-"}


class Workload:
    """Something that is measured. `parts` are its numbers: name, title and unit, as Part has them."""

    stem = ""
    parts = ()
    # Which kind of candidates it is for, and which of them.
    copies = False
    only = None

    def __init__(self, bench, sizes, link=None):
        self.bench, self.sizes, self.link = bench, sizes, link
        self.name = PREFIXES[link] + self.stem
        self.clients = []
        where = "" if link is None else f"{link}: "
        bench.declare(Part(self.part(name), where + title.format(sizes=sizes), unit)
                      for name, title, unit in self.parts)

    @property
    def site(self):
        return self.bench.site(self.link)

    @property
    def folder(self):
        """The workload's directory on the server."""
        return os.path.join(self.site.remote, self.name)

    def there(self, *names):
        return os.path.join(self.folder, *names)

    def here(self, name):
        return os.path.join(self.site.folder, f"{self.name}-{name}")

    def part(self, name):
        return PREFIXES[self.link] + name

    def mount(self, client, number=0):
        return self.bench.mount(client, self.site, self.folder, number)

    def measure(self, mounts, part, work, **values):
        self.bench.measure(mounts if isinstance(mounts, list) else [mounts], self.part(part), work, **values)

    def prepare(self):
        os.makedirs(self.folder)

    def run(self, client):
        raise NotImplementedError

    def products(self):
        """The paths of what a client's turn makes, or may have left when it failed."""
        return []

    def tidy(self):
        for path in self.products():
            data.remove(path)

    def remove(self):
        data.remove(self.folder)


def program(*command, environment=None):
    """Work that is one program, run to its end."""
    def work():
        processes.run(command, environment)
    return work
