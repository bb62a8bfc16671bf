// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Testing
import Wire

/// What holds for every ``ByteChannel`` that delivers instead of being read.
struct DeliveryTests {
    @Test(arguments: ChannelTests.Kind.allCases)
    func deliversEverythingInOrderAndThenTheEnd(_ kind: ChannelTests.Kind) throws {
        let loop = try EpollLoop()
        try loop.run {
            let (first, second) = try ChannelTests.makePair(kind, loop)
            let size = kind == .memoryByteByByte ? 5000 : 9_000_000
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 10) }
            let receiver = Receiver(loop)
            await second.deliver(to: receiver)
            // Small pieces, so that the receiving buffer is full at some times and not at others.
            for start in stride(from: 0, to: size, by: 70_001) {
                try await first.write([bytes[start..<min(size, start + 70_001)]])
            }
            try await first.finishWriting()
            try await receiver.waitForEnd()
            #expect(receiver.received == bytes)
            #expect(receiver.error == nil)
            await first.close()
            await second.close()
            #expect(receiver.endCount == 1)
        }
    }

    /// Edge-triggered: what a full buffer leaves in the kernel is not reported again.
    @Test func goesOnReadingBehindAFullBuffer() throws {
        let loop = try EpollLoop()
        try loop.run {
            let (first, second) = try ChannelTests.makePair(.socket, loop)
            let receiver = Receiver(loop)
            await second.deliver(to: receiver)
            // Many small pieces first: a buffer that adapts to them must not forget its real size.
            for _ in 0..<20 {
                _ = try first.enqueue([[1]])
                try await loop.sleep(for: .milliseconds(1))
            }
            for _ in 0..<8 {
                try await first.write([Bytes(repeating: 2, count: 1 << 20)])
            }
            try await first.finishWriting()
            try await receiver.waitForEnd()
            #expect(receiver.received.count == 20 + 8 << 20)
            await first.close()
            await second.close()
        }
    }

    @Test(arguments: ChannelTests.Kind.allCases)
    func closingEndsTheDelivery(_ kind: ChannelTests.Kind) throws {
        let loop = try EpollLoop()
        try loop.run {
            let (first, second) = try ChannelTests.makePair(kind, loop)
            let receiver = Receiver(loop)
            await second.deliver(to: receiver)
            await second.close()
            try await receiver.waitForEnd()
            #expect(receiver.error == nil)
            await first.close()
        }
    }

    @Test(arguments: ChannelTests.Kind.allCases)
    func receiverMayCloseTheChannelInTheMiddle(_ kind: ChannelTests.Kind) throws {
        let loop = try EpollLoop()
        try loop.run {
            let (first, second) = try ChannelTests.makePair(kind, loop)
            let receiver = Receiver(loop) { receiver in
                if receiver.endCount == 0 { loop.spawn { await second.close() } }
            }
            await second.deliver(to: receiver)
            _ = try first.enqueue([[1, 2, 3]])
            try await receiver.waitForEnd()
            #expect(receiver.received.starts(with: [1]))
            await first.close()
        }
    }
}

/// Keeps what it is handed; belongs to the loop's thread.
final class Receiver: ByteReceiver, @unchecked Sendable {
    private(set) var received: [UInt8] = []
    private(set) var error: (any Error)?
    private(set) var endCount = 0
    private let waiters: WaitQueue
    private let action: @Sendable (Receiver) -> Void

    init(_ loop: any EventLoop, action: @escaping @Sendable (Receiver) -> Void = { _ in }) {
        waiters = WaitQueue(loop: loop)
        self.action = action
    }

    func receive(_ bytes: Bytes) {
        received += bytes
        action(self)
    }

    func receiveEnd(_ error: (any Error)?) {
        self.error = error
        endCount += 1
        waiters.wakeAll()
    }

    func waitForEnd() async throws {
        while endCount == 0 { try await waiters.wait() }
    }
}
