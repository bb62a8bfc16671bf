// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import RemoteFS

/// What is pending of a file, against an array that is written at once.
@Suite struct PendingWritesTests {
    /// A file on a server, and what has been done to it.
    private struct Model {
        var pending = PendingWrites()
        var disk: [UInt8] = []
        /// Which writes have gone to each byte, by number; each writes its number.
        var history: [[UInt8]] = []
        var random: UInt64

        mutating func below(_ limit: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((random >> 33) % UInt64(limit))
        }

        mutating func write() {
            let (offset, count) = (below(200), 1 + below(60))
            let number = UInt8(pending.lastNumber + 1)
            let data = [UInt8](repeating: number, count: count)[...]
            pending.add(FilePiece(offset: UInt64(offset), data: data), limit: 50)
            while history.count < offset + count { history.append([]) }
            for index in offset..<offset + count { history[index].append(number) }
        }

        mutating func carryOut(_ request: PendingWrites.Request) {
            var next = request.range.lowerBound
            for piece in request.pieces {
                #expect(piece.offset == next)
                next = piece.range.upperBound
                while disk.count < Int(next) { disk.append(0) }
                disk.replaceSubrange(Int(piece.offset)..<Int(next), with: piece.data)
            }
            #expect(next == request.range.upperBound)
        }

        mutating func take(isUrgent: Bool) {
            guard let request = pending.takeRequest(limit: 50, isUrgent: isUrgent) else { return }
            #expect(1...50 ~= request.range.count)
            for other in pending.sent.dropLast() { #expect(!other.range.overlaps(request.range)) }
        }

        mutating func answer() {
            guard let request = pending.sent.first else { return }
            carryOut(request)
            pending.finishRequest()
        }

        /// Each request may have been carried out.
        mutating func lose() {
            for request in pending.sent where below(2) == 0 { carryOut(request) }
            pending.takeBack()
        }

        func check() {
            #expect(pending.isEmpty == (pending.byteCount == 0))
            for number in stride(from: UInt8(0), through: UInt8(pending.lastNumber), by: 7)
            where pending.isSettled(upTo: UInt64(number)) {
                let isThere = history.indices.allSatisfy { index in
                    guard let least = history[index].last(where: { $0 <= number }) else {
                        return true
                    }
                    return index < disk.count && disk[index] >= least
                }
                #expect(isThere, "\(number)")
            }
        }
    }

    @Test(arguments: 0..<30)
    func endsWithTheLastDataEverywhere(seed: UInt64) {
        var model = Model(random: seed)
        for step in 0..<400 {
            switch model.below(16) {
            case 0...5: if model.pending.lastNumber < 250 { model.write() }
            case 6...9: model.take(isUrgent: model.below(3) == 0)
            case 10...14: model.answer()
            default: if model.below(4) == 0 { model.lose() }
            }
            if step % 5 == 0 { model.check() }
        }
        while !model.pending.isEmpty {
            model.take(isUrgent: true)
            model.answer()
        }
        model.check()
        #expect(model.disk == model.history.map { $0.last ?? 0 })
    }

    @Test func gathersWhileARequestHasNoAnswer() {
        var pending = PendingWrites()
        func add(_ offset: UInt64) {
            pending.add(
                FilePiece(offset: offset, data: [UInt8](repeating: 1, count: 10)[...]), limit: 100)
        }
        add(0)
        #expect(pending.takeRequest(limit: 100, isUrgent: false)?.range == 0..<10)
        for offset in 1...9 { add(UInt64(offset) * 10) }
        #expect(pending.takeRequest(limit: 100, isUrgent: false) == nil)
        add(100)
        // A whole one need not wait.
        #expect(pending.takeRequest(limit: 100, isUrgent: false)?.range == 10..<110)
        add(110)
        #expect(pending.takeRequest(limit: 100, isUrgent: false) == nil)
        #expect(pending.takeRequest(limit: 100, isUrgent: true)?.range == 110..<120)
    }

    @Test func whatIsClaimedWaits() {
        var pending = PendingWrites()
        pending.claim(5..<10)
        pending.add(FilePiece(offset: 0, data: [UInt8](repeating: 1, count: 6)[...]), limit: 100)
        #expect(pending.takeRequest(limit: 100, isUrgent: true) == nil)
        #expect(!pending.canSend)
        pending.endClaim(5..<10)
        #expect(pending.takeRequest(limit: 100, isUrgent: true)?.range == 0..<6)
    }
}
