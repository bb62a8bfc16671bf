// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import RemoteFS

/// How operations get over the loss of the connection, and how another one is made.
@Suite struct LostConnectionTests {
    private static let answer: FakeServer.Answer = { request in
        switch request {
        case .lstat, .stat: file()
        case .statvfs: failure
        default: ok
        }
    }

    private static let refused = LinkFailure(.unreachable, "connection refused")

    @Test func asksAgainWhatWasUnderWayWhenTheConnectionWasLost() throws {
        try simulateLink { _ in
            nil
        } body: { fileSystem, network in
            let looking = network.loop.spawn {
                let inode = try? await fileSystem.find("f")
                #expect(inode != nil)
            }
            try await network.loop.sleep(for: .seconds(1))
            await network.answer(Self.answer)
            await network.cut()
            await looking.value
            #expect(await network.servers.count == 2)
            #expect(network.lines.count == 2)
            #expect(
                network.lines.last?.hasPrefix("connected again after") ?? false)
        }
    }

    @Test func waitsWhileThereIsNoServer() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            await network.refuse(Self.refused)
            await network.cut()
            let loop = network.loop
            let comeBack = loop.spawn {
                try? await loop.sleep(for: .seconds(20))
                await network.refuse(nil)
            }
            let (time, result) = await loop.timed { try await fileSystem.find("f") }
            #expect((try? result.get()) != nil)
            // At most a second after the server is there again.
            #expect((.seconds(20)...(.seconds(21))).contains(time))
            await comeBack.value
        }
    }

    @Test func failsOnceTheTimeIsUpAndAtOnceAfterThat() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            let inode = try await fileSystem.find("f")
            try await network.loop.sleep(for: .seconds(30))
            await network.refuse(Self.refused)
            await network.cut()
            // Four at once: none waits for another.
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let (time, result) = await network.loop.timed {
                            try await fileSystem.getattr(inode, handle: nil)
                        }
                        #expect((.seconds(45)...(.seconds(60))).contains(time))
                        #expect(throws: Errno.ETIMEDOUT) { try result.get() }
                    }
                }
            }
            let (time, result) = await network.loop.timed { try await fileSystem.find("f") }
            #expect(time == .zero)
            #expect(throws: Errno.ETIMEDOUT) { try result.get() }
            // The mount is not given up: the server comes back, and all is well.
            await network.refuse(nil)
            try await network.loop.sleep(for: .seconds(16))
            _ = try await fileSystem.find("f")
        }
    }

    @Test func waitsForEverWhereThatIsWanted() throws {
        try simulateLink(timeout: nil, answer: Self.answer) { fileSystem, network in
            await network.refuse(Self.refused)
            await network.cut()
            let loop = network.loop
            loop.spawn {
                try? await loop.sleep(for: .seconds(7200))
                await network.refuse(nil)
            }
            let (time, result) = await loop.timed { try await fileSystem.find("f") }
            #expect((try? result.get()) != nil)
            #expect(time >= .seconds(7200))
        }
    }

    @Test func answersFromCachesWhileThereIsNoConnection() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            let inode = try await fileSystem.find("f")
            await network.refuse(Self.refused)
            await network.cut()
            let (time, result) = await network.loop.timed {
                try await fileSystem.getattr(inode, handle: nil)
            }
            #expect(time == .zero)
            #expect((try? result.get()) != nil)
        }
    }

    @Test func endsTheWaitOfATaskThatIsCancelled() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            await network.refuse(Self.refused)
            await network.cut()
            let waiting = network.loop.spawn {
                let (time, result) = await network.loop.timed { try await fileSystem.find("f") }
                #expect(time == .seconds(3))
                #expect(throws: Errno.EINTR) { try result.get() }
            }
            try await network.loop.sleep(for: .seconds(3))
            waiting.cancel()
            await waiting.value
        }
    }

    @Test func triesSoonWhereNobodyIsAndLaterWhereSomebodyRefuses() throws {
        for (kind, longest) in [(LinkFailure.Kind.unreachable, 1), (.refused, 15)] {
            try simulateLink(answer: Self.answer) { _, network in
                await network.refuse(LinkFailure(kind, "no"))
                await network.cut()
                try await network.loop.sleep(for: .seconds(120))
                let attempts = await network.attempts.dropFirst()
                let pauses = zip(attempts.dropFirst(), attempts).map { $0 - $1 }
                #expect(pauses.allSatisfy { $0 <= .seconds(longest) })
                #expect(pauses.last ?? .zero > .seconds(longest) / 2)
            }
        }
    }

    @Test func triesAtMostOnceASecondHoweverManyWantTo() throws {
        try simulateLink(timeout: .seconds(1), answer: Self.answer) { fileSystem, network in
            await network.refuse(LinkFailure(.refused, "no"))
            await network.cut()
            try await network.loop.sleep(for: .seconds(60))
            let before = await network.attempts.count
            for _ in 0..<1000 {
                _ = try? await fileSystem.find("f")
                try await network.loop.sleep(for: .milliseconds(10))
            }
            let count = await network.attempts.count - before
            #expect((8...11).contains(count))
        }
    }

    @Test func stopsWhereTheHostKeyHasChangedUntilItIsRightAgain() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            await network.refuse(LinkFailure(.hostKey, "the key has changed"))
            await network.cut()
            try await network.loop.sleep(for: .seconds(100))
            // By itself it has tried only once.
            #expect(await network.attempts.count == 2)
            #expect(network.lines.last?.contains("the key has changed") ?? false)
            let (time, result) = await network.loop.timed { try await fileSystem.find("f") }
            #expect(time == .zero)
            #expect(throws: Errno.EKEYREJECTED) { try result.get() }
            await network.refuse(nil)
            try await network.loop.sleep(for: .seconds(20))
            // The first to use the mount has it look whether all is well.
            _ = try await fileSystem.find("f")
        }
    }

    @Test func notesWithinFifteenSecondsThatNobodyAnswers() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            try await network.loop.sleep(for: .seconds(600))
            try await network.fallSilent()
            let (time, result) = await network.loop.timed { try await fileSystem.find("f") }
            #expect((try? result.get()) != nil)
            #expect(time == .seconds(15))
            #expect(await network.questions == 1)
        }
    }

    @Test func asksNobodyForASignOfLifeWhileNothingWaits() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            _ = try await fileSystem.find("f")
            try await network.loop.sleep(for: .seconds(600))
            #expect(await network.questions == 0)
        }
    }

    @Test func makesNoFloodOfConnectionsThatAreLostAtOnce() throws {
        try simulateLink(answer: Self.answer) { _, network in
            network.loop.spawn {
                while network.loop.now < .seconds(60) {
                    await network.cut()
                    try? await network.loop.sleep(for: .milliseconds(100))
                }
            }
            try await network.loop.sleep(for: .seconds(60))
            #expect(await network.servers.count < 12)
        }
    }

    /// Answers READs of up to so many bytes for each connection, and loses it with the next.
    private func read(
        allowing allowance: Int,
        _ body: @escaping @Sendable (RemoteFS, FakeNetwork, HandleID) async throws -> Void
    ) throws {
        let left = Mutex(0)
        try simulateLink { request in
            switch request {
            case .lstat, .stat, .fstat: return file(size: 1 << 20)
            case .open:
                left.withLock { $0 = allowance }
                return handle
            case .read(_, _, let length):
                let isAllowed = left.withLock { left in
                    left -= Int(length)
                    return left >= 0
                }
                return isAllowed
                    ? .data([[UInt8](repeating: 7, count: Int(length))[...]]) : nil
            default: return ok
            }
        } body: { fileSystem, network in
            let opened = try await fileSystem.open(try await fileSystem.find("f"), .read)
            let cutting = network.loop.spawn {
                while !Task.isCancelled {
                    try? await network.loop.sleep(for: .seconds(2))
                    await network.cut()
                }
            }
            defer { cutting.cancel() }
            try await body(fileSystem, network, opened.handle)
        }
    }

    @Test func readKeepsWhatHasComeWhereNoConnectionLivesLongEnough() throws {
        try read(allowing: 40_000) { fileSystem, network, handle in
            let pieces = try await fileSystem.read(handle, offset: 1000, count: 200_000)
            #expect(pieces.reduce(0) { $0 + $1.count } == 200_000)
            #expect(await network.servers.count > 5)
        }
    }

    @Test func readThatNeverGetsAnywhereFails() throws {
        try read(allowing: 1000) { fileSystem, network, handle in
            let (time, result) = await network.loop.timed {
                try await fileSystem.read(handle, offset: 0, count: 200_000)
            }
            #expect(throws: Errno.ETIMEDOUT) { try result.get() }
            #expect((.seconds(60)...(.seconds(70))).contains(time))
        }
    }

    @Test func listingGoesOnWithoutTheNamesThatCameBefore() throws {
        @Sendable func answer(_ replies: [SFTPReply?]) -> FakeServer.Answer {
            let left = Mutex(replies[...])
            return { request in
                switch request {
                case .opendir: handle
                case .readdir: left.withLock { $0.popFirst() } ?? nil
                default: Self.answer(request)
                }
            }
        }
        try simulateLink(answer: answer([names(bytes("a"), bytes("b"))])) { fileSystem, network in
            let directory = try await fileSystem.opendir(rootInode).handle
            let reading = network.loop.spawn {
                let found = try? await fileSystem.names(in: directory, from: 0)
                #expect(found == [".", "..", "a", "b", "c"])
            }
            try await network.loop.sleep(for: .seconds(1))
            await network.answer(
                answer([names(bytes("b"), bytes("c"), bytes("a")), .status(SFTPStatus(.eof))]))
            await network.cut()
            await reading.value
            await fileSystem.releasedir(directory)
        }
    }

    @Test func failsWhatWaitsWhenTheMountEnds() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            await network.refuse(Self.refused)
            await network.cut()
            let waiting = network.loop.spawn {
                #expect(
                    await fails(.EIO) { () async throws(Errno) in
                        try await fileSystem.lookup(bytes("f"), in: rootInode)
                    })
            }
            try await network.loop.sleep(for: .seconds(1))
            await fileSystem.disconnect()
            await waiting.value
        }
    }

    @Test func sendsNoHandleToAnotherConnection() throws {
        try simulateLink { request in
            if case .open = request { handle } else { Self.answer(request) }
        } body: { _, network in
            let old = try await network.connect(7).client
            let opened = try await old.open(bytes("/f")[...], .read)
            let new = try await network.connect(8).client
            await #expect(throws: SFTPError.self) { try await new.fstat(opened) }
            await #expect(throws: SFTPError.self) { try await new.close(opened) }
            await new.startClose(opened)
            _ = try await new.lstat(bytes("/f")[...])
            #expect(await network.server.requests.count == 1)
        }
    }
}
