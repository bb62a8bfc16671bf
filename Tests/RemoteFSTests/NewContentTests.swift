// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Testing
import Wire

@testable import RemoteFS

/// Files that are read back while they are written anew, as linkers do.
@Suite struct NewContentTests {
    private static let roundTrip = Duration.milliseconds(50)

    /// Runs `body` with `/srv/new`, just made, behind a link of 50 ms.
    private func write(
        _ flags: OpenFlags = [.read, .write],
        configure: @escaping @Sendable (inout RemoteFSOptions) -> Void = { _ in },
        _ body:
            @escaping @Sendable (RemoteFS, FakeNetwork, FakeDisk, InodeNumber, HandleID)
            async throws -> Void
    ) throws {
        let disk = FakeDisk()
        try simulateLink(answer: disk.answers(), configure: configure) { fileSystem, network in
            await network.server.answer(after: Self.roundTrip)
            let (entry, file) = try await fileSystem.create(
                bytes("new"), in: rootInode, permissions: 0o644, flags)
            try await body(fileSystem, network, disk, entry.status.inode, file.handle)
        }
    }

    private static func text(
        _ fileSystem: RemoteFS, _ handle: HandleID, offset: UInt64 = 0
    ) async throws -> [UInt8] {
        Array(try await fileSystem.read(handle, offset: offset, count: 1000).joined())
    }

    private static func reads(_ network: FakeNetwork) async -> Int {
        await network.requests.count { if case .read = $0 { true } else { false } }
    }

    @Test func isReadBackWithoutTheServer() throws {
        try write { fileSystem, network, disk, inode, handle in
            let time = await network.loop.timed {
                _ = try await fileSystem.write(handle, offset: 0, data: bytes("head")[...])
                #expect(try await Self.text(fileSystem, handle) == bytes("head"))
                _ = try await fileSystem.write(handle, offset: 6, data: bytes("tail")[...])
                #expect(try await Self.text(fileSystem, handle) == bytes("head\0\0tail"))
                #expect(try await fileSystem.getattr(inode, handle: handle).status.size == 10)
                _ = try await fileSystem.write(handle, offset: 2, data: bytes("ADER")[...])
                #expect(try await Self.text(fileSystem, handle, offset: 1) == bytes("eADERtail"))
                #expect(try await Self.text(fileSystem, handle, offset: 10) == [])
            }.time
            #expect(time == .zero)
            #expect(await Self.reads(network) == 0)
            try await fileSystem.flush(handle)
            #expect(disk["/srv/new"]?.data == bytes("heADERtail"))
        }
    }

    @Test func anEmptiedFileIsReadBackToo() throws {
        let disk = FakeDisk()
        disk["/srv/f"] = FakeDisk.File(data: bytes("what was there"))
        try simulateLink(answer: disk.answers()) { fileSystem, network in
            let handle = try await fileSystem.open(
                try await fileSystem.find("f"), [.read, .write, .truncate]
            ).handle
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("new")[...])
            #expect(try await Self.text(fileSystem, handle) == bytes("new"))
            #expect(await Self.reads(network) == 0)
        }
    }

    @Test func itsTimesAreTheServersOnceItHasWhatWasWritten() throws {
        try write { fileSystem, network, disk, inode, handle in
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("head")[...])
            try await network.loop.sleep(for: Self.roundTrip * 2)
            disk["/srv/new"]?.mtime = 1_000_003
            let status = try await fileSystem.getattr(inode, handle: handle).status
            #expect(status.size == 4)
            #expect(status.mtime == FileTime(seconds: 1_000_003))
        }
    }

    @Test func aModeThatIsBeingSetShowsAtOnce() throws {
        try write { fileSystem, network, disk, inode, handle in
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("head")[...])
            var changes = AttributeChanges()
            changes.permissions = 0o755
            _ = try await fileSystem.setattr(inode, changes, handle: handle)
            _ = try await fileSystem.write(handle, offset: 4, data: bytes("tail")[...])
            let status = try await fileSystem.getattr(inode, handle: handle).status
            #expect(status.mode == 0o100755)
            #expect(status.size == 8)
        }
    }

    @Test func whatOthersWriteThereShowsAfterASecond() throws {
        for change in [bytes("longer than that"), bytes("HEAD")] {
            try write { fileSystem, network, disk, inode, handle in
                _ = try await fileSystem.write(handle, offset: 0, data: bytes("head")[...])
                try await network.loop.sleep(for: Self.roundTrip * 2)
                _ = try await fileSystem.getattr(inode, handle: handle)
                disk["/srv/new"]?.data = change
                disk["/srv/new"]?.mtime += 1
                try await network.loop.sleep(for: .seconds(1))
                #expect(try await Self.text(fileSystem, handle) == change)
            }
        }
    }

    @Test func afterASecondItIsConfirmedAndNotReadAgain() throws {
        try write { fileSystem, network, disk, inode, handle in
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("head")[...])
            try await network.loop.sleep(for: .seconds(2))
            let (time, text) = await network.loop.timed { try await Self.text(fileSystem, handle) }
            #expect(try text.get() == bytes("head"))
            #expect(time == Self.roundTrip)
            #expect(await Self.reads(network) == 0)
        }
    }

    @Test func whoOpensItSeesWhatTheServerHas() throws {
        try write { fileSystem, network, disk, inode, handle in
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("head")[...])
            try await fileSystem.flush(handle)
            disk["/srv/new"]?.data = bytes("HEAD")
            let reader = try await fileSystem.open(inode, .read).handle
            #expect(try await Self.text(fileSystem, reader) == bytes("HEAD"))
            #expect(try await Self.text(fileSystem, handle) == bytes("HEAD"))
        }
    }

    @Test func whatCouldNotBeWrittenIsNotShown() throws {
        try write { fileSystem, network, disk, inode, handle in
            let answer = disk.answers()
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("head")[...])
            try await network.loop.sleep(for: .seconds(1))
            try await network.server.answer { request in
                if case .write = request { failure } else { answer(request) }
            }
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("lost")[...])
            try await network.loop.sleep(for: .seconds(1))
            #expect(await fileSystem.newContents.isEmpty)
            #expect(disk["/srv/new"]?.data == bytes("head"))
        }
    }

    @Test func aLostConnectionEndsIt() throws {
        try write { fileSystem, network, disk, inode, handle in
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("head")[...])
            try await fileSystem.flush(handle)
            await network.cut()
            try await network.loop.sleep(for: .seconds(5))
            #expect(try await Self.text(fileSystem, handle) == bytes("head"))
            #expect(await Self.reads(network) > 0)
        }
    }

    @Test func onlyWhatIsReadAndWrittenAndNotTooLargeIsKept() throws {
        try write(.write) { fileSystem, _, _, _, _ in
            #expect(await fileSystem.newContents.isEmpty)
        }
        try write { fileSystem, _, _, _, handle in
            #expect(await !fileSystem.newContents.isEmpty)
            _ = try await fileSystem.write(
                handle, offset: UInt64(NewContent.fileBytes), data: [1])
            #expect(await fileSystem.newContents.isEmpty)
        }
        try write { fileSystem, _, _, _, handle in
            await fileSystem.release(handle)
            #expect(await fileSystem.newContents.isEmpty)
        }
        try write(configure: { $0.attributeValidity = .zero }) { fileSystem, _, _, _, _ in
            #expect(await fileSystem.newContents.isEmpty)
        }
    }

    @Test(arguments: 1...20) func agreesWithAnArray(seed: UInt64) throws {
        try write { fileSystem, network, disk, inode, handle in
            var random = seed
            func below(_ limit: Int) -> Int {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int((random >> 33) % UInt64(limit))
            }
            var model: [UInt8] = []
            for step in 0..<200 {
                let (offset, count) = (below(400), 1 + below(100))
                switch below(8) {
                case 0..<4:
                    let data = [UInt8](repeating: UInt8(truncatingIfNeeded: step), count: count)
                    if model.count < offset + count {
                        model += [UInt8](repeating: 0, count: offset + count - model.count)
                    }
                    model.replaceSubrange(offset..<offset + count, with: data)
                    let kind: WriteKind = below(5) == 0 ? .pages : .asOpened
                    _ = try await fileSystem.write(
                        handle, offset: UInt64(offset), data: data[...], as: kind)
                case 4: try await network.loop.sleep(for: .milliseconds(below(3000)))
                case 5 where below(10) == 0:
                    var changes = AttributeChanges()
                    changes.size = 0
                    model = []
                    _ = try await fileSystem.setattr(inode, changes, handle: handle)
                case 5:
                    let status = try await fileSystem.getattr(inode, handle: handle).status
                    #expect(status.size == UInt64(model.count))
                default:
                    let found = try await fileSystem.read(
                        handle, offset: UInt64(offset), count: count)
                    let expected = model.dropFirst(offset).prefix(count)
                    #expect(Array(found.joined()) == Array(expected))
                }
            }
            try await fileSystem.flush(handle)
            #expect(disk["/srv/new"]?.data == model)
        }
    }
}
