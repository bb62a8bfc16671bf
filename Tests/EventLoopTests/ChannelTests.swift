// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Testing
import Wire

/// What holds for every ``ByteChannel``, over sockets and in memory.
@Suite struct ChannelTests {
    enum Kind: CaseIterable {
        case socket, pipes, memory, memoryByteByByte
    }

    static func makePair(
        _ kind: Kind, _ loop: EpollLoop
    ) throws -> (any ByteChannel, any ByteChannel) {
        switch kind {
        case .socket:
            let (first, second) = try SocketPair().split()
            return (
                try DescriptorChannel(socket: FileDescriptor(owning: first), loop: loop),
                try DescriptorChannel(socket: FileDescriptor(owning: second), loop: loop)
            )
        case .pipes:
            var there: [CInt] = [0, 0]
            var back: [CInt] = [0, 0]
            try #require(unsafe pipe(&there) == 0 && pipe(&back) == 0)
            return (
                try DescriptorChannel(
                    input: FileDescriptor(owning: back[0]),
                    output: FileDescriptor(owning: there[1]), loop: loop),
                try DescriptorChannel(
                    input: FileDescriptor(owning: there[0]),
                    output: FileDescriptor(owning: back[1]), loop: loop)
            )
        case .memory: return InMemoryPipe.makePair(loop: loop)
        case .memoryByteByByte: return InMemoryPipe.makePair(loop: loop, readLimit: 1)
        }
    }

    static func readAll(_ channel: any ByteChannel) async throws -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try await channel.read() {
            #expect(!bytes.isEmpty)
            all += bytes
        }
        return all
    }

    @Test(arguments: Kind.allCases)
    func carriesManyPiecesBothWaysInOrder(_ kind: Kind) throws {
        let loop = try EpollLoop()
        let size = kind == .memoryByteByByte ? 30_000 : 3_000_000
        try loop.run {
            let (first, second) = try Self.makePair(kind, loop)
            let there = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            let back = Array(there.reversed())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (channel, bytes) in [(first, there), (second, back)] {
                    group.addTask {
                        var at = 0
                        while at < size {
                            let end = min(size, at + 1 + at % 5000)
                            let middle = at + (end - at) / 2
                            try await channel.write([bytes[at..<middle], bytes[middle..<end]])
                            at = end
                        }
                        try await channel.finishWriting()
                    }
                }
                group.addTask {
                    let received = try await Self.readAll(second)
                    #expect(received == there)
                }
                group.addTask {
                    let received = try await Self.readAll(first)
                    #expect(received == back)
                }
                try await group.waitForAll()
            }
            await first.close()
            await second.close()
        }
    }

    @Test(arguments: Kind.allCases)
    func writerSuspendsUntilTheReaderHasTakenEnough(_ kind: Kind) throws {
        let loop = try EpollLoop()
        try loop.run {
            let (first, second) = try Self.makePair(kind, loop)
            let big = [UInt8](repeating: 7, count: 8 << 20)
            let done = Recorder()
            let writer = loop.spawn {
                try? await first.write([big[...]])
                done.add(1)
            }
            try await loop.sleep(for: .milliseconds(10))
            #expect(done.values.isEmpty)
            var count = 0
            // Byte by byte would take long; closing ends the wait, too.
            while kind != .memoryByteByByte, count < big.count, let bytes = try await second.read()
            {
                count += bytes.count
            }
            if kind == .memoryByteByByte { await second.close() }
            await writer.value
            #expect(done.values == [1])
            await first.close()
            await second.close()
        }
    }

    @Test(arguments: Kind.allCases)
    func closeEndsPendingReadsAndFailsWrites(_ kind: Kind) throws {
        let loop = try EpollLoop()
        try loop.run {
            let (first, second) = try Self.makePair(kind, loop)
            let ended = Recorder()
            let reader = loop.spawn {
                let bytes = try? await first.read()
                #expect(bytes == nil)
                ended.add(1)
            }
            await first.close()
            await first.close()
            await reader.value
            #expect(ended.values == [1])
            #expect(try await first.read() == nil)
            await #expect(throws: ChannelError.closed) { try await first.write([[1]]) }
            #expect(try await second.read() == nil)
            await second.close()
        }
    }

    @Test(arguments: Kind.allCases)
    func writingToAClosedPeerFails(_ kind: Kind) throws {
        let loop = try EpollLoop()
        try loop.run {
            let (first, second) = try Self.makePair(kind, loop)
            await second.close()
            await #expect(throws: ChannelError.closedByPeer) {
                while true {
                    try await first.write([[1, 2, 3]])
                    try await loop.sleep(for: .milliseconds(1))
                }
            }
            await first.close()
        }
    }

    @Test(arguments: Kind.allCases)
    func cancelledReadLosesNothing(_ kind: Kind) throws {
        let loop = try EpollLoop()
        try loop.run {
            let (first, second) = try Self.makePair(kind, loop)
            let reader = loop.spawn {
                await #expect(throws: CancellationError.self) { try await first.read() }
            }
            // Let the reader wait first.
            try await loop.sleep(for: .milliseconds(1))
            reader.cancel()
            // At once, before the cancelled task knows.
            _ = try second.enqueue([[1]])
            #expect(try await first.read() == [1])
            await reader.value
            await first.close()
            await second.close()
        }
    }

    /// Data and end come with one edge of epoll: a short read must not wait for another.
    @Test func endThatComesTogetherWithDataIsSeen() throws {
        let loop = try EpollLoop()
        try loop.run {
            let (number, peer) = try SocketPair().split()
            let channel = try DescriptorChannel(
                socket: FileDescriptor(owning: number), loop: loop)
            let received = Recorder()
            let reader = loop.spawn {
                while let bytes = try? await channel.read() { received.add(bytes.count) }
            }
            // Let the reader wait first.
            try await loop.sleep(for: .milliseconds(5))
            let count = unsafe write(peer, [1, 2, 3], 3)
            #expect(count == 3)
            close(peer)
            let timeout = loop.schedule(at: loop.now + .seconds(10)) {
                Issue.record("the end was not seen")
                reader.cancel()
            }
            await reader.value
            loop.cancel(timeout)
            #expect(received.values == [3])
            await channel.close()
        }
    }

    @Test func channelWithEndlessInputLetsOthersRun() throws {
        let loop = try EpollLoop()
        try loop.run {
            let zero = unsafe open("/dev/zero", O_RDONLY | O_CLOEXEC)
            let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
            let channel = try DescriptorChannel(
                input: FileDescriptor(owning: zero), output: FileDescriptor(owning: null),
                loop: loop)
            let reader = loop.spawn { while (try? await channel.read()) != nil {} }
            try await loop.sleep(for: .milliseconds(2))
            await channel.close()
            await reader.value
        }
    }

    /// A server that waits for requests must learn that nobody takes its replies any more.
    @Test(arguments: [false, true])
    func readingEndsWhenTheOutputBesideItBroke(isDelivered: Bool) throws {
        let loop = try EpollLoop()
        try loop.run {
            let input = try SocketPair()
            var output: [CInt] = [0, 0]
            try #require(unsafe pipe(&output) == 0)
            input.writeToSecond([1, 2])
            let (ours, theirs) = input.split()
            let channel = try DescriptorChannel(
                input: FileDescriptor(owning: ours), output: FileDescriptor(owning: output[1]),
                loop: loop)
            let receiver = Receiver(loop)
            if isDelivered { await channel.deliver(to: receiver) }
            close(output[0])
            if isDelivered {
                try await receiver.waitForEnd()
                #expect(receiver.received == [1, 2])
                #expect(receiver.error as? ChannelError == .closedByPeer)
            } else {
                #expect(try await channel.read() == [1, 2])
                await #expect(throws: ChannelError.closedByPeer) { try await channel.read() }
            }
            await channel.close()
            close(theirs)
        }
    }

    /// As when a client hangs up on a server that has answered all it was asked.
    @Test func finishingIsNoErrorWhereThePeerHasGoneAndNothingIsLost() throws {
        let loop = try EpollLoop()
        try loop.run {
            let (ours, theirs) = try SocketPair().split()
            let channel = try DescriptorChannel(
                input: FileDescriptor(owning: ours), output: FileDescriptor(owning: dup(ours)),
                loop: loop)
            close(theirs)
            #expect(try await channel.read() == nil)
            try await channel.finishWriting()
            await channel.close()
        }
    }

    @Test func regularFilesAreChannelsToo() throws {
        let loop = try EpollLoop()
        try loop.run {
            var name = Array((P_tmpdir + "/hawser-channel-XXXXXX").utf8CString)
            let file = unsafe mkstemp(&name)
            try #require(file >= 0)
            let path = String(decoding: name.dropLast().map(UInt8.init), as: UTF8.self)
            defer { unsafe unlink(path) }
            let other = unsafe open(path, O_RDONLY | O_CLOEXEC)
            let channel = try DescriptorChannel(
                input: FileDescriptor(owning: other), output: FileDescriptor(owning: file),
                loop: loop)
            try await channel.write([[1, 2], [3]])
            try await channel.finishWriting()
            #expect(try await Self.readAll(channel) == [1, 2, 3])
            await channel.close()
        }
    }
}
