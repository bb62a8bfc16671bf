// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHClient
import Testing
import Wire

/// What comes on a channel and is handed over, instead of being read.
@Suite struct HandingOverTests {
    private static let greeting = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }

    private func simulation() throws -> Simulation {
        var behaviour = MemoryServer.Behaviour()
        behaviour.greeting = Self.greeting
        return try Simulation(behaviour: behaviour)
    }

    @Test func handsOverTogetherWhatComesTogether() throws {
        try simulation().run { session in
            let channel = try await session.openSubsystem("echo")
            let receiver = PieceReceiver()
            await channel.deliver(to: receiver)
            try await session.loop.sleep(for: .seconds(1))
            #expect(receiver.received == Self.greeting)
            // More than one packet at a time, and nothing piece by piece.
            #expect(receiver.batches.contains { $0 > 1 })
            // The other direction is not disturbed.
            try await channel.write([[1, 2, 3]])
            try await session.loop.sleep(for: .seconds(1))
            #expect(receiver.received.suffix(3) == [1, 2, 3])
            await channel.close()
            #expect(receiver.endCount == 1)
        }
    }

    @Test func receiverMayCloseTheChannelAndTheSessionGoesOn() throws {
        try simulation().run { session in
            let channel = try await session.openSubsystem("echo")
            let receiver = PieceReceiver { session.loop.spawn { await channel.close() } }
            await channel.deliver(to: receiver)
            try await session.loop.sleep(for: .seconds(1))
            #expect(receiver.endCount == 1)
            #expect(receiver.lateCount == 0)
            #expect(Self.greeting.starts(with: receiver.received))

            let other = try await session.openSubsystem("echo")
            var count = 0
            while count < Self.greeting.count, let bytes = try await other.read() {
                count += bytes.count
            }
            #expect(count == Self.greeting.count)
            await other.close()
        }
    }
}

/// Keeps what it is handed, and in how many pieces; belongs to the loop's thread.
private final class PieceReceiver: ByteReceiver, @unchecked Sendable {
    private(set) var received: [UInt8] = []
    private(set) var batches: [Int] = []
    private(set) var endCount = 0
    /// How much was handed over after the end.
    private(set) var lateCount = 0
    private let action: @Sendable () -> Void

    init(_ action: @escaping @Sendable () -> Void = {}) { self.action = action }

    func receive(_ bytes: Bytes) { receive([bytes]) }

    func receive(_ pieces: [Bytes]) {
        if endCount > 0 { lateCount += 1 }
        for piece in pieces { received += piece }
        batches.append(pieces.count)
        action()
    }

    func receiveEnd(_ error: (any Error)?) { endCount += 1 }
}
