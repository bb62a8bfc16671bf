# SPDX-License-Identifier: Apache-2.0
"""How large the workloads are: in full, over an emulated link, and quick, which shows only that everything works."""

from dataclasses import dataclass

MEBIBYTE = 1 << 20
FILES_IN_EACH_DIRECTORY = 50


@dataclass(frozen=True)
class Sizes:
    stream: int  # bytes of the large file
    small_writes: int  # bytes written in pieces of 4 KiB
    random_file: int  # bytes
    random_reads: tuple  # how many at depth 1 and at depth 32
    random_seconds: int  # and for how long at most
    find: int  # files that find sees, in directories of 50
    tree: int  # small files that are unpacked, copied and removed
    project: int  # files that git looks at
    sources: int  # C files that make a program
    copies: int  # small files that copying programs copy
    growth: tuple = ()  # bytes of a small and a large file
    directories: tuple = ()  # entries of a small and a large directory
    names: int = 0  # names in all, whose memory is looked at

    @property
    def stream_title(self):
        return _bytes(self.stream)

    @property
    def small_writes_title(self):
        return _bytes(self.small_writes)

    @property
    def growth_titles(self):
        return [_bytes(size) for size in self.growth]


def _bytes(count):
    return f"{count >> 30} GiB" if count % (1 << 30) == 0 else f"{count >> 20} MiB"


FULL = Sizes(stream=1024 * MEBIBYTE, small_writes=128 * MEBIBYTE, random_file=256 * MEBIBYTE,
             random_reads=(20_000, 60_000), random_seconds=8, find=20_000, tree=2_000, project=2_000, sources=30,
             copies=2_000, growth=(256 * MEBIBYTE, 4096 * MEBIBYTE), directories=(10_000, 100_000), names=300_000)
FAR = Sizes(stream=256 * MEBIBYTE, small_writes=8 * MEBIBYTE, random_file=64 * MEBIBYTE, random_reads=(100, 2_000),
            random_seconds=10, find=1_000, tree=100, project=200, sources=15, copies=500)
NARROW = Sizes(stream=50 * MEBIBYTE, small_writes=MEBIBYTE, random_file=MEBIBYTE, random_reads=(20, 200),
               random_seconds=10, find=100, tree=10, project=10, sources=2, copies=10)
QUICK = Sizes(stream=4 * MEBIBYTE, small_writes=MEBIBYTE, random_file=MEBIBYTE, random_reads=(50, 200),
              random_seconds=2, find=200, tree=20, project=50, sources=3, copies=10,
              growth=(MEBIBYTE, 4 * MEBIBYTE), directories=(100, 1_000), names=2_000)
QUICK_FAR = Sizes(stream=MEBIBYTE, small_writes=MEBIBYTE // 8, random_file=MEBIBYTE, random_reads=(5, 50),
                  random_seconds=2, find=100, tree=3, project=50, sources=3, copies=3)
