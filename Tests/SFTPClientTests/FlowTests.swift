// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import SFTPClient

/// When requests go out and answers come in: order, batches, limits, ends, cancellation.
@Suite struct FlowTests {
    @Test func answersMayComeInAnyOrder() throws {
        try simulate { server in
            let requests = try await server.next(50)
            for index in 0..<50 {
                let (id, request) = requests[(index * 17 + 3) % 50]
                guard case .lstat(let path) = request else { return }
                let size = UInt64(path.count)
                try await server.send(.attributes(FileAttributes(size: size)), to: id)
            }
        } client: { client, _ in
            var replies: [PendingReply<FileAttributes>] = []
            for count in 1...50 {
                replies.append(try await client.startLstat(Bytes(repeating: 65, count: count)))
            }
            for (index, reply) in replies.enumerated() {
                let attributes = try await reply.value
                #expect(attributes.size == UInt64(index + 1))
            }
        }
    }

    @Test func whatOneTurnAsksForGoesOutInOneWrite() throws {
        let loop = SimulatedLoop()
        try loop.run {
            let (ours, theirs) = InMemoryPipe.makePair(loop: loop)
            loop.spawn {
                let server = ScriptedServer(pipe: theirs, loop: loop)
                try? await server.welcome()
                try? await server.ignoreTheRest()
            }
            let channel = CountingChannel(ours)
            let client = try await SFTPClient.open(over: channel, loop: loop)
            let before = channel.writes
            for _ in 0..<20 { loop.spawn { _ = try? await client.lstat("x") } }
            loop.spawn { try? await client.write(.any, offset: 0, data: [testData(100_000)]) }
            try await loop.sleep(for: .seconds(1))
            #expect(channel.writes - before == 1)
            await client.disconnect()
        }
    }

    @Test func onlySoManyRequestsAreInFlight() throws {
        let limit = ClientLimits.requestsInFlight
        try simulate { server in
            var requests = try await server.next(limit)
            try await server.pause(.seconds(1))
            for number in 0..<100 {
                try await server.send(.attributes(FileAttributes()), to: requests[number].id)
                // One answer makes room for one request, which is the next in line.
                let (id, request) = try await server.next()
                #expect(request == .lstat(path: Bytes(stringLiteral: "\(limit + number)")))
                requests.append((id, request))
            }
            for request in requests[100...] {
                try await server.send(.attributes(FileAttributes()), to: request.id)
            }
        } client: { client, loop in
            var replies: [PendingReply<FileAttributes>] = []
            for number in 0..<(limit + 100) {
                replies.append(try await client.startLstat(Bytes(stringLiteral: "\(number)")))
            }
            try await loop.sleep(for: .milliseconds(500))
            #expect(await client.inFlight.count == limit)
            for reply in replies { _ = try await reply.value }
            #expect(await client.inFlight.isEmpty)
            #expect(await client.bytesInFlight == 0)
        }
    }

    @Test func onlySoManyBytesAreInFlight() throws {
        let part = SFTPLimits.assumedTransferBytes * 7
        let limits = ServerLimits(
            maxPacketLength: 0, maxReadLength: UInt64(part), maxWriteLength: UInt64(part),
            maxOpenHandles: 0)
        let fitting = ClientLimits.bytesInFlight / part
        try simulate(extensions: [.limits]) { server in
            try await server.answerNext(limits.reply)
            let writes = try await server.next(fitting)
            try await server.pause(.seconds(1))
            for (id, _) in writes { try await server.send(.status(.ok), to: id) }
            for _ in 0..<10 { try await server.answerNext(.status(.ok)) }
            try await server.answerNext(.attributes(FileAttributes()))
        } client: { client, loop in
            let data = testData(part)
            var replies: [PendingReply<Void>] = []
            for _ in 0..<(fitting + 10) {
                replies.append(try await client.startWrite(.any, offset: 0, data: [data]))
            }
            // Small as it is, it must not overtake what it may ask about.
            let fstat = try await client.startLstat("x")
            try await loop.sleep(for: .milliseconds(500))
            #expect(await client.inFlight.count == fitting)
            for reply in replies { try await reply.value }
            _ = try await fstat.value
        }
    }

    @Test func whatIsSmallNeedNotWaitBehindReads() throws {
        let limit = ClientLimits.requestsInFlight - ClientLimits.requestsBesideTransfers
        try simulate { server in
            let reads = try await server.next(limit)
            let (first, look) = try await server.next()
            #expect(look == .lstat(path: "x"))
            try await server.send(.attributes(FileAttributes()), to: first)
            for (id, _) in reads { try await server.send(.data(["1"]), to: id) }
            for _ in 0..<10 { try await server.answerNext(.data(["1"])) }
            // It would have taken away what is read, and what is behind it may depend on it.
            guard case .close = try await server.answerNext(.status(.ok)) else {
                Issue.record("a CLOSE that is not where it belongs")
                return
            }
            #expect(try await server.answerNext(.attributes(FileAttributes())) == .lstat(path: "y"))
        } client: { client, _ in
            var reads: [PendingReply<[Bytes]?>] = []
            for number in 0..<(limit + 10) {
                reads.append(try await client.startRead(.any, offset: UInt64(number), length: 1))
            }
            let look = try await client.startLstat("x")
            await client.startClose(.any)
            let later = try await client.startLstat("y")
            #expect(await client.inFlight.count == limit + 1)
            _ = try await look.value
            for read in reads { _ = try await read.value }
            _ = try await later.value
        }
    }

    @Test func idsWrapAroundPastThoseInUse() throws {
        try simulate { server in
            let first = try await server.next()
            #expect(first.id == 1)
            var others = try await server.next(4)
            #expect(others.map(\.id) == [.max - 1, .max, 0, 2])
            others.append(first)
            for (id, _) in others { try await server.send(.attributes(FileAttributes()), to: id) }
        } client: { client, _ in
            var replies = [try await client.startLstat("first")]
            await client.setLastID(.max - 2)
            for _ in 0..<4 { replies.append(try await client.startLstat("x")) }
            for reply in replies { _ = try await reply.value }
        }
    }

    @Test func lastActivityIsWhenBytesCame() throws {
        try simulate { server in
            try await server.pause(.seconds(10))
            try await server.answerNext(.attributes(FileAttributes()))
        } client: { client, loop in
            #expect(await client.lastActivity == .zero)
            _ = try await client.lstat("x")
            try await loop.sleep(for: .seconds(5))
            #expect(await client.lastActivity == .seconds(10))
        }
    }

    @Test func disconnectingFailsWhatWaits() throws {
        try simulate { _ in
        } client: { client, _ in
            let replies = [try await client.startLstat("x"), try await client.startLstat("y")]
            await client.disconnect()
            let reason = SFTPError.connectionLost(reason: "closed on this side")
            for reply in replies {
                await #expect(throws: reason) { try await reply.value }
            }
            #expect(try await client.waitUntilClosed() == reason)
        }
    }

    @Test func waitingForTheEndCanBeCancelled() throws {
        try simulate { _ in
        } client: { client, loop in
            await #expect(throws: TimeoutError.self) {
                try await loop.withTimeout(.seconds(1)) { try await client.waitUntilClosed() }
            }
            #expect(await client.closeReason == nil)
        }
    }

    // MARK: Cancellation

    /// Makes a call and cancels it after a second.
    private func cancel<T: Sendable>(
        _ loop: SimulatedLoop, _ call: @escaping @Sendable () async throws(SFTPError) -> T
    ) async throws {
        let started = loop.now
        let error = Mutex<(any Error)?>(nil)
        let task = loop.spawn {
            do {
                _ = try await call()
            } catch let thrown {
                error.withLock { $0 = thrown }
            }
        }
        try await loop.sleep(for: .seconds(1))
        task.cancel()
        await task.value
        #expect(error.withLock { $0 } as? SFTPError == .cancelled)
        #expect(loop.now - started == .seconds(1))
    }

    @Test func aCancelledCallReturnsAtOnceAndItsReplyIsDropped() throws {
        try simulate { server in
            let (id, _) = try await server.next()
            let (nextID, _) = try await server.next()
            try await server.send(.attributes(FileAttributes(size: 1)), to: id)
            try await server.send(.attributes(FileAttributes(size: 2)), to: nextID)
        } client: { client, loop in
            try await cancel(loop) { () throws(SFTPError) in try await client.lstat("x") }
            let attributes = try await client.lstat("y")
            #expect(attributes.size == 2)
            #expect(await client.inFlight.isEmpty)
        }
    }

    @Test func theLateReplyToACancelledCallIsStillChecked() throws {
        try simulate { server in
            let (id, _) = try await server.next()
            try await server.pause(.seconds(2))
            try await server.send(.data(["x"]), to: id)
        } client: { client, loop in
            try await cancel(loop) { () throws(SFTPError) in try await client.lstat("x") }
            let reason = try await client.waitUntilClosed()
            #expect(reason.endsConnection)
        }
    }

    @Test(arguments: [Asked.handle, Asked.status])
    func aHandleThatComesTooLateIsClosed(asked: Asked) throws {
        try simulate { server in
            let (id, _) = try await server.next()
            try await server.pause(.seconds(2))
            if asked == .status {
                try await server.send(.status(.ok), to: id)
                try await server.answerNext(.attributes(FileAttributes()))
                return
            }
            try await server.send(.handle("late"), to: id)
            let closed = try await server.answerNext(.status(.ok))
            #expect(closed == .close(handle: "late"))
            try await server.answerNext(.attributes(FileAttributes()))
        } client: { client, loop in
            try await cancel(loop) { () throws(SFTPError) in try await asked.make(client) }
            try await loop.sleep(for: .seconds(5))
            _ = try await client.lstat("x")
        }
    }

    @Test func aCancelledTaskSendsNothing() throws {
        try simulate { server in
            let request = try await server.answerNext(.attributes(FileAttributes()))
            #expect(request == .lstat(path: "second"))
        } client: { client, loop in
            let task = loop.spawn {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                await #expect(throws: SFTPError.cancelled) { try await client.lstat("first") }
                await #expect(throws: SFTPError.cancelled) {
                    try await client.read(.any, offset: 0, length: 10)
                }
            }
            await task.value
            _ = try await client.lstat("second")
        }
    }

    @Test func aHandleIsClosedEvenInACancelledTask() throws {
        try simulate { server in
            let request = try await server.answerNext(.status(.ok))
            #expect(request == .close(handle: "any"))
            try await server.answerNext(.attributes(FileAttributes()))
        } client: { client, loop in
            let task = loop.spawn {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                await #expect(throws: SFTPError.cancelled) { try await client.close(.any) }
            }
            await task.value
            _ = try await client.lstat("x")
        }
    }

    @Test func whatIsCancelledInTheQueueIsNeverSent() throws {
        let limit = ClientLimits.requestsInFlight
        try simulate { server in
            let requests = try await server.next(limit)
            try await server.pause(.seconds(5))
            for (id, _) in requests { try await server.send(.attributes(FileAttributes()), to: id) }
            let next = try await server.answerNext(.status(.ok))
            #expect(next == .close(handle: "any"))
            let last = try await server.answerNext(.attributes(FileAttributes()))
            #expect(last == .lstat(path: "last"))
        } client: { client, loop in
            for _ in 0..<limit { _ = try await client.startLstat("x") }
            try await cancel(loop) { () throws(SFTPError) in
                try await client.write(.any, offset: 0, data: [testData(100_000)])
            }
            // But what the server holds open has to be closed.
            try await cancel(loop) { () throws(SFTPError) in try await client.close(.any) }
            _ = try await client.lstat("last")
        }
    }

    @Test func aCancelledReadLeavesTheConnectionGood() throws {
        let part = SFTPLimits.assumedTransferBytes
        try simulate { server in
            let reads = try await server.next(4)
            try await server.pause(.seconds(2))
            for (id, _) in reads {
                try await server.send(.data([Bytes(repeating: 1, count: part)]), to: id)
            }
            try await server.answerNext(.attributes(FileAttributes()))
        } client: { client, loop in
            try await cancel(loop) { () throws(SFTPError) in
                try await client.read(.any, offset: 0, length: 4 * part)
            }
            _ = try await client.lstat("x")
            #expect(await client.bytesInFlight == 0)
        }
    }
}

extension SFTPClient {
    fileprivate func setLastID(_ id: UInt32) { lastID = id }
}

/// Counts the writes to a channel.
private final class CountingChannel: ByteChannel {
    private let channel: InMemoryPipe
    private let count = Mutex(0)

    var writes: Int { count.withLock { $0 } }

    init(_ channel: InMemoryPipe) {
        self.channel = channel
    }

    func read() async throws -> Bytes? { try await channel.read() }

    func deliver(to receiver: any ByteReceiver) async { await channel.deliver(to: receiver) }

    func enqueue(_ pieces: [Bytes]) throws -> Bool {
        count.withLock { $0 += 1 }
        return try channel.enqueue(pieces)
    }

    func waitForRoom() async throws { try await channel.waitForRoom() }

    func finishWriting() async throws { try await channel.finishWriting() }

    func close() async { await channel.close() }
}
