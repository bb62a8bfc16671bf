// SPDX-License-Identifier: Apache-2.0

// fuzz --list                        the names of the targets
// fuzz --write-seeds NAME FOLDER     writes the target's seeds into a folder that is there
// fuzz NAME [LIBFUZZER-ARGUMENT...]  fuzzes the target; for one that acts on files, JAIL names a folder
//                                    that becomes the root of the process

import CLibFuzzer
import FuzzTargets
import Glibc

/// The target that is fuzzed: a C callback can capture nothing.
nonisolated(unsafe) private var chosen: FuzzTarget?

private func fail(_ message: String) -> Never {
    print(message)
    exit(2)
}

private func target(_ name: String) -> FuzzTarget {
    guard let target = (FuzzTarget.pure + FuzzTarget.jailed).first(where: { $0.name == name })
    else {
        fail("no such target: \(name)")
    }
    return target
}

private func writeSeeds(of target: FuzzTarget, to folder: String) {
    for (index, seed) in target.seeds().enumerated() {
        guard let file = fopen("\(folder)/seed-\(index)", "wb"),
            fwrite(seed, 1, seed.count, file) == seed.count, fclose(file) == 0
        else {
            fail("cannot write to \(folder)")
        }
    }
}

private let arguments = CommandLine.arguments
if arguments.count == 2, arguments[1] == "--list" {
    for target in FuzzTarget.pure + FuzzTarget.jailed { print(target.name) }
} else if arguments.count == 4, arguments[1] == "--write-seeds" {
    writeSeeds(of: target(arguments[2]), to: arguments[3])
} else if arguments.count >= 2 {
    let target = target(arguments[1])
    chosen = target
    if FuzzTarget.jailed.contains(where: { $0.name == target.name }) {
        guard let jail = getenv("JAIL"), Jail.enter(String(cString: jail)) else {
            fail(
                "this target needs a folder to be locked up in, named by JAIL, and the right to do so"
            )
        }
    }
    var count = CommandLine.argc - 1
    var rest: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
    exit(
        LLVMFuzzerRunDriver(&count, &rest) { start, count in
            let input = Array(UnsafeBufferPointer(start: start, count: count))
            chosen?.run(input[...])
            return 0
        })
} else {
    fail("usage: fuzz --list | --write-seeds NAME FOLDER | NAME [LIBFUZZER-ARGUMENT...]")
}
