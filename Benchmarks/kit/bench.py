# SPDX-License-Identifier: Apache-2.0
"""Runs workloads for candidates in alternation, and keeps what was measured."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass

from kit import clients, processes
from kit.site import Site

FAILURES = (processes.Failure, TimeoutError, OSError, EOFError)


@dataclass
class Sample:
    """One measurement. `value` is in the part's unit; processor seconds are per unit of `amount`'s whole."""

    part: str
    client: str
    round: int
    value: float
    seconds: float
    amount: float
    client_cpu: float | None = None
    server_cpu: float | None = None
    memory: float | None = None
    late: bool = False


@dataclass(frozen=True)
class Part:
    """What one number means. Units: "MB/s" (amount in bytes), "1/s" (amount in operations), "s", "MiB"."""

    name: str
    title: str
    unit: str

    def value(self, amount, seconds):
        match self.unit:
            case "MB/s":
                return amount / 1e6 / seconds
            case "1/s":
                return amount / seconds
            case "s":
                return seconds
            case "MiB":
                return amount / (1 << 20)
        raise ValueError(self.unit)

    def ratio(self, ours, theirs):
        """How many times as good `ours` is."""
        better_is_more = self.unit in ("MB/s", "1/s")
        above, below = (ours, theirs) if better_is_more else (theirs, ours)
        return above / below if below else float("inf")


class Bench:
    """A folder with everything that a run makes, and the samples. Leaving it ends and removes all of that."""

    def __init__(self, directory, server, cipher):
        self.folder = tempfile.mkdtemp(prefix="hawser-bench.", dir=directory)
        self.server, self.cipher = server, cipher
        self.sites, self.parts, self.samples, self.failures, self.facts = {}, {}, [], [], {}
        self.round = 1
        self._mounts = []

    def __enter__(self):
        processes.adopt_orphans()
        processes.keep_mounts_to_ourselves()
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(130))
        return self

    def __exit__(self, *_):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        clients.end_mounts_below(self.folder)
        for site in self.sites.values():
            site.stop()
        processes.end(processes.children())
        # What was about to be mounted may have been by now.
        clients.end_mounts_below(self.folder)
        subprocess.run(["rm", "-rf", "--one-file-system", self.folder], check=False)

    def site(self, link=None):
        if link not in self.sites:
            folder = os.path.join(self.folder, f"site{len(self.sites)}")
            os.mkdir(folder)
            self.sites[link] = Site(folder, self.server, self.cipher, link)
        return self.sites[link]

    def declare(self, parts):
        self.parts.update((part.name, part) for part in parts)

    def mount(self, client, site, folder, number=0):
        """A fresh mount, to be used by `with`: nothing comes from a client's or the kernel's cache."""
        return _Mounted(self, client, site, folder, os.path.join(site.folder, f"mnt{number}"))

    def measure(self, mounts, part, work, amount=1.0, delivered=None):
        """Measures work on mounts of one client. `work` may return amount and seconds, where it knows them better.

        With `delivered`, time ends only when the server has everything; a client that had returned before is noted.
        """
        site, roots = mounts[0].site, [pid for mount in mounts for pid in mount.roots]
        client_before, server_before = processes.cpu_seconds(roots), processes.cpu_seconds([site.server])
        begin = time.monotonic()
        told = work()
        seconds = time.monotonic() - begin
        late = delivered is not None and not delivered()
        if late:
            processes.wait_until(delivered, "the files to arrive at the server", 300, pause=0.02)
            seconds = time.monotonic() - begin
        if told is not None:
            amount, seconds = told
        self.add(part, mounts[0].client.name, seconds, amount,
                 client_cpu=processes.cpu_seconds(roots) - client_before,
                 server_cpu=processes.cpu_seconds([site.server]) - server_before,
                 memory=processes.peak_memory(roots), late=late)

    def add(self, part, client, seconds, amount=1.0, **values):
        sample = Sample(part, client, self.round, self.parts[part].value(amount, seconds), seconds, amount, **values)
        self.samples.append(sample)
        say(f"  {part:24} {clients.TITLES[client]:10} {sample.value:12.3f} {self.parts[part].unit}")

    def run(self, workloads, rounds):
        for workload in workloads:
            say(f"preparing {workload.name}")
            workload.prepare()
            for self.round in range(1, rounds + 1):
                say(f"{workload.name}, round {self.round} of {rounds}")
                turn = self.round % len(workload.clients)
                for client in workload.clients[turn:] + workload.clients[:turn]:
                    try:
                        workload.run(client)
                    except FAILURES as error:
                        say(f"  {workload.name}: {client.name} failed: {error}")
                        self.failures.append({"workload": workload.name, "client": client.name, "round": self.round,
                                              "error": str(error)})
                    workload.tidy()
            workload.remove()

    def record(self):
        return {"parts": [asdict(part) for part in self.parts.values()],
                "samples": [asdict(sample) for sample in self.samples], "failures": self.failures}


class _Mounted:
    def __init__(self, bench, client, site, folder, point):
        self._bench, self._arguments, self._mount = bench, (client, site, folder, point), None

    def __enter__(self):
        self._mount = clients.Mount(*self._arguments)
        self._bench._mounts.append(self._mount)
        return self._mount

    def __exit__(self, *_):
        self._mount.unmount()
        self._bench._mounts.remove(self._mount)
        if not self._bench._mounts:
            self._mount.site.wait_for_sessions_to_end()


def say(text):
    print(text, file=sys.stderr, flush=True)
