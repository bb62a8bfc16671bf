# SPDX-License-Identifier: Apache-2.0
"""What the workloads work on: the same bytes and names at each run."""

import os
import random
import shutil
import tarfile
import time

from kit import processes


def make_file(path, size):
    """Bytes that nothing can guess or compress."""
    source = random.Random(size)
    with open(path, "wb") as file:
        while size > 0:
            file.write(source.randbytes(min(size, 1 << 22)))
            size -= 1 << 22


def make_tree(path, directories, files_in_each, largest=4096):
    """Directories of small text files, each of its own size."""
    source = random.Random(directories)
    for directory in range(directories):
        folder = os.path.join(path, f"{directory // 20}", f"{directory % 20}")
        os.makedirs(folder)
        for number in range(files_in_each):
            with open(os.path.join(folder, f"file-{number}.c"), "w", encoding="ascii") as file:
                file.write((f"int f{number}(void);\n" * (largest // 12))[:source.randrange(largest)])


def make_empty_files(path, count, in_each=None):
    for number in range(count):
        folder = path if in_each is None else os.path.join(path, str(number // in_each))
        if number % (in_each or count) == 0:
            os.makedirs(folder)
        os.close(os.open(os.path.join(folder, f"entry-{number}"), os.O_CREAT | os.O_WRONLY))


def make_archive(path, tree):
    with tarfile.open(path, "w") as archive:
        archive.add(tree, arcname=".")


def make_project(path, environment, directories, files_in_each):
    """A git repository whose files are all committed. Its index is kept aside: reading it writes it anew."""
    make_tree(os.path.join(path, "src"), directories, files_in_each)
    git = ["git", "-C", path, "-c", "user.email=tester@example.org", "-c", "user.name=Tester"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        processes.run([*git, *words], environment)
    # What git remembers must be older than what it compares with.
    time.sleep(1.1)
    processes.run([*git, "status"], environment)
    shutil.copy2(os.path.join(path, ".git/index"), path + ".index")


def make_sources(path, count):
    """A Makefile and C files that all include one header."""
    os.mkdir(path)
    files = {f"f{number}.c": f'#include "all.h"\nint f{number}(int x) {{ return x + {number}; }}\n'
             for number in range(1, count)}
    files["f0.c"] = ""
    files["main.c"] = '#include "all.h"\nint main(void) { return f1(1) == 2 ? 0 : 1; }\n'
    files["all.h"] = "".join(f"int f{number}(int x);\n" for number in range(1, count))
    files["Makefile"] = ("objects := $(patsubst %.c,%.o,$(sort $(wildcard *.c)))\n"
                         "program: $(objects)\n\tcc -o $@ $(objects)\n%.o: %.c all.h\n\tcc -c -o $@ $<\n")
    for name, text in files.items():
        with open(os.path.join(path, name), "w", encoding="utf-8") as file:
            file.write(text)
        # As old as sources are, as a rule.
        os.utime(os.path.join(path, name), (time.time() - 3600,) * 2)


def restore_index(path):
    # rclone can leave it behind: nobody would write the index any more.
    remove(os.path.join(path, ".git/index.lock"))
    shutil.copy2(path + ".index", os.path.join(path, ".git/index"))


def census(path):
    """How many files are in a tree, and how many bytes."""
    count = size = 0
    folders = [path]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        count, size = count + 1, size + entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            pass
    return count, size


def size_of(path):
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return -1


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)
