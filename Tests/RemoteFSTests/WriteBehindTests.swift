// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import RemoteFS

/// Writes that return before the server has answered, and who learns what has become of them.
@Suite struct WriteBehindTests {
    /// Runs `body` over a disk with a file `/srv/f` that holds "content", open to read and write.
    private func write(
        timeout: Duration? = .seconds(60),
        _ body: @escaping @Sendable (RemoteFS, FakeNetwork, FakeDisk, HandleID) async throws -> Void
    ) throws {
        let disk = FakeDisk()
        disk["/srv/f"] = FakeDisk.File(data: bytes("content"))
        try simulateLink(timeout: timeout, answer: disk.answers()) { fileSystem, network in
            let file = try await fileSystem.open(
                try await fileSystem.find("f"), [.read, .write])
            try await body(fileSystem, network, disk, file.handle)
        }
    }

    /// The WRITEs so far.
    private func writes(_ network: FakeNetwork) async -> [Range<UInt64>] {
        await network.requests.compactMap {
            guard case .write(_, let offset, let data) = $0 else { return nil }
            return offset..<offset + UInt64(data.byteCount)
        }
    }

    /// Takes a file's contents away from under its handle, or the room.
    private func refuse(_ network: FakeNetwork, _ disk: FakeDisk, with reply: SFTPReply)
        async throws
    {
        let answer = disk.answers()
        try await network.server.answer { request in
            if case .write = request { reply } else { answer(request) }
        }
    }

    @Test func smallWritesGatherWhileOneIsUnderWay() throws {
        try write { fileSystem, network, disk, handle in
            try await network.server.answer { _ in nil }
            let data = [UInt8](repeating: 7, count: 4096)[...]
            for index in 0..<8 {
                let count = try await fileSystem.write(
                    handle, offset: UInt64(index) * 4096, data: data)
                #expect(count == 4096)
                if index == 0 { try await network.loop.sleep(for: FileWrites.gatheringTime * 2) }
            }
            #expect(await fileSystem.unwritten == UnwrittenData(files: 1, bytes: 32_768))
            try await network.loop.sleep(for: .seconds(1))
            #expect(await writes(network) == [0..<4096])
            try await network.server.answer { _ in ok }
            try await fileSystem.settle(handle)
            #expect(await writes(network) == [0..<4096, 4096..<32_768])
            #expect(await fileSystem.unwritten == UnwrittenData(files: 0, bytes: 0))
        }
    }

    /// The kernel takes the size for the file's, and drops what it holds behind it.
    @Test func aLookupShowsTheSizeAfterThem() throws {
        try write { fileSystem, network, disk, handle in
            await network.server.answer(after: .milliseconds(50))
            let data = [UInt8](repeating: 7, count: 4096)[...]
            for round in 1...2 {
                _ = try await fileSystem.write(handle, offset: UInt64(round) * 4096, data: data)
                let found = try await fileSystem.lookup(bytes("f"), in: rootInode)
                guard case .found(let entry) = found else { throw Errno.ENOENT }
                #expect(entry.status.size == UInt64(round + 1) * 4096)
                await fileSystem.forget(entry.status.inode, count: 1)
                try await fileSystem.settle(handle)
            }
        }
    }

    @Test func smallWritesGatherForAMomentUnlessSomebodyWaits() throws {
        try write { fileSystem, network, disk, handle in
            await network.server.answer(after: .milliseconds(1))
            let data = [UInt8](repeating: 7, count: 4096)[...]
            for round in 0..<2 {
                let offset = UInt64(round) * 8192
                _ = try await fileSystem.write(handle, offset: offset, data: data)
                _ = try await fileSystem.write(handle, offset: offset + 4096, data: data)
                let settling = await network.loop.timed {
                    if round == 0 {
                        try await fileSystem.settle(handle)
                    } else {
                        while await fileSystem.unwritten.bytes > 0 {
                            try await network.loop.sleep(for: .microseconds(10))
                        }
                    }
                }
                let time = FileWrites.gatheringTime * round + .milliseconds(1)
                #expect(time...(time + .microseconds(100)) ~= settling.time)
            }
            #expect(await writes(network) == [0..<8192, 8192..<16_384])
        }
    }

    /// By its other name it may be another node, which can't know what is pending here.
    @Test func fileWithASecondNameIsWrittenAtOnceAndAfterAllElse() throws {
        try write { fileSystem, network, disk, handle in
            disk["/srv/other"] = FakeDisk.File(data: bytes("other"))
            disk["/srv/g"] = disk["/srv/f"]
            let other = try await fileSystem.open(
                try await fileSystem.find("other"), [.read, .write]
            ).handle
            _ = try await fileSystem.link(
                try await fileSystem.find("f"), as: bytes("g"), in: rootInode)
            await network.server.answer(after: .milliseconds(50))
            _ = try await fileSystem.write(other, offset: 0, data: bytes("pending")[...])
            #expect(await fileSystem.unwritten.bytes == 7)
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("written")[...])
            #expect(await fileSystem.unwritten.bytes == 0)
            #expect(disk["/srv/f"]?.data == bytes("written"))
        }
    }

    @Test func neverAreTwoOverlappingWritesUnderWay() throws {
        try write { fileSystem, network, disk, handle in
            try await network.server.answer { _ in nil }
            for text in ["first", "second", "third"] {
                _ = try await fileSystem.write(handle, offset: 2, data: bytes(text)[...])
                try await network.loop.sleep(for: .seconds(1))
            }
            #expect(await writes(network) == [2..<7])
            try await network.server.answer { _ in ok }
            try await fileSystem.settle(handle)
            // What has been overwritten before it was sent never is.
            #expect(await writes(network) == [2..<7, 7..<8, 2..<7])
        }
    }

    @Test func whatIsPendingIsReadAndCounts() throws {
        try write { fileSystem, network, disk, handle in
            await network.server.answer(after: .seconds(1))
            let inode = try await fileSystem.find("f")
            _ = try await fileSystem.write(handle, offset: 20, data: bytes("end")[...])
            let (status, _) = try await fileSystem.getattr(inode, handle: handle)
            #expect(status.size == 23)
            _ = try await fileSystem.write(handle, offset: 3, data: bytes("TENT")[...])
            let found = try await fileSystem.read(handle, offset: 0, count: 100)
            #expect(
                Array(found.joined()) == bytes("conTENT") + [UInt8](repeating: 0, count: 13)
                    + bytes("end"))
        }
    }

    @Test func aShorterFileIsNotMadeLongerByWhatWasPending() throws {
        try write { fileSystem, network, disk, handle in
            await network.server.answer(after: .seconds(1))
            let inode = try await fileSystem.find("f")
            _ = try await fileSystem.write(handle, offset: 20, data: bytes("end")[...])
            var changes = AttributeChanges()
            changes.size = 3
            _ = try await fileSystem.setattr(inode, changes, handle: handle)
            let order = await network.requests.compactMap { request -> String? in
                switch request {
                case .write: "write"
                case .fsetstat, .setstat: "truncate"
                default: nil
                }
            }
            #expect(order == ["write", "truncate"])
        }
    }

    // MARK: Errors

    @Test func aFailureIsToldByTheNextWriteAndByFsyncAndToEachHolder() throws {
        try write { fileSystem, network, disk, handle in
            let other = try await fileSystem.open(try await fileSystem.find("f"), [.read, .write])
            try await refuse(network, disk, with: .status(SFTPStatus(.permissionDenied)))
            let data = bytes("lost")[...]
            #expect(try await fileSystem.write(handle, offset: 0, data: data) == 4)
            try await fileSystem.settle(handle)
            for _ in 0..<2 {
                #expect(
                    await fails(.EACCES) { () async throws(Errno) in
                        try await fileSystem.write(handle, offset: 0, data: data)
                    })
            }
            for holder in [handle, other.handle] {
                #expect(
                    await fails(.EACCES) { () async throws(Errno) in
                        try await fileSystem.fsync(holder)
                    })
                try await fileSystem.flush(holder)
            }
            // Who opens it after that has written nothing that is lost.
            let third = try await fileSystem.open(try await fileSystem.find("f"), .write)
            try await fileSystem.flush(third.handle)
        }
    }

    @Test func closeTellsThatTheDiskIsFull() throws {
        try write { fileSystem, network, disk, handle in
            try await network.server.answer { request in
                switch request {
                case .write: failure
                case .statvfs: statistics(bavail: 0)
                default: ok
                }
            }
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("lost")[...])
            #expect(
                await fails(.ENOSPC) { () async throws(Errno) in try await fileSystem.flush(handle)
                })
        }
    }

    /// What a program does about an error must not make it forget data that it was not told of.
    @Test func aWriteThatSucceedsAfterAFailureClearsNothing() throws {
        try write { fileSystem, network, disk, handle in
            try await refuse(network, disk, with: failure)
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("lost")[...])
            try await fileSystem.settle(handle)
            await #expect(throws: Errno.self) {
                try await fileSystem.write(handle, offset: 4, data: bytes("more")[...])
            }
            try await network.server.answer { _ in ok }
            #expect(try await fileSystem.write(handle, offset: 4, data: bytes("more")[...]) == 4)
            // It waits now, so that its own outcome is known.
            #expect(await fileSystem.unwritten.bytes == 0)
            await #expect(throws: Errno.self) { try await fileSystem.flush(handle) }
        }
    }

    // MARK: Losses

    /// Of an attempt during which the connection is lost no error tells anything, but for one of what had
    /// been acknowledged.
    @Test func aFailureBehindALossIsToldByTheFsyncThatWaits() throws {
        try write { fileSystem, network, disk, handle in
            try await network.server.answer { _ in nil }
            let answer = disk.answers()
            await network.answer { request in
                if case .write = request {
                    .status(SFTPStatus(.permissionDenied))
                } else {
                    answer(request)
                }
            }
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("lost")[...])
            let loop = network.loop
            loop.spawn {
                try? await loop.sleep(for: .seconds(1))
                await network.cut()
            }
            #expect(
                await fails(.EACCES) { () async throws(Errno) in try await fileSystem.fsync(handle)
                })
        }
    }

    @Test(arguments: [false, true])
    func whatIsPendingIsSentOnTheNextConnection(hadArrived: Bool) throws {
        try write { fileSystem, network, disk, handle in
            try await network.server.answer { request in
                if hadArrived, case .write(_, 0, _) = request {
                    disk["/srv/f"]?.data = bytes("OLDtent")
                }
                return nil
            }
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("OLD")[...])
            _ = try await fileSystem.write(handle, offset: 1, data: bytes("NEW")[...])
            _ = try await fileSystem.write(handle, offset: 10, data: bytes("tail")[...])
            await network.answer(disk.answers())
            try await network.loop.sleep(for: .milliseconds(100))
            await network.cut()
            try await fileSystem.flush(handle)
            #expect(disk["/srv/f"]?.data == bytes("ONEWent") + [0, 0, 0] + bytes("tail"))
        }
    }

    @Test func whatCanNotBeSentAgainIsAnErrorOfClose() throws {
        try write { fileSystem, network, disk, handle in
            try await network.server.answer { _ in nil }
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("lost")[...])
            await network.answer(disk.answers())
            disk["/srv/f"] = FakeDisk.File(data: bytes("of somebody else"), mtime: 999_000)
            await network.cut()
            #expect(
                await fails(.ESTALE) { () async throws(Errno) in try await fileSystem.flush(handle)
                })
            #expect(disk["/srv/f"]?.data == bytes("of somebody else"))
            #expect(await fileSystem.unwritten == UnwrittenData(files: 0, bytes: 0))
        }
    }

    @Test func whatIsPendingWhenTheTimeIsUpIsAnErrorOfClose() throws {
        try write { fileSystem, network, disk, handle in
            try await network.server.answer { _ in nil }
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("lost")[...])
            await network.refuse(LinkFailure(.unreachable, "no route"))
            await network.cut()
            let closing = await network.loop.timed { try await fileSystem.flush(handle) }
            #expect(throws: Errno.ETIMEDOUT) { try closing.result.get() }
            #expect(.seconds(40)...(.seconds(61)) ~= closing.time)
        }
    }

    /// Without a connection nothing is taken that may have to be given up.
    @Test func nothingIsAcceptedWhileThereIsNoConnection() throws {
        try write { fileSystem, network, disk, handle in
            await network.refuse(LinkFailure(.unreachable, "no route"))
            await network.answer(disk.answers())
            await network.cut()
            try await network.loop.sleep(for: .milliseconds(100))
            let isDone = Mutex(false)
            let writing = network.loop.spawn {
                _ = try? await fileSystem.write(handle, offset: 0, data: bytes("CON")[...])
                isDone.withLock { $0 = true }
            }
            try await network.loop.sleep(for: .seconds(5))
            #expect(!isDone.withLock { $0 })
            await network.refuse(nil)
            await writing.value
            #expect(disk["/srv/f"]?.data == bytes("CONtent"))
        }
    }

    @Test func releaseWaitsForWhatIsPending() throws {
        try write { fileSystem, network, disk, handle in
            await network.server.answer(after: .seconds(1))
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("CON")[...])
            await fileSystem.release(handle)
            #expect(disk["/srv/f"]?.data == bytes("CONtent"))
            #expect(await fileSystem.usage.openFiles == 0)
        }
    }

    // MARK: Bounds

    @Test func writersWaitForRoom() throws {
        try write { fileSystem, network, disk, handle in
            try await network.server.answer { _ in nil }
            let data = [UInt8](repeating: 7, count: 1 << 20)[...]
            let count = Mutex(0)
            let writing = network.loop.spawn {
                for index in 0..<12 {
                    _ = try? await fileSystem.write(
                        handle, offset: UInt64(index) << 20, data: data)
                    count.withLock { $0 += 1 }
                }
            }
            try await network.loop.sleep(for: .milliseconds(100))
            #expect(count.withLock { $0 } == FileWrites.fileBytes >> 20)
            #expect(await fileSystem.unwritten.bytes == FileWrites.fileBytes)
            try await network.server.answer { _ in ok }
            await writing.value
            #expect(count.withLock { $0 } == 12)
            try await fileSystem.flush(handle)
        }
    }

    @Test func whatIsToWaitWaits() throws {
        try write { fileSystem, network, disk, handle in
            await network.server.answer(after: .seconds(1))
            for kind in [WriteKind.asOpened, .pages] {
                let writing = await network.loop.timed {
                    try await fileSystem.write(
                        handle, offset: 0, data: bytes("CON")[...], as: kind, waits: true)
                }
                #expect(writing.time >= .seconds(1))
            }
            #expect(disk["/srv/f"]?.data == bytes("CONtent"))
        }
    }
}
