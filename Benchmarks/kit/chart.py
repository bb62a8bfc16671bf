# SPDX-License-Identifier: Apache-2.0
"""A run as a picture: how many times as fast as sshfs, on a scale of powers of two."""

import math
from xml.sax.saxutils import escape

COLOURS = {"hawser": "#1f6f8b", "rclone": "#c9a227"}
NAMES = {"hawser": "Hawser", "rclone": "rclone mount"}
ROW, BAR, LABEL, PLOT, TOP = 30, 10, 380, 520, 64
FURTHEST = 6  # 2 to this power is the end of the scale
NEAREST = -3


def svg(results, caption):
    parts = [part for part in results.measured
             if results.parts[part].unit != "MiB" and results.speed_ratio(part) is not None]
    height = TOP + ROW * len(parts) + 30
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + PLOT + 60}" height="{height}" '
             'font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="white"/>',
             '<text x="12" y="22" font-size="15">Times as fast as sshfs</text>',
             f'<text x="12" y="40" fill="#555">{escape(caption)}</text>']
    lines += _legend() + _scale(height - 24)
    for number, part in enumerate(parts):
        lines += _row(results, part, TOP + ROW * number)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _legend():
    lines = []
    for number, (client, colour) in enumerate(COLOURS.items()):
        x = LABEL + 160 * number
        lines += [f'<rect x="{x}" y="12" width="12" height="12" fill="{colour}"/>',
                  f'<text x="{x + 18}" y="22">{NAMES[client]}</text>']
    return lines


def _place(ratio):
    power = math.log2(ratio) if ratio > 0 else NEAREST
    return LABEL + PLOT * (min(max(power, NEAREST), FURTHEST) - NEAREST) / (FURTHEST - NEAREST)


def _scale(bottom):
    lines = []
    for power in range(NEAREST, FURTHEST + 1):
        x, text = _place(2.0 ** power), f"{2 ** power}" if power >= 0 else f"1/{2 ** -power}"
        colour = "#333" if power == 0 else "#ddd"
        lines += [f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}" stroke="{colour}"/>',
                  f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{text}</text>']
    return lines


def _row(results, part, y):
    lines = [f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(results.parts[part].title)}</text>']
    for number, (client, colour) in enumerate(COLOURS.items()):
        ratio = results.speed_ratio(part, client=client)
        if ratio is None:
            continue
        left, right = sorted((_place(1), _place(ratio)))
        top = y + number * (BAR + 1)
        lines += [f'<rect x="{left:.1f}" y="{top}" width="{max(right - left, 1):.1f}" height="{BAR}" fill="{colour}"/>',
                  f'<text x="{right + 3:.1f}" y="{top + 9}" font-size="10">{ratio:.2f}</text>']
    return lines
