# SPDX-License-Identifier: Apache-2.0
"""What a run measured, by part and client: medians, ranges, ratios."""

import statistics
from collections import defaultdict

from kit.bench import Part

BEST_OF_PEER = {"small-writes"}  # sshfs has two modes there, and chance picks: its faster one counts


class Results:
    def __init__(self, record):
        self.parts = {part["name"]: Part(**part) for part in record["parts"]}
        self.failures = record["failures"]
        self._samples = defaultdict(list)
        for sample in record["samples"]:
            self._samples[sample["part"], sample["client"]].append(sample)
        self.measured = [name for name in self.parts if any(part == name for part, _ in self._samples)]

    def clients(self, part):
        return [client for name, client in self._samples if name == part]

    def values(self, part, client):
        return [sample["value"] for sample in self._samples.get((part, client), [])]

    def median(self, part, client):
        values = self.values(part, client)
        return statistics.median(values) if values else None

    def cost(self, part, client, name, per_amount=False):
        """The median of `client_cpu`, `server_cpu` (seconds), `memory` (bytes) or `seconds`; None without any."""
        numbers = [sample[name] / (sample["amount"] if per_amount else 1)
                   for sample in self._samples.get((part, client), []) if sample[name] is not None]
        return statistics.median(numbers) if numbers else None

    def amount(self, part, client):
        return self._samples[part, client][0]["amount"]

    def is_late(self, part, client):
        return any(sample["late"] for sample in self._samples.get((part, client), []))

    def speed_ratio(self, part, peer="sshfs", client="hawser"):
        """How many times as good the client is as the peer; None where one of them was not measured."""
        ours, theirs = self.median(part, client), self.median(part, peer)
        if ours is None or theirs is None:
            return None
        if part in BEST_OF_PEER and peer == "sshfs":
            theirs = max(self.values(part, peer))
        return self.parts[part].ratio(ours, theirs)

    def cpu_ratio(self, part, peer="sshfs", client="hawser"):
        ours, theirs = (self.cost(part, name, "client_cpu", per_amount=True) for name in (client, peer))
        return ours / theirs if ours is not None and theirs else None
