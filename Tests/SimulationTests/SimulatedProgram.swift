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
    private final class File {
        var content: [UInt8] = []
        /// Whether a failed change may have been made or not: nothing is said of it any more.
        var isDoubtful = false
        /// Whether it has no name any more, or may have none.
        var isRemoved = false
    }

    /// A file that this program has open.
    private struct Open {
        let handle: HandleID
        let inode: InodeNumber
        let file: File
    }

    private static let longestFile = 40_000

    private let index: Int
    private let fileSystem: RemoteFS
    private let tree: SimulatedTree
    private let numbers: SeededNumbers
    private let trace: Trace
    private let loop: SimulatedLoop
    private let meetsErrors: Bool
    private let givesUp: Bool
    private var names = ["a", "b", "c", "d"].map { Array($0.utf8) }
    private var files: [[UInt8]: File] = [:]
    /// Names of which nothing is said any more: a change of them failed, and may be made still, by a
    /// session whose bytes are on their way.
    private var doubtfulNames: Set<[UInt8]> = []
    private var open: [Open] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - meetsErrors: whether the server makes errors up.
    ///   - givesUp: whether operations wait for a lost connection for a limited time.
    init(
        _ index: Int, _ fileSystem: RemoteFS, _ tree: SimulatedTree, _ numbers: SeededNumbers,
        _ trace: Trace, _ loop: SimulatedLoop, meetsErrors: Bool, givesUp: Bool
    ) {
        self.index = index
        self.fileSystem = fileSystem
        self.tree = tree
        self.numbers = numbers
        self.trace = trace
        self.loop = loop
        self.meetsErrors = meetsErrors
        self.givesUp = givesUp
    }

    func run(_ count: Int) async {
        for _ in 0..<count {
            await step()
            try? await loop.sleep(for: .milliseconds(numbers.below(300)))
        }
        for index in open.indices.reversed() { await compareContent(at: index) }
        while !open.isEmpty { await close(0) }
        await compareNames()
    }

    private func step() async {
        switch numbers.below(12) {
        case 0, 1: await create()
        case 2: await openExisting()
        case 3, 4, 5: await write()
        case 6, 7: await read()
        case 8: await truncate()
        case 9: await sync()
        case 10: await rename()
        default: numbers.oneIn(2) ? await remove() : await compareNames()
        }
    }

    // MARK: Names

    private var directory: Bytes { Array("w\(index)".utf8)[...] }

    private func node() async throws(Errno) -> InodeNumber {
        switch try await fileSystem.lookup(Array(directory), in: rootInode) {
        case .found(let entry): return entry.status.inode
        case .absent: throw .ENOENT
        }
    }

    private func create() async {
        let name = numbers.pick(names)
        let isNew = files[name] == nil
        await attempt("create \(text(name))", mayChange: [name]) { () async throws(Errno) in
            let flags: OpenFlags =
                numbers.oneIn(2) ? [.read, .write, .exclusive] : [.read, .write]
            do throws(Errno) {
                let (entry, opened) = try await fileSystem.create(
                    name, in: try await node(), permissions: 0o644, flags)
                if !isNew, flags.contains(.exclusive) {
                    trace.violation("an exclusive create of what was there succeeded")
                }
                let file = files[name] ?? File()
                files[name] = file
                open.append(
                    Open(handle: opened.handle, inode: entry.status.inode, file: file))
            } catch .EEXIST where !isNew && flags.contains(.exclusive) {
                return
            }
        }
        await closeSome()
    }

    private func openExisting() async {
        guard let name = someName, let file = files[name] else { return }
        await attempt("open \(text(name))", mayChange: []) { () async throws(Errno) in
            guard case .found(let entry) = try await fileSystem.lookup(name, in: try await node())
            else { throw .ENOENT }
            let opened = try await fileSystem.open(entry.status.inode, [.read, .write])
            open.append(Open(handle: opened.handle, inode: entry.status.inode, file: file))
        }
        await closeSome()
    }

    /// A name that is there.
    private var someName: [UInt8]? {
        files.keys.sorted { $0.lexicographicallyPrecedes($1) }.randomElement(numbers)
    }

    private func closeSome() async {
        while open.count > 4 {
            await close(numbers.below(open.count))
        }
    }

    private func close(_ index: Int) async {
        await fileSystem.release(open.remove(at: index).handle)
    }

    private func rename() async {
        let (old, new) = (numbers.pick(names), numbers.pick(names))
        guard old != new, let file = files[old] else { return }
        await attempt("rename \(text(old)) to \(text(new))", mayChange: [old, new]) {
            () async throws(Errno) in
            let parent = try await node()
            try await fileSystem.rename(
                Rename(
                    oldParent: parent, oldName: old, newParent: parent, newName: new,
                    mayReplace: true))
            files[old] = nil
            files[new]?.isRemoved = true
            files[new] = file
        }
    }

    private func remove() async {
        guard let name = someName else { return }
        await attempt("remove \(text(name))", mayChange: [name]) { () async throws(Errno) in
            try await fileSystem.unlink(name, in: try await node())
            files[name]?.isRemoved = true
            files[name] = nil
        }
    }

    // MARK: Content

    private func write() async {
        guard let index = open.indices.randomElement(numbers) else { return }
        let file = open[index]
        let offset = numbers.below(file.file.content.count + 1)
        let data = numbers.bytes(1 + numbers.below(numbers.oneIn(4) ? 20_000 : 300))
        guard offset + data.count <= Self.longestFile else { return }
        await attempt("write \(data.count) at \(offset)", on: index) { () async throws(Errno) in
            let count = try await fileSystem.write(
                file.handle, offset: UInt64(offset), data: data[...])
            let known = file.file
            let end = offset + count
            if end > known.content.count {
                known.content += [UInt8](repeating: 0, count: end - known.content.count)
            }
            known.content.replaceSubrange(offset..<end, with: data.prefix(count))
            if count < data.count, !meetsErrors {
                trace.violation("a write of \(data.count) wrote \(count)")
            }
        }
    }

    private func read() async {
        guard let index = open.indices.randomElement(numbers) else { return }
        await compareContent(at: index)
    }

    private func compareContent(at index: Int) async {
        let file = open[index]
        let content = file.file.content
        let offset = numbers.below(content.count + 1)
        await attempt("read at \(offset)", on: index, changes: false) { () async throws(Errno) in
            let pieces = try await fileSystem.read(
                file.handle, offset: UInt64(offset), count: Self.longestFile)
            let found = pieces.flatMap { $0 }
            guard !file.file.isDoubtful, found != Array(content[offset...]) else { return }
            trace.violation(
                "program \(self.index) read \(found.count) bytes at \(offset) that are not the "
                    + "\(content.count - offset) that it had written")
        }
    }

    private func truncate() async {
        guard let index = open.indices.randomElement(numbers) else { return }
        let file = open[index]
        let size = numbers.below(Self.longestFile / 4)
        var changes = AttributeChanges()
        changes.size = UInt64(size)
        await attempt("truncate to \(size)", on: index) { [changes] () async throws(Errno) in
            _ = try await fileSystem.setattr(file.inode, changes, handle: file.handle)
            let kept = file.file.content.prefix(size)
            file.file.content = kept + [UInt8](repeating: 0, count: size - kept.count)
        }
    }

    private func sync() async {
        guard let index = open.indices.randomElement(numbers) else { return }
        let file = open[index]
        await attempt("fsync", on: index, changes: false) { () async throws(Errno) in
            try await fileSystem.fsync(file.handle)
        }
    }

    // MARK: Comparing

    private func compareNames() async {
        await attempt("list", mayChange: []) { () async throws(Errno) in
            let handle = try await fileSystem.opendir(try await node())
            var found: Set<[UInt8]> = []
            var offset: UInt64 = 0
            do throws(Errno) {
                while true {
                    let entries = try await fileSystem.readdir(
                        handle, offset: offset, room: 4096, overhead: 24, attributes: false)
                    guard let last = entries.last else { break }
                    for entry in entries where !found.insert(entry.name).inserted {
                        trace.violation("\(text(entry.name)) is listed twice")
                    }
                    offset = last.nextOffset
                }
            } catch {
                await fileSystem.releasedir(handle)
                throw error
            }
            await fileSystem.releasedir(handle)
            let names = found.subtracting(doubtfulNames).subtracting([
                Array(".".utf8), Array("..".utf8),
            ])
            if names != Set(files.keys) {
                trace.violation(
                    "program \(index) lists \(names.map(text).sorted()) instead of "
                        + "\(files.keys.map(text).sorted())")
            }
        }
    }

    private func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }

    // MARK: Attempts

    /// Tries something that may change what names stand for.
    ///
    /// Where it fails, the server may have done it or not.
    private func attempt(
        _ what: String, mayChange names: [[UInt8]],
        _ body: () async throws(Errno) -> Void
    ) async {
        do throws(Errno) {
            try await body()
            note(what, "ok")
        } catch {
            note(what, "error \(error.rawValue)")
            // What must not be done twice is not, where nobody can tell whether it was done.
            guard isExplained(error) || error == .EIO && !names.isEmpty else {
                return trace.violation("program \(index): \(what): error \(error.rawValue)")
            }
            for name in names { giveUp(name) }
        }
    }

    private func attempt(
        _ what: String, on file: Int, changes: Bool = true, _ body: () async throws(Errno) -> Void
    ) async {
        do throws(Errno) {
            try await body()
            note(what, "ok")
        } catch {
            note(what, "error \(error.rawValue)")
            // What has no name any more can't be opened again.
            guard isExplained(error) || error == .ESTALE && open[file].file.isRemoved else {
                return trace.violation("program \(index): \(what): error \(error.rawValue)")
            }
            if changes { open[file].file.isDoubtful = true }
            if error == .ESTALE { await close(file) }
        }
    }

    /// Whether an error is one that there has been a reason for.
    private func isExplained(_ error: Errno) -> Bool {
        switch error {
        case .ETIMEDOUT: givesUp
        case .EIO, .ENOSPC: meetsErrors
        default: false
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

    private func note(_ what: String, _ outcome: String) {
        trace.note("\(loop.now) program \(index): \(what): \(outcome)")
    }
}

extension Collection {
    fileprivate func randomElement(_ numbers: SeededNumbers) -> Element? {
        isEmpty ? nil : self[index(startIndex, offsetBy: numbers.below(count))]
    }
}
