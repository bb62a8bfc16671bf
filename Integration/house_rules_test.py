# SPDX-License-Identifier: Apache-2.0
"""Breaks each house rule on purpose: a rule that sees nothing protects nothing."""

import json
import os
import tempfile

SWIFT = "// SPDX-License-Identifier: Apache-2.0\n\n"
TABLE = ("| floor | target | what |\n| --- | --- | --- |\n"
         "| 0 | `CLinux` | C |\n| 1 | `Wire` | types |\n| 3 | `SSHProtocol` | state machine |\n"
         "| 5 | `EventLoop` | loop |\n| 9 | `hawser` | programs |\n")
STRICT = [{"tool": "swift", "kind": kind} for kind in (
    {"swiftLanguageMode": {"_0": "6"}}, {"strictMemorySafety": {}},
    {"treatAllWarnings": {"_0": "error"}})]


def target(name, dependencies=(), kind="regular", settings=None):
    return {"name": name, "type": kind, "settings": STRICT if settings is None else settings,
            "dependencies": [{"byName": [d, None]} for d in dependencies]}


def description(**changes):
    targets = [target("CLinux", settings=[]), target("Wire"), target("SSHProtocol", ["Wire"]),
               target("EventLoop", ["CLinux"]), target("hawser", ["EventLoop"], "executable")]
    return {"targets": changes.get("targets", targets), "dependencies": changes.get("dependencies", [])}


CONSISTENCY = "Do" "cs/CONSIS" "TEN" "CY.md"

CLEAN = {
    "ARCHITECTURE.md": TABLE,
    "Sources/Wire/A.swift": SWIFT + "struct A {\n    let text = \"Task { unsafe print( x! \"\n}\n",
    "Sources/SSHProtocol/B.swift": SWIFT + "import Wire\n\n// TestTask { print(1) } unsafe\n",
    "Sources/EventLoop/C.swift": SWIFT + "import CLinux\nimport Glibc\n\nlet task = Task { unsafe run() }\n",
    "Sources/hawser/D.swift": SWIFT + "import EventLoop\n\nprint(1)\n",
    "package-dump.json": json.dumps(description()) + "\n",
}


def dumped(**changes):
    return {"package-dump.json": json.dumps(description(**changes)) + "\n"}


def resolved(**changes):
    pin = {"identity": "y", "location": "https://github.com/x/y",
           "state": {"version": "1.0.0", "revision": "00"}}
    return {"Package.resolved": json.dumps({"pins": [{**pin, **changes}]}) + "\n"}


def source(line, folder="SSHProtocol"):
    return {f"Sources/{folder}/E.swift": SWIFT + line + "\n"}


BREACHES = [
    ("floors", source("import EventLoop")),
    ("floors", dumped(targets=[target("EventLoop"), target("Wire", ["EventLoop"])])),
    ("floors", dumped(targets=[target("SSHProtocol", ["Wire"]), target("Wire")])),
    ("floors", dumped(targets=[target("Unlisted")])),
    ("sans_io", source("import Glibc")),
    ("sans_io", source("internal import CLinux")),
    ("sans_io", source("let now = ContinuousClock().now")),
    ("sans_io", source("let cookie = UInt8.random(in: 0...255)")),
    ("foundation", source("import FoundationEssentials", "EventLoop")),
    ("foundation", {"Tests/WireTests/T.swift": SWIFT + "import Foundation\n"}),
    ("c_headers", source("import CZlib", "EventLoop")),
    ("server_stays_small", dumped(targets=[
        target("CLibCrypto"), target("hawser-sftp-server", ["CLibCrypto"], "executable")])),
    ("settings", dumped(targets=[target("Wire", settings=STRICT[:1])])),
    ("exact_pins", dumped(dependencies=[
        {"sourceControl": [{"identity": "x", "requirement": {"range": []}}]}])),
    ("exact_pins", dumped(dependencies=[
        {"sourceControl": [{"identity": "x", "requirement": {"exact": ["1.0.0"]}}]}])),
    ("exact_pins", resolved(state={"branch": "main", "revision": "00"})),
    ("exact_pins", resolved(location="https://packages.example/y")),
    ("no_unsafe", source("let x = unsafe pointer.pointee")),
    ("no_unsafe", source("func f(_ p: UnsafeRawPointer) {}", "Wire")),
    ("tasks", source("let t = Task.detached { }")),
    ("tasks", source("Task { await go() }")),
    ("printing", source("print(error)", "EventLoop")),
    ("traps", source("let x = try! read()")),
    ("traps", source("let x = table[1]!.name")),
    ("licence", {"Sources/Wire/E.swift": "struct E {}\n"}),
    ("licence", {"Integration/run": "#!/bin/sh\nexit 0\n"}),
    ("file_length", source("//\n" * 400)),
    ("file_length", {"Integration/part.sh": "#\n" * 401}),
    ("no_postponed_work", source("// TO" + "DO: later")),
    ("no_machine_paths", {"README.md": "See /wo" + "rk/main.\n"}),
    ("no_machine_paths", {"README.md": "Log in /tm" + "p/log.\n"}),
    ("text_form", {"README.md": "A line \n"}),
    ("text_form", {"README.md": "A line"}),
    ("documents", {"README.md": "See `Do" "cs/nowhere.md`.\n"}),
    ("documents", {"README.md": "See [this](missing.md).\n"}),
    ("documents", source("// As Do" "cs/nowhere.md says.")),
    ("symbols", {"README.md": "See `NoSuchType`.\n"}),
    ("symbols", {"Do" "cs/README.md": "As `noSuchTest` shows.\n"}),
    ("symbols", {"ARCHITECTURE.md": TABLE + "| 9 | `nowhere` | none |\n"}),
    ("consistency", {CONSISTENCY: "- All is well.\n"}),
    ("consistency", {CONSISTENCY: "- All is well: `noSuchTest`.\n"}),
    ("consistency", {CONSISTENCY: "| all | is well | `no such behaviour` |\n"}),
]


def breaches(rules, changes, rule):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**CLEAN, **changes}.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return list(rules.check(root, rule))


def run(rules):
    failures = [f"clean project: {b}" for b in breaches(rules, {}, [])]
    for rule, changes in BREACHES:
        if not breaches(rules, changes, [rule]):
            failures.append(f"{rule} did not see {sorted(changes)}: {list(changes.values())[0][:200]!r}")
    for rule in rules.RULES:
        if rule.__name__ not in {name for name, _ in BREACHES}:
            failures.append(f"{rule.__name__} is never broken here")
    print("\n".join(failures) or f"{len(BREACHES)} breaches seen")
    return 1 if failures else 0
