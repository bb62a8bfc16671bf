// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol

/// Somebody at the server, another user, who makes and removes the names that programs contend for.
actor SimulatedRival {
    private let tree: SimulatedTree
    private let numbers: SeededNumbers
    private let loop: SimulatedLoop

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    init(_ tree: SimulatedTree, _ numbers: SeededNumbers, _ loop: SimulatedLoop) {
        self.tree = tree
        self.numbers = numbers
        self.loop = loop
    }

    func run(programs: Int, until isOver: Counter) async {
        while isOver.value == 0 {
            try? await loop.sleep(for: .milliseconds(20 + numbers.below(800)))
            if numbers.oneIn(3) {
                try? SimulatedArchive.change(
                    numbers.pick(SimulatedArchive.names), in: tree, replaces: numbers.oneIn(2))
            }
            let names = SimulatedProgram.sharedNames(of: numbers.below(programs))
            change(SimulatedProgram.sharedDirectory + Array("/".utf8) + numbers.pick(names))
        }
    }

    private func change(_ path: [UInt8]) {
        do throws(Errno) {
            if let node = try? tree.node(path[...]) {
                try tree.remove(path[...], directory: node.isDirectory, by: .rival)
            } else if numbers.oneIn(2) {
                try tree.makeDirectory(path[...], permissions: 0o755, by: .rival)
            } else {
                _ = try tree.open(
                    path[...], [.write, .create, .exclusive], permissions: 0o644, by: .rival)
            }
        } catch {
            // Not empty: there is nothing in what programs make here, but for what comes late.
        }
    }
}
