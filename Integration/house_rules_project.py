# SPDX-License-Identifier: Apache-2.0
"""The files and the package description of the project, as Integration/house-rules reads them."""

import json
import os
import re
import subprocess
import tempfile

SCRIPT_FOLDERS = ("Integration/", "Benchmarks/", ".ci/", "Tests/")


class Project:
    """The files of the project and its package description."""

    def __init__(self, root):
        self.root = root
        self.files = sorted(self._list())
        self._texts = {}
        self._dump = None

    def _list(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if not f.startswith(".build") and f not in
                          (".git", ".swiftpm", "__pycache__", "results")]
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), self.root)

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), "rb") as file:
                self._texts[path] = file.read().decode("utf-8", "replace")
        return self._texts[path]

    def swift(self, under):
        return [f for f in self.files if f.startswith(under) and f.endswith(".swift")]

    def code(self, path):
        """The text without comments and string literals; lines keep their numbers."""
        return strip_swift(self.text(path))

    def is_script(self, path):
        return path.startswith(SCRIPT_FOLDERS) and self.text(path).startswith("#!")

    def is_text(self, path):
        return (path.endswith((".swift", ".c", ".h", ".md", ".json", ".modulemap", ".1", ".5", ".8",
                               ".sh", ".py")) or self.is_script(path))

    def dump(self):
        """The package description, by SwiftPM itself (in a folder of its own: it takes a lock)."""
        if self._dump is None:
            stored = os.path.join(self.root, "package-dump.json")
            if os.path.exists(stored):
                with open(stored, encoding="utf-8") as file:
                    self._dump = json.load(file)
            else:
                with tempfile.TemporaryDirectory() as scratch:
                    self._dump = json.loads(subprocess.run(
                        ["swift", "package", "--package-path", self.root, "--scratch-path", scratch,
                         "dump-package"], check=True, stdout=subprocess.PIPE).stdout)
        return self._dump

    def targets(self):
        return self.dump()["targets"]

    def products(self):
        return [t for t in self.targets() if t["type"] != "test"
                and not (t.get("path") or "").startswith("Tests")]

    def floors(self):
        """Target name to floor, from the table in ARCHITECTURE.md."""
        floors = {}
        for line in self.text("ARCHITECTURE.md").splitlines():
            row = re.match(r"\| *(\d+) *\|([^|]*)\|", line)
            if row:
                for name in re.findall(r"`([^`]+)`", row.group(2)):
                    floors[name] = int(row.group(1))
        return floors


def strip_swift(text):
    token = re.compile(r'//[^\n]*|/\*.*?\*/|#*"""(?:\\.|.)*?"""#*|#"(?:[^"\n]|"(?!#))*"#'
                       r'|"(?:\\.|[^"\\\n])*"', re.S)
    return token.sub(lambda found: "\n" * found.group().count("\n") or " ", text)


def matches(text, pattern):
    """The line numbers and matches of a pattern."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in re.finditer(pattern, line):
            yield number, found


def imports(project, path):
    pattern = (r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?"
               r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)")
    for number, found in matches(project.code(path), pattern):
        yield number, found.group(1)


def dependency_names(target):
    for dependency in target["dependencies"]:
        for kind, value in dependency.items():
            if kind in ("byName", "target"):
                yield value[0]
