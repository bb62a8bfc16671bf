// SPDX-License-Identifier: Apache-2.0

import EventLoop
import LocalSFTPServer
import SFTPClient
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import CopyEngine

/// How much of a file is on its way at a time.
@Suite struct TransferTests {
    private static let pieceBytes = 256 << 10

    /// A file whose content is there at once.
    private struct Source: SourceFile {
        let size: UInt64
        let chunkBytes = pieceBytes

        func startRead(at offset: UInt64, count: Int) async throws -> Deferred<[Bytes]?> {
            let count = min(count, Int(size - min(size, offset)))
            return Deferred {
                count == 0 ? nil : [[UInt8](repeating: 1, count: count)[...]]
            }
        }

        func close() async {}
    }

    /// A file behind a long link: every write takes a while.
    private final class Target: TargetFile, @unchecked Sendable {
        let loop: SimulatedLoop
        var underWay = 0
        var most = 0

        init(_ loop: SimulatedLoop) { self.loop = loop }

        func status() async throws -> FileAttributes { FileAttributes() }

        func startWrite(_ data: [Bytes], at offset: UInt64) async throws -> Deferred<Void> {
            underWay += data.byteCount
            most = max(most, underWay)
            let due = loop.now + .milliseconds(50)
            return Deferred(isDone: { [loop] in loop.now >= due }) { [self] in
                if loop.now < due { try await loop.sleep(for: due - loop.now) }
                underWay -= data.byteCount
            }
        }

        func copy(
            from source: any SourceFile, at offset: UInt64, count: UInt64
        ) async throws -> UInt64 { 0 }
        func set(_ attributes: FileAttributes) async throws {}
        func finish(_ attributes: FileAttributes) async throws {}
        func abandon() async {}
    }

    @Test func manyWritesOfOneFileAreUnderWay() throws {
        let loop = SimulatedLoop()
        try loop.run {
            let engine = CopyEngine(
                options: CopyOptions(random: { 1 }), observer: Witness(), loop: loop)
            let target = Target(loop)
            let size: UInt64 = 64 << 20
            let start = loop.now
            let confirmed = try await engine.transferred(
                from: Source(size: size), to: target, size: size)
            #expect(confirmed == size)
            let half = CopyLimits.bytesUnderWayPerFile / 2
            #expect((half...half + Self.pieceBytes).contains(target.most))
            // Half of what may be under way in each round trip.
            #expect(loop.now - start < .milliseconds(50) * 10)
        }
    }

    @Test func aLargeFileIsWrittenOverSeveralChannels() throws {
        let directory = try TemporaryDirectory()
        let server = try LocalSFTPServer(directory: directory.path)
        let further = try (0..<3).map { _ in try LocalSFTPServer(directory: directory.path) }
        defer { for server in [server] + further { server.stop() } }
        let unused = Mutex(further)
        let path = directory.path
        let text = String(
            repeating: "What goes over which channel is not to be seen. ", count: 1 << 20)
        try write(text, to: "\(path)/source")
        let loop = try EpollLoop()
        try loop.run {
            let client = try await SFTPClient.open(
                over: try server.channel(loop: loop), loop: loop)
            var terms = FurtherChannels.Terms()
            terms.channelWindow = 256
            terms.leastRoundTrip = .nanoseconds(1)
            let channels = FurtherChannels(
                beside: client, terms: terms, memory: FurtherChannels.Memory(), loop: loop
            ) {
                let server = unused.withLock { $0.removeLast() }
                return try await SFTPClient.open(
                    over: try server.channel(loop: loop), loop: loop)
            }
            let link = RemoteLink(current: { client }, further: { channels }, next: {})
            let from = CopyOperand(store: LocalStore(loop: loop), path: "\(path)/source".bytes)
            let to = CopyOperand(
                store: RemoteStore(link: link), path: "\(path)/target".bytes)
            let outcome = await copy([from], to: to, loop: loop) {
                $0.chunkBytes = 32 << 10
            }
            #expect(outcome.said == [])
            #expect(try content(of: "\(path)/target", upTo: 1 << 27) == text)
            #expect(await channels.sentBytes > 1 << 20)
            await channels.closeAll(reason: "done")
            await client.disconnect()
        }
    }
}

extension FurtherChannels {
    /// How much has been sent over them.
    fileprivate var sentBytes: UInt64 {
        get async {
            var sum: UInt64 = 0
            let clients = await acquire()
            for client in clients { sum += await client.traffic.sent.total }
            release()
            return sum
        }
    }
}

extension CopyEngine {
    fileprivate func transferred(
        from source: any SourceFile, to target: any TargetFile, size: UInt64
    ) async throws -> UInt64 {
        var confirmed: UInt64 = 0
        _ = try await transfer(
            from: source, to: target, size: size, leavingHoles: false, confirmed: &confirmed)
        return confirmed
    }
}
