// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RemoteFS
import SFTPProtocol
import Wire

/// A program that works in a directory of its own, and knows what has to be there.
///
/// As nobody else changes anything there, each operation that succeeds has exactly one right result, and
/// one that fails has to have a reason: an error that the server made up, or a change that was under way
/// when the connection was lost.
actor SimulatedProgram {
    /// A file as it has to be.
    final class File {
        var content: [UInt8] = []
        /// Whether a failed change may have been made or not: nothing is said of it any more.
        var isDoubtful = false
        /// Whether it has no name any more, or may have none.
        var isRemoved = false
        /// Whether something of it was acknowledged and not synced since.
        var isUnsynced = false
        /// Whether somebody who has it open was told that such a thing is lost.
        var isReportedLost = false
    }

    /// A file that this program has open.
    struct Open {
        let handle: HandleID
        let inode: InodeNumber
        let file: File
        /// Whether it can't be used any more.
        var isLost = false
        /// Whether it was told of an error of what had been acknowledged, or need not be.
        var wasTold = false
    }

    /// What an attempt leaves in doubt when it fails.
    enum Subject {
        /// Nothing: it is only looked at.
        case nothing
        /// What these names stand for.
        case names([[UInt8]])
        /// The content of an open file, by its place among them; or nothing of it.
        case content(Int, changes: Bool)
        /// That what was acknowledged of an open file stays.
        case durability(Int)
    }

    static let longestFile = 40_000

    let index: Int
    let fileSystem: RemoteFS
    let tree: SimulatedTree
    let numbers: SeededNumbers
    let trace: Trace
    let loop: SimulatedLoop
    let weather: SimulatedWeather
    var names = ["a", "b", "c", "d"].map { Array($0.utf8) }
    var files: [[UInt8]: File] = [:]
    /// Names of which nothing is said any more: a change of them failed, and may be made still, by a
    /// session whose bytes are on their way.
    var doubtfulNames: Set<[UInt8]> = []
    var open: [Open] = []
    /// How much of what has become of shared names belongs to operations that have been checked.
    var checkedEvents = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    init(
        _ index: Int, _ fileSystem: RemoteFS, _ tree: SimulatedTree, _ numbers: SeededNumbers,
        _ trace: Trace, _ loop: SimulatedLoop, _ weather: SimulatedWeather
    ) {
        self.index = index
        self.fileSystem = fileSystem
        self.tree = tree
        self.numbers = numbers
        self.trace = trace
        self.loop = loop
        self.weather = weather
    }

    func run(_ count: Int) async {
        for _ in 0..<count {
            await weather.interrupts && numbers.oneIn(6) ? interruptedStep() : step()
            await closeSome(keeping: 4)
            try? await loop.sleep(for: .milliseconds(numbers.below(300)))
        }
        for index in open.indices.reversed() { await compareContent(at: index) }
        await closeSome(keeping: 0)
        await compareNames()
    }

    private func step() async {
        switch numbers.below(14) {
        case 0, 1: await create()
        case 2: await openExisting()
        case 3, 4: await write()
        case 5:
            weather.widensAtOnce && numbers.oneIn(2) ? await writeBackwards() : await write()
        case 6, 7: await read()
        case 8: await truncate()
        case 9: await sync()
        case 10: await rename()
        case 11: numbers.oneIn(2) ? await readArchive() : await look()
        case 12: weather.hasRival ? await contend() : await compareNames()
        default: numbers.oneIn(2) ? await remove() : await compareNames()
        }
    }

    /// Something that a signal ends, now or in a while.
    private func interruptedStep() async {
        let work = loop.spawn { await self.step() }
        let timer = loop.schedule(at: loop.now + .milliseconds(numbers.below(600))) {
            work.cancel()
        }
        await work.value
        loop.cancel(timer)
    }

    /// Closes files that are of no use any more, and others.
    private func closeSome(keeping count: Int) async {
        while let lost = open.firstIndex(where: \.isLost) { await close(lost) }
        while open.count > count { await close(numbers.below(open.count)) }
    }

    private func close(_ index: Int) async {
        await sync(index, byClosing: true)
        await fileSystem.release(open.remove(at: index).handle)
    }

    // MARK: Attempts

    /// Tries something.
    ///
    /// Where a change fails, the server may have made it or not.
    func attempt(
        _ what: String, on subject: Subject, _ body: () async throws(Errno) -> Void
    ) async {
        do throws(Errno) {
            try await body()
            note(what, "ok")
        } catch {
            note(what, "error \(error.rawValue)")
            if !isExplained(error, on: subject) { violation("\(what): error \(error.rawValue)") }
            switch subject {
            case .nothing: break
            case .names(let names): for name in names { giveUp(name) }
            case .content(let index, let changes):
                if changes {
                    open[index].file.isDoubtful = true
                    noteTold(index)
                }
                if error == .ESTALE { open[index].isLost = true }
            case .durability(let index):
                noteTold(index)
                if error == .ESTALE { open[index].isLost = true }
            }
        }
    }

    /// Whether an error is one that there has been a reason for.
    private func isExplained(_ error: Errno, on subject: Subject) -> Bool {
        if weather.explains(error) { return true }
        switch subject {
        case .nothing: return false
        // What must not be done twice is not, where nobody can tell whether it was done.
        case .names(let names): return error == .EIO && !names.isEmpty
        // What has no name any more can't be opened again.
        case .content(let index, _), .durability(let index):
            return error == .ESTALE && open[index].file.isRemoved
        }
    }

    /// Goes on with another name, after a change of this one that may have been made or not.
    private func giveUp(_ name: [UInt8]) {
        files[name]?.isDoubtful = true
        files[name]?.isRemoved = true
        files[name] = nil
        doubtfulNames.insert(name)
        names = names.map { $0 == name ? name + Array("x".utf8) : $0 }
    }

    /// Takes note of what must never happen, unless a session that was held up can have caused it: that
    /// such a one carries out late what it had received is among what remains (Docs/FAILURES.md).
    func violation(_ what: String, in area: [UInt8]? = nil) {
        guard !tree.changedLate.contains(area ?? directory) else { return }
        trace.violation("program \(index): \(what)")
    }

    private func note(_ what: String, _ outcome: String) {
        trace.note("\(loop.now) program \(index): \(what): \(outcome)")
    }

    /// The name of its directory, in the root.
    var directory: [UInt8] { Array("w\(index)".utf8) }

    func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }
}

extension Collection {
    func randomElement(_ numbers: SeededNumbers) -> Element? {
        isEmpty ? nil : self[index(startIndex, offsetBy: numbers.below(count))]
    }
}
