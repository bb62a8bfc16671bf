// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Testing
import Wire

@testable import RemoteFS

/// Reading ahead of programs that read in a row, and what it must never show.
@Suite struct ReadAheadTests {
    private static let roundTrip = Duration.milliseconds(50)
    /// What the program reads at a time; the server's READs have as many bytes.
    private static let piece = 32 << 10

    /// Runs `body` with a file `/srv/f` of 4 MiB that is open to be read, over a long link.
    private func readAhead(
        configure: @escaping @Sendable (inout RemoteFSOptions) -> Void = { _ in },
        _ body: @escaping @Sendable (Run) async throws -> Void
    ) throws {
        let disk = FakeDisk()
        disk["/srv/f"] = FakeDisk.File(data: Self.content(1))
        let answers = disk.answers()
        try simulateLink(answer: answers, configure: configure) { fileSystem, network in
            let inode = try await fileSystem.find("f")
            let handle = try await fileSystem.open(inode, .read).handle
            await network.server.answer(after: Self.roundTrip)
            let run = Run(
                disk: disk, answer: answers, fileSystem: fileSystem, network: network,
                inode: inode, handle: handle)
            try await body(run)
            await fileSystem.release(handle)
            #expect(await fileSystem.aheadMemory.bytes == 0)
        }
    }

    private struct Run: Sendable {
        let disk: FakeDisk
        let answer: FakeServer.Answer
        let fileSystem: RemoteFS
        let network: FakeNetwork
        let inode: InodeNumber
        let handle: HandleID

        /// Reads pieces, and expects them to be of a version of the file.
        func read(_ pieces: Range<Int>, of version: UInt8) async throws {
            let content = content(version)
            for number in pieces {
                let data = try await fileSystem.read(
                    handle, offset: UInt64(number * piece), count: piece)
                let part = content[(number * piece)..<((number + 1) * piece)]
                #expect(Array(data.joined()) == Array(part), "piece \(number)")
            }
        }

        /// The places of the READs that the server has had.
        var places: [UInt64] {
            get async {
                await network.requests.compactMap {
                    if case .read(_, let offset, _) = $0 { offset } else { nil }
                }
            }
        }
    }

    private static let contents = (0...2 as ClosedRange<UInt8>).map { version in
        (0..<4 << 20).map { UInt8(truncatingIfNeeded: $0 / 1000) &* 3 &+ version }
    }

    private static func content(_ version: UInt8) -> [UInt8] { contents[Int(version)] }

    // MARK: Speed

    @Test func aFileThatIsReadInARowIsFetchedManyTimesFasterThanPieceByPiece() throws {
        try readAhead { run in
            let loop = run.fileSystem.loop
            let start = loop.now
            try await run.read(0..<128, of: 1)
            #expect(loop.now - start < Self.roundTrip * 16)
            // Each piece has been asked for once.
            let places = await run.places
            #expect(places.sorted() == (0..<128).map { UInt64($0 * Self.piece) })
        }
    }

    @Test func nothingIsFetchedAheadOfReadsHereAndThere() throws {
        try readAhead { run in
            for number in [90, 3, 70, 95, 12, 50, 6, 100] {
                try await run.read(number..<number + 1, of: 1)
            }
            #expect(await run.places.count == 8)
        }
    }

    @Test(
        arguments: [
            { $0.readsAhead = false }, { $0.cache.mode = .strict },
        ] as [@Sendable (inout RemoteFSOptions) -> Void])
    func fetchesNothingAheadWhereThatIsNotWanted(
        configure: @escaping @Sendable (inout RemoteFSOptions) -> Void
    ) throws {
        try readAhead(configure: configure) { run in
            try await run.read(0..<4, of: 1)
            #expect(await run.places.count == 4)
        }
    }

    // MARK: What is shown

    @Test func readsWhatHasBeenWrittenHereMeanwhile() throws {
        try readAhead { run in
            let writer = try await run.fileSystem.open(run.inode, .write).handle
            try await run.read(0..<3, of: 1)
            #expect(await run.fileSystem.aheadMemory.bytes > 0)
            let offset = 4 * Self.piece
            let data = [UInt8](repeating: 255, count: Self.piece)
            _ = try await run.fileSystem.write(writer, offset: UInt64(offset), data: data[...])
            let found = try await run.fileSystem.read(
                run.handle, offset: UInt64(offset), count: Self.piece)
            #expect(Array(found.joined()) == data)
            await run.fileSystem.release(writer)
        }
    }

    @Test func readsWhatIsBeingWrittenHereOnceThatIsDone() throws {
        try readAhead { run in
            let writer = try await run.fileSystem.open(run.inode, .write).handle
            try await run.read(0..<3, of: 1)
            let data = [UInt8](repeating: 255, count: Self.piece)
            let loop = run.fileSystem.loop
            let writing = loop.spawn {
                _ = try? await run.fileSystem.write(
                    writer, offset: UInt64(3 * Self.piece), data: data[...])
            }
            // The kernel asks while the write is under way, and again when it is done.
            _ = try await run.fileSystem.read(
                run.handle, offset: UInt64(3 * Self.piece), count: Self.piece)
            await writing.value
            let found = try await run.fileSystem.read(
                run.handle, offset: UInt64(3 * Self.piece), count: Self.piece)
            #expect(Array(found.joined()) == data)
            await run.fileSystem.release(writer)
        }
    }

    @Test func readsWhatOthersHaveWrittenOnceTheStatusShowsIt() throws {
        try readAhead { run in
            try await run.read(0..<3, of: 1)
            run.disk["/srv/f"] = FakeDisk.File(data: Self.content(2), mtime: 1_000_001)
            try await run.fileSystem.loop.sleep(for: .seconds(1))
            _ = try await run.fileSystem.getattr(run.inode, handle: run.handle)
            try await run.read(3..<40, of: 2)
        }
    }

    @Test func readsWhatOthersHaveWrittenBeforeTheFileWasOpenedOnceMore() throws {
        try readAhead { run in
            try await run.read(0..<3, of: 1)
            // Nothing but its content shows the change.
            run.disk["/srv/f"] = FakeDisk.File(data: Self.content(2))
            let other = try await run.fileSystem.open(run.inode, .read).handle
            try await run.read(3..<40, of: 2)
            await run.fileSystem.release(other)
        }
    }

    @Test func whatWasFetchedOfAFileThatHadJustChangedIsShownForASecond() throws {
        try readAhead { run in
            try await run.read(0..<3, of: 1)
            run.disk["/srv/f"] = FakeDisk.File(data: Self.content(2))
            try await run.fileSystem.loop.sleep(for: .milliseconds(1001))
            try await run.read(3..<40, of: 2)
        }
    }

    @Test func whatWasFetchedOfAFileThatHasSettledStaysGood() throws {
        try readAhead { run in
            try await run.read(0..<3, of: 1)
            try await run.fileSystem.loop.sleep(for: .seconds(3))
            try await run.read(3..<6, of: 1)
            let count = await run.places.count
            try await run.fileSystem.loop.sleep(for: .seconds(3))
            _ = try await run.fileSystem.getattr(run.inode, handle: run.handle)
            let start = run.fileSystem.loop.now
            try await run.read(6..<7, of: 1)
            #expect(run.fileSystem.loop.now == start)
            #expect(await run.places.count <= count + 2)
        }
    }

    @Test func lessThanWasAskedForIsNotTakenForTheEnd() throws {
        try readAhead { run in
            try await run.network.server.answer { request in
                guard case .read(let handle, let offset, let length) = request else {
                    return run.answer(request)
                }
                return run.answer(.read(handle: handle, offset: offset, length: length / 2 + 1))
            }
            try await run.read(0..<40, of: 1)
        }
    }

    @Test func anErrorIsToldOnlyWhereAProgramReads() throws {
        try readAhead { run in
            let bad = UInt64(5 * Self.piece)
            try await run.network.server.answer { request in
                if case .read(_, bad, _) = request { return failure }
                return run.answer(request)
            }
            try await run.read(0..<5, of: 1)
            #expect(
                await fails(.EIO) { () async throws(Errno) in
                    try await run.fileSystem.read(run.handle, offset: bad, count: Self.piece)
                })
            try await run.network.server.answer(run.answer)
            try await run.read(5..<40, of: 1)
        }
    }

    @Test func aFileThatHasGrownIsReadToItsNewEnd() throws {
        try readAhead { run in
            try await run.read(0..<120, of: 1)
            run.disk["/srv/f"] = FakeDisk.File(data: Self.content(1) + Self.content(1))
            try await run.fileSystem.loop.sleep(for: .seconds(1))
            _ = try await run.fileSystem.getattr(run.inode, handle: run.handle)
            try await run.read(120..<128, of: 1)
            let tail = try await run.fileSystem.read(
                run.handle, offset: UInt64(128 * Self.piece), count: Self.piece)
            #expect(Array(tail.joined()) == Array(Self.content(1).prefix(Self.piece)))
        }
    }

    @Test func readingGoesOnWhereTheConnectionIsLost() throws {
        try readAhead { run in
            try await run.read(0..<20, of: 1)
            await run.network.answer(run.disk.answers())
            let reading = run.fileSystem.loop.spawn { try? await run.read(20..<90, of: 1) }
            try await run.fileSystem.loop.sleep(for: Self.roundTrip / 2)
            await run.network.cut()
            await reading.value
            try await run.read(90..<128, of: 1)
        }
    }

    // MARK: Memory

    @Test func aThousandFilesThatAreReadTogetherHoldWhatIsAllowed() throws {
        try readAhead { run in
            var handles: [HandleID] = []
            for _ in 0..<1000 {
                handles.append(try await run.fileSystem.open(run.inode, .read).handle)
            }
            for number in 0..<4 {
                for handle in handles {
                    _ = try await run.fileSystem.read(
                        handle, offset: UInt64(number * Self.piece), count: Self.piece)
                    #expect(await run.fileSystem.aheadMemory.bytes <= ReadAheadMemory.mountBytes)
                }
            }
            for handle in handles { await run.fileSystem.release(handle) }
        }
    }

    @Test func whatAProgramLeavesOutIsNotKept() throws {
        try readAhead { run in
            try await run.read(0..<3, of: 1)
            for number in stride(from: 4, to: 128, by: 3) {
                try await run.read(number..<number + 1, of: 1)
            }
            let bytes = await run.fileSystem.aheadMemory.bytes
            #expect(bytes <= Int(ReadStreams.slack) + Self.piece)
        }
    }

    @Test func whatIsHeldOfAllFilesIsBounded() {
        var memory = ReadAheadMemory()
        memory.note(ReadAheadMemory.fileBytes, of: 1)
        memory.note(ReadAheadMemory.fileBytes, of: 2)
        #expect(!memory.hasRoom(for: 1))
        #expect(memory.share == ReadAheadMemory.mountBytes / 2)
        memory.note(0, of: 1)
        #expect(memory.hasRoom(for: ReadAheadMemory.fileBytes))
        #expect(memory.share == ReadAheadMemory.fileBytes)
    }
}
