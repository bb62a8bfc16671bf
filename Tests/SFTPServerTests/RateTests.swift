// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import SFTPServer

@Suite struct RateTests {
    let directory = TemporaryDirectory()

    @Test func whatIsDoneIsPaidForAfterwards() {
        var rate = Rate(bytesPerSecond: 100, now: .zero)
        #expect(rate.wait(at: .zero) == nil)
        rate.take(125, at: .zero)
        #expect(rate.wait(at: .zero) == .seconds(1))
        #expect(rate.wait(at: .milliseconds(500)) == .milliseconds(500))
        #expect(rate.wait(at: .seconds(1)) == nil)
        // Tokens gather for a quarter of a second.
        rate.take(125, at: .seconds(1000))
        #expect(rate.wait(at: .seconds(1000)) == .seconds(1))
        // A clock that stands still or goes back gives none.
        #expect(rate.wait(at: .seconds(999)) == .seconds(1))
    }

    @Test func earlyReadsWaitAndOthersOvertakeThem() throws {
        directory.shell("head -c 1000 /dev/zero > f; touch g")
        let session = try TestSession(rates: RateLimits(read: 100))
        var now = Duration.zero
        var wakes: [Duration] = []
        session.session.limitRates(by: .init(now: { now }, wake: { wakes.append($0) }))
        let handle = try session.open(directory["f"], .read)
        let read = SFTPRequest.read(handle: handle, offset: 0, length: 225)
        guard case .data = try session.ask(read) else { throw Unexpected("no data") }
        #expect(try session.send(read.encode(id: 100)).isEmpty)
        #expect(try session.send(read.encode(id: 101)).isEmpty)
        #expect(wakes == [.seconds(2)])
        #expect(try session.attributes(.stat(path: directory["g"])).size == 0)
        #expect(try session.attributes(.fstat(handle: handle)).size == 1000)
        now = .seconds(2)
        session.session.goOn()
        #expect(session.session.replyByteCount == 225 + 13)
        #expect(wakes.count == 2)
        // Who closes the file does so behind the reads before it.
        #expect(try session.send(SFTPRequest.close(handle: handle).encode(id: 102)).count == 1)
        session.session.liftRates()
        #expect(!session.session.isWorking)
        #expect(session.session.openHandleCount == 0)
    }

    /// A client that stays asks for a stream of requests; when replies to them came, in the loop's time.
    private func replyTimes(_ requests: [SFTPRequest], _ rates: RateLimits) -> [Duration] {
        let loop = SimulatedLoop()
        let (client, server) = InMemoryPipe.makePair(loop: loop)
        let configuration = SFTPSession.Configuration(
            log: ServerLog(level: .quiet) { _, _ in }, userName: bytes("root"),
            clientAddress: bytes("192.0.2.1"), rates: rates)
        let times = Mutex<[Duration]>([])
        let start = loop.now
        loop.spawn { _ = await ServedSession(configuration, over: server, loop: loop).serve() }
        loop.spawn {
            var stream = SFTPClientMessage.initialize(version: 3).encode()
            for (id, request) in requests.enumerated() { stream += request.encode(id: UInt32(id)) }
            try? await client.write(stream)
            var decoder = SFTPPacketDecoder()
            while times.withLock({ $0.count }) <= requests.count,
                let chunk = try? await client.read()
            {
                decoder.append(chunk)
                while (try? decoder.next()) != nil {
                    times.withLock { $0.append(loop.now - start) }
                }
            }
            try? await client.finishWriting()
        }
        loop.advance(by: .seconds(10))
        // Without that of INIT.
        return Array(times.withLock { $0 }.dropFirst())
    }

    @Test func bytesASecondAreThoseOfTheLimit() throws {
        // The first handle of every session.
        let handle = try TestSession().open(directory["f"], [.write, .create])
        let open = SFTPRequest.open(
            path: directory["f"], flags: [.read, .write], attributes: FileAttributes())
        let write = SFTPRequest.write(
            handle: handle, offset: 0, data: [Bytes(repeating: 0x41, count: 500)])
        let read = SFTPRequest.read(handle: handle, offset: 0, length: 500)
        let stat = SFTPRequest.stat(path: directory["."])
        // 250 bytes may come at once; what is beyond them is paid for by what follows.
        let written = replyTimes(
            [open, write, write, stat, write], RateLimits(write: 1000))
        #expect(written == [.zero, .zero, .zero, .milliseconds(250), .milliseconds(750)])
        let times = replyTimes([open, read, read, read], RateLimits(read: 1000))
        #expect(times == [.zero, .zero, .milliseconds(250), .milliseconds(750)])
        #expect(replyTimes([open, read, write, read], RateLimits()).allSatisfy { $0 == .zero })
    }

    @Test func clientThatEndsWaitsForNothing() throws {
        let handle = try TestSession().open(directory["f"], [.write, .create])
        let loop = SimulatedLoop()
        let (client, server) = InMemoryPipe.makePair(loop: loop)
        let configuration = SFTPSession.Configuration(
            log: ServerLog(level: .quiet) { _, _ in }, userName: bytes("root"),
            clientAddress: bytes("192.0.2.1"), rates: RateLimits(write: 1))
        let path = directory["f"]
        let ended = Mutex<Duration?>(nil)
        loop.spawn {
            _ = await ServedSession(configuration, over: server, loop: loop).serve()
            ended.withLock { $0 = loop.now }
        }
        let start = loop.now
        loop.spawn {
            var stream = SFTPClientMessage.initialize(version: 3).encode()
            let open = SFTPRequest.open(path: path, flags: .write, attributes: FileAttributes())
            stream += open.encode(id: 1)
            for offset in 0..<5 as Range<UInt64> {
                let write = SFTPRequest.write(handle: handle, offset: offset, data: [bytes("x")])
                stream += write.encode(id: 2)
            }
            try? await client.write(stream)
            try? await client.finishWriting()
            while (try? await client.read()) != nil {}
        }
        loop.runUntilIdle()
        #expect(ended.withLock { $0 } == start)
        #expect(directory.shell("cat f") == "xxxxx")
    }
}
