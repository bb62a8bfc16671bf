// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Testing
import Wire

@Suite struct PieceQueueTests {
    /// A slice that keeps a buffer of a packet's size.
    private func piece(_ bytes: [UInt8]) -> Bytes {
        ([UInt8](repeating: 0, count: 4096) + bytes)[4096...]
    }

    @Test func smallPiecesAreJoinedAndLetGoOfTheirPackets() {
        var queue = PieceQueue()
        for index in 0..<10_000 { queue.append(piece([UInt8(truncatingIfNeeded: index)])) }
        var pieces = 0
        var all: [UInt8] = []
        while let bytes = queue.popFirst() {
            pieces += 1
            all += bytes
        }
        #expect(pieces <= 10_000 / 2048 + 1)
        #expect(all == (0..<10_000).map { UInt8(truncatingIfNeeded: $0) })
    }

    @Test func orderStaysWhateverTheSizesAndHoweverSlowTheReader() {
        var queue = PieceQueue()
        var sent: [UInt8] = []
        var received: [UInt8] = []
        for round in 0..<5000 {
            let bytes = [UInt8](
                repeating: UInt8(truncatingIfNeeded: round), count: 1 + round * 37 % 5000)
            sent += bytes
            queue.append(piece(bytes))
            // Never quite empty.
            if round % 3 != 0, let bytes = queue.popFirst() { received += bytes }
        }
        while let bytes = queue.popFirst() { received += bytes }
        #expect(received == sent)
    }
}
