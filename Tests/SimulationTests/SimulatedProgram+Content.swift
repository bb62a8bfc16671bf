// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RemoteFS
import SFTPProtocol

// What a program does with its open files.

extension SimulatedProgram {
    func write() async {
        guard let index = open.indices.randomElement(numbers) else { return }
        let offset = numbers.below(open[index].file.content.count + 1)
        let data = numbers.bytes(1 + numbers.below(numbers.oneIn(4) ? 20_000 : 300))
        guard offset + data.count <= Self.longestFile else { return }
        await write(data, at: offset, to: index)
        if numbers.oneIn(4) { await look() }
    }

    /// Writes from the end to the beginning: pieces of which none follows the one before, so that each is
    /// a request of its own, and many are under way.
    func writeBackwards() async {
        guard let index = open.indices.randomElement(numbers) else { return }
        let count = 100 + numbers.below(500)
        for piece in (0..<count).reversed() where !open[index].isLost {
            await write(numbers.bytes(60), at: piece * 60, to: index)
        }
    }

    private func write(_ data: [UInt8], at offset: Int, to index: Int) async {
        let file = open[index]
        await attempt(
            "write \(data.count) at \(offset)", on: .content(index, changes: true)
        ) { () async throws(Errno) in
            let count = try await fileSystem.write(
                file.handle, offset: UInt64(offset), data: data[...])
            let known = file.file
            let end = offset + count
            if end > known.content.count {
                known.content += [UInt8](repeating: 0, count: end - known.content.count)
            }
            known.content.replaceSubrange(offset..<end, with: data.prefix(count))
            known.isUnsynced = true
            if count < data.count, !weather.faults.areErrors {
                violation("a write of \(data.count) wrote \(count)")
            }
        }
    }

    func read() async {
        guard let index = open.indices.randomElement(numbers) else { return }
        await compareContent(at: index)
    }

    func compareContent(at index: Int) async {
        let file = open[index]
        let content = file.file.content
        let offset = numbers.below(content.count + 1)
        await attempt("read at \(offset)", on: .content(index, changes: false)) {
            () async throws(Errno) in
            let pieces = try await fileSystem.read(
                file.handle, offset: UInt64(offset), count: Self.longestFile)
            let found = pieces.flatMap { $0 }
            guard found != Array(content[offset...]), await !mayBeLost(index) else { return }
            violation(
                "read \(found.count) bytes at \(offset) that are not the "
                    + "\(content.count - offset) that it had written")
        }
    }

    /// Changes the size, while somebody else may just be asking for it.
    func truncate() async {
        guard let index = open.indices.randomElement(numbers) else { return }
        let file = open[index]
        let size = numbers.below(Self.longestFile / 4)
        if numbers.oneIn(2) {
            loop.spawn { [fileSystem, inode = file.inode] in
                _ = try? await fileSystem.getattr(inode, handle: nil)
            }
        }
        var changes = AttributeChanges()
        changes.size = UInt64(size)
        await attempt("truncate to \(size)", on: .content(index, changes: true)) {
            [changes] () async throws(Errno) in
            _ = try await fileSystem.setattr(file.inode, changes, handle: file.handle)
            let kept = file.file.content.prefix(size)
            file.file.content = kept + [UInt8](repeating: 0, count: size - kept.count)
        }
        if numbers.oneIn(2) { await compareSize(at: index) }
    }

    /// Asks for the size, by the open file or by its name, and compares.
    func look() async {
        guard let index = open.indices.randomElement(numbers) else { return }
        let name = files.first { $0.value === open[index].file }?.key
        guard let name, numbers.oneIn(2) else { return await compareSize(at: index) }
        await attempt("look up \(text(name))", on: .content(index, changes: false)) {
            () async throws(Errno) in
            guard case .found(let entry) = try await fileSystem.lookup(name, in: try await node())
            else { throw .ENOENT }
            guard entry.status.inode == open[index].inode else { return }
            await compare(entry.status.size, at: index)
        }
    }

    private func compareSize(at index: Int) async {
        let file = open[index]
        await attempt("stat", on: .content(index, changes: false)) { () async throws(Errno) in
            let (status, _) = try await fileSystem.getattr(file.inode, handle: file.handle)
            await compare(status.size, at: index)
        }
    }

    private func compare(_ size: UInt64, at index: Int) async {
        let expected = open[index].file.content.count
        guard size != UInt64(expected), await !mayBeLost(index) else { return }
        violation("saw a size of \(size) instead of \(expected)")
    }

    func sync() async {
        guard let index = open.indices.randomElement(numbers) else { return }
        await sync(index, byClosing: false)
    }

    /// What success of fsync or close says has to be true: all that was acknowledged is there.
    func sync(_ index: Int, byClosing closes: Bool) async {
        let file = open[index]
        await attempt(closes ? "close" : "fsync", on: .durability(index)) {
            () async throws(Errno) in
            if closes {
                try await fileSystem.flush(file.handle)
            } else {
                try await fileSystem.fsync(file.handle)
            }
            // Who was told once need not be told again.
            guard !file.wasTold, !file.file.isDoubtful else { return }
            compareWithServer(file.file)
            if !file.file.isReportedLost { file.file.isUnsynced = false }
        }
        if open[index].wasTold, !file.wasTold { await tellOthers(of: file.file) }
    }

    /// Each who has a file open has to be told that something of it is lost, whoever else has been.
    private func tellOthers(of file: File) async {
        let others = open.indices.filter { open[$0].file === file && !open[$0].wasTold }
        for index in others { await sync(index, byClosing: false) }
    }

    private func compareWithServer(_ file: File) {
        guard let name = files.first(where: { $0.value === file })?.key,
            let node = try? tree.node((directory + Array("/".utf8) + name)[...])
        else { return }
        guard node.content != file.content else { return }
        violation("\(text(name)) is not what it was said to be on the server")
    }

    /// Takes note of an error that may be of what was acknowledged before.
    func noteTold(_ index: Int) {
        guard open[index].file.isUnsynced else { return }
        open[index].file.isReportedLost = true
        open[index].wasTold = true
    }

    /// Whether content may be another one than was written: where that was told, or is at the next
    /// occasion.
    private func mayBeLost(_ index: Int) async -> Bool {
        let file = open[index].file
        guard file.isUnsynced else { return file.isDoubtful }
        // Who has opened it since then need not be told.
        for holder in open.indices where open[holder].file === file && !file.isReportedLost {
            await sync(holder, byClosing: false)
        }
        return file.isDoubtful || file.isReportedLost
    }
}
