// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Testing
import Wire

@testable import RemoteFS

/// What a lost session carries out only after the next one's work, and what a crash of the server undoes.
@Suite struct LateChangesTests {
    /// Runs `body` over a disk with a file `/srv/f` that holds "content", open to read and write.
    private func survive(
        mtime: UInt32 = 1_000_000, flags: OpenFlags = [.read, .write],
        _ body: @escaping @Sendable (RemoteFS, FakeNetwork, FakeDisk, HandleID) async throws -> Void
    ) throws {
        let disk = FakeDisk()
        disk["/srv/f"] = FakeDisk.File(data: bytes("content"), mtime: mtime)
        try simulateLink(answer: disk.answers()) { fileSystem, network in
            let file = try await fileSystem.open(try await fileSystem.find("f"), flags)
            try await body(fileSystem, network, disk, file.handle)
        }
    }

    private func write(
        _ text: String, at offset: UInt64, to handle: HandleID, _ fileSystem: RemoteFS
    ) async throws {
        let data = bytes(text)[...]
        #expect(try await fileSystem.write(handle, offset: offset, data: data) == data.count)
        try await fileSystem.settle(handle)
    }

    /// Makes a change whose request gets no answer, and is made again on the next connection.
    private func lose(
        _ network: FakeNetwork, _ disk: FakeDisk,
        _ change: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await network.fallSilent()
        let changing = network.loop.spawn {
            do { try await change() } catch { Issue.record("\(error)") }
        }
        try await network.loop.sleep(for: .milliseconds(100))
        await network.answer(disk.answers())
        await network.cut()
        await changing.value
    }

    private func holds(_ disk: FakeDisk, _ text: String) -> Bool {
        disk["/srv/f"]?.data == bytes(text)
    }

    @Test func whatALateWriteUndoesIsWrittenAgain() throws {
        try survive { fileSystem, network, disk, handle in
            try await lose(network, disk) { try await write("OLD", at: 2, to: handle, fileSystem) }
            try await write("NEW", at: 3, to: handle, fileSystem)
            #expect(holds(disk, "coONEWt"))
            disk["/srv/f"]?.data = bytes("coOLDWt")
            try await fileSystem.fsync(handle)
            #expect(holds(disk, "coONEWt"))
            // Later still.
            disk["/srv/f"]?.data = bytes("coOLDWt")
            try await fileSystem.flush(handle)
            #expect(holds(disk, "coONEWt"))
        }
    }

    @Test func whatALateTruncationUndoesIsWrittenAgain() throws {
        try survive { fileSystem, network, disk, handle in
            let inode = try await fileSystem.find("f")
            try await lose(network, disk) {
                var changes = AttributeChanges()
                changes.size = 3
                _ = try await fileSystem.setattr(inode, changes, handle: handle)
            }
            disk["/srv/f"]?.data = bytes("con")
            try await write("new", at: 3, to: handle, fileSystem)
            try await write("er", at: 6, to: handle, fileSystem)
            disk["/srv/f"]?.data = bytes("con")
            try await fileSystem.fsync(handle)
            #expect(holds(disk, "connewer"))
        }
    }

    @Test func appendThatComesTwiceIsAnErrorForEachHolder() throws {
        try survive(flags: [.write, .append]) { fileSystem, network, disk, handle in
            let inode = try await fileSystem.find("f")
            let other = try await fileSystem.open(inode, [.read, .write])
            try await lose(network, disk) { try await write("two", at: 0, to: handle, fileSystem) }
            try await write("three", at: 0, to: handle, fileSystem)
            try await fileSystem.fsync(handle)
            #expect(holds(disk, "contenttwothree"))
            disk["/srv/f"]?.data = bytes("contenttwothreetwo")
            #expect(
                await fails(.EIO) { () async throws(Errno) in try await fileSystem.fsync(handle) })
            try await fileSystem.fsync(handle)
            #expect(
                await fails(.EIO) { () async throws(Errno) in
                    try await fileSystem.flush(other.handle)
                })
            try await fileSystem.flush(other.handle)
            // Who opens the file after that has not written it.
            let third = try await fileSystem.open(inode, .write)
            try await fileSystem.fsync(third.handle)
        }
    }

    /// Of many files at a time; the old session has had the longest time for those that were lost first.
    @Test func notMoreIsKeptThanAMountMay() throws {
        try survive { fileSystem, network, disk, first in
            disk["/srv/g"] = FakeDisk.File(data: bytes("content"))
            let second = try await fileSystem.open(try await fileSystem.find("g"), [.read, .write])
            await fileSystem.keepLateChanges(upTo: 11)
            for handle in [first, second.handle] {
                // On this connection it is open, so that the next WRITE is sent.
                try await write("co", at: 0, to: handle, fileSystem)
                try await lose(network, disk) {
                    try await write("OLD", at: 2, to: handle, fileSystem)
                }
                try await write("NEW", at: 2, to: handle, fileSystem)
            }
            #expect(await fileSystem.lateFiles.byteCount == 6)
            for path in ["/srv/f", "/srv/g"] { disk[path]?.data = bytes("coOLDnt") }
            for handle in [first, second.handle] { try await fileSystem.fsync(handle) }
            #expect(disk["/srv/f"]?.data == bytes("coOLDnt"))
            #expect(disk["/srv/g"]?.data == bytes("coNEWnt"))
            try await network.loop.sleep(for: LateChanges.lifetime)
            #expect(await fileSystem.lateFiles.byteCount == 0)
        }
    }

    @Test func whatOthersHaveWrittenIsLeftAlone() throws {
        try survive { fileSystem, network, disk, handle in
            try await lose(network, disk) { try await write("OLD", at: 2, to: handle, fileSystem) }
            try await write("NEW", at: 2, to: handle, fileSystem)
            disk["/srv/f"]?.data = bytes("coXYZnt")
            try await fileSystem.fsync(handle)
            #expect(holds(disk, "coXYZnt"))
        }
    }

    @Test func nothingIsReadBackWhereTheOldSessionHasEnded() throws {
        try survive { fileSystem, network, disk, handle in
            await network.endOlderSessions()
            try await lose(network, disk) { try await write("OLD", at: 2, to: handle, fileSystem) }
            try await write("NEW", at: 2, to: handle, fileSystem)
            try await fileSystem.fsync(handle)
            try await fileSystem.flush(handle)
            for case .read in await network.requests { Issue.record("something was read") }
        }
    }

    @Test func nothingIsReadBackOnceItIsTooLateForThat() throws {
        try survive { fileSystem, network, disk, handle in
            try await lose(network, disk) { try await write("OLD", at: 2, to: handle, fileSystem) }
            try await write("NEW", at: 2, to: handle, fileSystem)
            try await network.loop.sleep(for: LateChanges.lifetime)
            try await fileSystem.fsync(handle)
            for case .read in await network.requests { Issue.record("something was read") }
        }
    }

    /// A stream that is written from front to back costs nothing: to do the same once more changes nothing.
    @Test func whatWasOnlyWrittenOnceIsNotReadBack() throws {
        try survive { fileSystem, network, disk, handle in
            try await lose(network, disk) { try await write("one", at: 0, to: handle, fileSystem) }
            try await write("two", at: 3, to: handle, fileSystem)
            try await fileSystem.fsync(handle)
            for case .read in await network.requests { Issue.record("something was read") }
        }
    }

    // MARK: Crashes

    @Test func writeThatACrashHasUndoneIsAnErrorOfFsync() throws {
        try survive(mtime: 2) { fileSystem, network, disk, handle in
            try await write("CONTENT", at: 0, to: handle, fileSystem)
            disk["/srv/f"]?.data = bytes("content")
            await network.answer(disk.answers())
            await network.cut()
            #expect(
                await fails(.EIO) { () async throws(Errno) in try await fileSystem.fsync(handle) })
            try await fileSystem.fsync(handle)
        }
    }

    @Test func writeThatIsStillThereIsNoErrorOfFsync() throws {
        try survive(mtime: 2) { fileSystem, network, disk, handle in
            try await write("CONTENT", at: 0, to: handle, fileSystem)
            disk["/srv/f"]?.mtime = 1_000_000
            await network.answer(disk.answers())
            await network.cut()
            try await fileSystem.fsync(handle)
        }
    }

    /// What has been synced is on the disk, and its time with it; a disk whose times never change tells
    /// nothing.
    @Test func writeThatWasSyncedIsNotMissed() throws {
        try survive(mtime: 2) { fileSystem, network, disk, handle in
            try await write("CONTENT", at: 0, to: handle, fileSystem)
            try await fileSystem.fsync(handle)
            await network.answer(disk.answers())
            await network.cut()
            try await fileSystem.fsync(handle)
        }
    }

    // MARK: The value

    /// Random writes, truncations and losses against a plain array of what each byte should be.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func keepsWhatWasWrittenLast(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func random(_ limit: UInt64) -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state % limit
        }
        var late = LateChanges()
        var model = [UInt8?](repeating: nil, count: 64)
        var lost = FilePiece(offset: 0, data: [])
        for step in 1...200 as ClosedRange<UInt8> {
            let isRepeated = random(6) == 0
            let offset = isRepeated ? lost.offset : random(50)
            let data =
                isRepeated ? lost.data : [UInt8](repeating: step, count: 1 + Int(random(12)))[...]
            switch isRepeated ? 5 : random(6) {
            case 0:
                lost = FilePiece(offset: offset, data: data)
                late.noteLost(write: data, at: offset)
            case 1:
                late.noteTruncated(to: offset)
                for index in Int(offset)..<model.count { model[index] = nil }
            case 2 where step > 100: late.noteLost(truncation: offset)
            default:
                late.noteWritten(data, at: offset)
                for index in 0..<data.count { model[Int(offset) + index] = data.first }
            }
            var covered = Set<UInt64>()
            for piece in late.written {
                #expect(covered.isDisjoint(with: piece.range))
                covered.formUnion(piece.range)
                let wanted = model[Int(piece.range.lowerBound)..<Int(piece.range.upperBound)]
                #expect(wanted.elementsEqual(piece.data.map { Optional($0) }))
                #expect(late.judge(piece, piece.data) == .same)
            }
        }
    }
}

extension RemoteFS {
    fileprivate func keepLateChanges(upTo limit: Int) { lateFiles.limit = limit }
}
