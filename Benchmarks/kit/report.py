# SPDX-License-Identifier: Apache-2.0
"""A run's numbers as Markdown, padded so that they are readable on a terminal too."""

from kit import bars
from kit.clients import COPYING, MOUNTING, TITLES

NOTE = "`*` returned before the server had all of it"


def markdown(facts, results):
    lines = ["; ".join(f"{name}: {value}" for name, value in facts.items()) + ".", ""]
    mounted = [part for part in results.measured if not part.removeprefix("far-").startswith("cop")
               or part.removeprefix("far-") == "copy-out"]
    copied = [part for part in results.measured if part not in mounted]
    mounting = _present(results, mounted, [client.name for client in MOUNTING] + ["tcp"])
    copying = _present(results, copied, [client.name for client in COPYING])
    if mounted:
        lines += [f"Mounts: medians (ranges), and Hawser's ratio to sshfs; {NOTE}.", "",
                  *_table(results, mounted, mounting, "sshfs"), ""]
        lines += ["What they cost: CPU seconds of the client's and of the server's processes, peak memory in MiB.", "",
                  *_costs(results, mounted, [client for client in mounting if client != "tcp"], "sshfs"), ""]
    if copied:
        lines += ["Copies: medians (ranges), and Hawser's ratio to scp.", "",
                  *_table(results, copied, copying, "scp"), "", *_costs(results, copied, copying, "scp"), ""]
    for failure in results.failures:
        lines.append(f"- failed: {failure['workload']}, {TITLES[failure['client']]}, round {failure['round']}: "
                     + " ".join(failure["error"].split()))
    found = list(bars.verdicts(results))
    lines += [f"Bars met: {sum(verdict.is_met for verdict in found)} of {len(found)} measured."]
    lines += [f"- missed: {verdict}" for verdict in found if not verdict.is_met]
    lines += [f"- {verdict}" for verdict in found if verdict.excuse]
    return "\n".join(lines) + "\n"


def _present(results, parts, clients):
    return [client for client in clients if any(results.values(part, client) for part in parts)]


def _table(results, parts, clients, peer):
    rows = []
    for part in parts:
        cells = [f"{results.parts[part].title}, {results.parts[part].unit.replace('1/s', 'IOPS')}"]
        for client in clients:
            values = results.values(part, client)
            if values:
                mark = "*" if results.is_late(part, client) else ""
                ends = f"{_number(min(values))}–{_number(max(values))}"
            cells.append(f"{_number(results.median(part, client))}{mark} ({ends})" if values else "")
        rows.append([*cells, _times(results.speed_ratio(part, peer))])
    return _aligned(["workload", *(TITLES[client] for client in clients), "ratio"], rows)


def _costs(results, parts, clients, peer):
    rows = []
    for part in parts:
        cells = []
        for client in clients:
            numbers = [results.cost(part, client, name) for name in ("client_cpu", "server_cpu", "memory")]
            cells.append(f"{numbers[0]:.2f}, {numbers[1]:.2f}, {numbers[2] / (1 << 20):.0f}"
                         if None not in numbers else "")
        if any(cells):
            rows.append([results.parts[part].title, *cells, _times(results.cpu_ratio(part, peer))])
    return _aligned(["workload", *(TITLES[client] for client in clients), "client CPU, ratio"], rows)


def _times(ratio):
    return "" if ratio is None else f"{ratio:.2f}"


def _number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def _aligned(head, rows):
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells):
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    return [line(head), line(["-" * width for width in widths]), *(line(row) for row in rows)]
