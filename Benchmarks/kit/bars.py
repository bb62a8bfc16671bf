# SPDX-License-Identifier: Apache-2.0
"""What Hawser has to reach, as numbers: `compare --check` holds a run against them."""

from dataclasses import dataclass

from kit.results import Results
from kit.workload import LONG

# Times the speed of sshfs, at least; times its client's processor time, at most.
SPEED = {"read": 2, "write": 2, "small-writes": 2, "random-1": 1.3, "random-32": 2, "find-cold": 2, "find-warm": 1,
         "untar": 2, "remove": 1.5, "copy-out": 2, "status-first": 2, "status-second": 2, "start": 1.5,
         "far-read": 5, "far-write": 1.5, "far-list": 4}
CPU = {"read": 0.35, "write": 0.4, "small-writes": 0.4, "random-1": 0.6, "random-32": 0.6, "find-cold": 0.5,
       "find-warm": 0.5, "untar": 0.5, "remove": 0.5, "copy-out": 0.5, "status-first": 0.5, "status-second": 0.5}
# Times the speed of one plain TCP stream over the same link, at least.
PLAIN = {"far-read": 0.8, "far-write": 0.8, "narrow-read": 0.9, "narrow-write": 0.9}
ROUND_TRIPS_PER_FILE = {"far-untar": 3, "far-untar-root": 4, "far-remove": 1.1}
# MiB, by what was measured last before.
MEMORY = {"memory-idle": 20, "read": 96, "growth-list-large": 100, "memory-names": 150}
# Where the server is the limit, this much of what it delivers to two clients at once is enough.
PAIRS = {"read": "read-pair", "write": "write-pair"}
ENOUGH_OF_PAIR = 0.9
# Cost per byte of the large file beside the small one, and times per entry of the large directory.
GROWTH = {"read": 1.1, "list": 1.2}


@dataclass(frozen=True)
class Verdict:
    part: str
    what: str
    found: float
    limit: float
    at_least: bool
    excuse: str = ""

    @property
    def is_met(self):
        return bool(self.excuse) or (self.found >= self.limit if self.at_least else self.found <= self.limit)

    def __str__(self):
        word = "at least" if self.at_least else "at most"
        excuse = f"; {self.excuse}" if self.excuse else ""
        return f"{self.part}: {self.what} {self.found:.2f}, {word} {self.limit:g}{excuse}"


def verdicts(results: Results):
    """Every bar whose numbers were measured."""
    for part, limit in SPEED.items():
        yield from _verdict(part, "speed beside sshfs", results.speed_ratio(part), limit, True,
                            _server_is_the_limit(results, part))
    for part, limit in CPU.items():
        yield from _verdict(part, "client CPU beside sshfs", results.cpu_ratio(part), limit, False)
    for part, limit in PLAIN.items():
        yield from _verdict(part, "speed beside plain TCP", results.speed_ratio(part, "tcp"), limit, True)
    for part, limit in ROUND_TRIPS_PER_FILE.items():
        seconds = results.cost(part, "hawser", "seconds", per_amount=True)
        yield from _verdict(part, "round trips a file", seconds and seconds / LONG.round_trip, limit, False)
    for part, limit in MEMORY.items():
        is_memory = part in results.parts and results.parts[part].unit == "MiB"
        found = results.median(part, "hawser") if is_memory else results.cost(part, "hawser", "memory")
        yield from _verdict(part, "peak memory in MiB", found if is_memory or found is None else found / (1 << 20),
                            limit, False)
    for name, measure, what in (("read", "client_cpu", "client CPU per byte"), ("list", "seconds", "time per entry")):
        small, large = (results.cost(f"growth-{name}-{step}", "hawser", measure, per_amount=True)
                        for step in ("small", "large"))
        yield from _verdict(f"growth-{name}", f"{what}, large beside small", large / small if small and large else None,
                            GROWTH[name], False)
    for part in results.measured:
        if results.parts[part].unit != "MiB" and "rclone" in results.clients(part) and not part.startswith("cop"):
            if not results.is_late(part, "rclone"):
                yield from _verdict(part, "speed beside rclone", results.speed_ratio(part, "rclone"), 1, True)


def _verdict(part, what, found, limit, at_least, excuse=""):
    if found is not None:
        verdict = Verdict(part, what, found, limit, at_least)
        yield verdict if verdict.is_met else Verdict(part, what, found, limit, at_least, excuse)


def _server_is_the_limit(results, part):
    pair = PAIRS.get(part)
    totals = [results.median(pair, client) for client in results.clients(pair)] if pair else []
    found = results.median(part, "hawser")
    if not totals or found is None or found < ENOUGH_OF_PAIR * max(totals):
        return ""
    return f"met, since the server is the limit: {found / max(totals):.2f} of what two clients at once get"
