// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RemoteFS

/// What is expected to be read next.
@Suite struct ReadStreamsTests {
    private static let piece: UInt64 = 128 << 10

    private func pieces(_ streams: inout ReadStreams, size: UInt64? = nil) -> [Range<UInt64>] {
        var found: [Range<UInt64>] = []
        while let wanted = streams.wanted(
            pieceBytes: Int(Self.piece), size: size, limit: 16 << 20)
        {
            streams.noteAsked(wanted)
            found.append(wanted.range)
        }
        return found
    }

    private func read(_ number: UInt64) -> Range<UInt64> {
        number * Self.piece..<(number + 1) * Self.piece
    }

    @Test func asksForAWindowBehindWhatIsRead() {
        var streams = ReadStreams()
        #expect(!streams.note(read(0)).isExpected)
        #expect(pieces(&streams).isEmpty)
        #expect(streams.note(read(1)).isExpected)
        #expect(pieces(&streams) == [read(2), read(3)])
        #expect(streams.note(read(2)).isExpected)
        #expect(pieces(&streams) == [read(4)])
    }

    @Test func theWindowDoublesOnceForEachWindowThatIsWaitedFor() {
        var streams = ReadStreams()
        var asked: [Int] = []
        for number in 0..<8 as Range<UInt64> {
            _ = streams.note(read(number))
            streams.noteWait()
            asked.append(pieces(&streams).count)
        }
        #expect(asked == [0, 2, 3, 1, 1, 1, 5, 1])
    }

    @Test func asksForNothingBehindTheEnd() {
        var streams = ReadStreams()
        _ = streams.note(read(0))
        _ = streams.note(read(1))
        let end = 2 * Self.piece + 5
        #expect(pieces(&streams, size: end) == [2 * Self.piece..<end])
        streams.noteEnd(end)
        #expect(pieces(&streams).isEmpty)
        // A program knows better.
        _ = streams.note(read(2))
        #expect(!pieces(&streams).isEmpty)
    }

    @Test(arguments: [Int64(1 << 20), -(1 << 20)])
    func expectsReadsAtTheSameDistance(step: Int64) {
        var streams = ReadStreams()
        func read(_ number: Int64) -> Range<UInt64> {
            let start = UInt64(8 << 20 + number * step)
            return start..<start + 4096
        }
        #expect(!streams.note(read(0)).isExpected)
        #expect(!streams.note(read(1)).isExpected)
        #expect(streams.note(read(2)).isExpected)
        let expected = step > 0 ? (3...66).map { read($0) } : (3...8).map { read($0) }
        #expect(pieces(&streams, size: 1 << 40) == expected)
        #expect(streams.note(read(3)).isExpected)
    }

    @Test func followsSeveralReadersOfOneFile() {
        var streams = ReadStreams()
        for number in 0..<10 as Range<UInt64> {
            for reader in 0..<4 as Range<UInt64> {
                let isExpected = streams.note(read(reader * 1000 + number)).isExpected
                #expect(isExpected == (number > 0))
            }
        }
    }

    @Test func givesUpTheStreamThatIsUsedLeast() {
        var streams = ReadStreams()
        for reader in 0..<4 as Range<UInt64> {
            #expect(streams.note(read(reader * reader * 1000)).ended == nil)
        }
        #expect(streams.note(read(77_777)).ended == 1)
    }

    /// Random reads of a large file.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func expectsNothingOfReadsHereAndThere(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        var streams = ReadStreams()
        for _ in 0..<200 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let offset = (state >> 24) / 4096 * 4096
            #expect(!streams.note(offset..<offset + 4096).isExpected)
            #expect(pieces(&streams).isEmpty)
        }
    }

    @Test func takesOffsetsAtTheEndOfAllFiles() {
        var streams = ReadStreams()
        for start: UInt64 in [.max - 20, .max - 10, .max - 30, 1 << 63, 0] {
            _ = streams.note(start..<start + 10)
            streams.noteWait()
            _ = pieces(&streams)
        }
    }
}

/// Pieces of a file, against a plain array of its content.
@Suite struct FetchedPiecesTests {
    @Test(arguments: 0..<40 as Range<UInt64>)
    func whatIsTakenIsWhatTheFileHasThere(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func random(_ limit: UInt64) -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state % limit
        }
        let content = (0..<256).map { UInt8($0) }
        var pieces = FetchedPieces()
        var underWay: [(number: UInt64, range: Range<UInt64>)] = []
        var hits = 0
        for _ in 0..<400 {
            let start = random(200)
            let range = start..<start + 1 + random(40)
            switch random(4) {
            case 0:
                guard let gap = pieces.gap(in: range) else { continue }
                let number = pieces.expect(gap, for: Int(random(3)), askedAt: .seconds(1))
                underWay.append((number, gap))
            case 1 where !underWay.isEmpty:
                let (number, asked) = underWay.remove(at: Int(random(UInt64(underWay.count))))
                let part = content[Int(asked.lowerBound)..<Int(asked.upperBound)]
                let came = part.prefix(random(4) == 0 ? Int(random(40)) : part.count)
                let cut = came.startIndex + came.count / 3
                pieces.receive([came[..<cut], came[cut...]], of: number)
            case 2 where random(8) == 0:
                pieces.removeAll(of: Int(random(3)))
            default:
                guard case .here(let data) = pieces.take(range, askedSince: .zero) else { continue }
                #expect(Array(data.joined()) == Array(content[Int(start)..<Int(range.upperBound)]))
                hits += 1
            }
            #expect(pieces.isEmpty == (pieces.bytes == 0))
        }
        #expect(hits > 0)
        pieces.removeAll()
        #expect(pieces.bytes == 0)
    }

    @Test func tellsWhatIsMissingFromWhatIsOnItsWayAndWhatIsOld() {
        var pieces = FetchedPieces()
        let number = pieces.expect(10..<20, for: 1, askedAt: .seconds(5))
        #expect(pieces.take(10..<21, askedSince: .zero) == .missing)
        #expect(pieces.take(9..<12, askedSince: .zero) == .missing)
        #expect(pieces.take(12..<14, askedSince: .zero) == .onItsWay)
        #expect(pieces.take(12..<14, askedSince: .seconds(6)) == .tooOld)
        pieces.receive([[0, 1, 2, 3, 4, 5, 6]], of: number)
        #expect(pieces.bytes == 7)
        #expect(pieces.take(10..<12, askedSince: .zero) == .here([[0, 1]]))
        #expect(pieces.take(10..<12, askedSince: .zero) == .missing)
        #expect(pieces.take(16..<18, askedSince: .zero) == .missing)
        #expect(pieces.take(15..<17, askedSince: .zero) == .here([[5, 6]]))
        #expect(pieces.bytes == 3)
    }
}

/// The window, over a link of some rate and latency that is played through.
@Suite struct ReadWindowTests {
    /// A link that hands one answer after the other over.
    private struct Link {
        var rate: Double
        var latency: Duration
        /// By how much of itself the latency may be longer.
        var jitter = 0.0
        private var state: UInt64 = 1
        var window = ReadWindow()
        var now = Duration.seconds(100)
        private var isFreeAt = Duration.zero
        private var arrival = Duration.zero
        private var underWay: [(stamp: ReadWindow.Stamp, arrives: Duration)] = []
        static let count = 128 << 10

        init(rate: Double, latency: Duration) {
            (self.rate, self.latency) = (rate, latency)
        }

        /// Reads as fast as it can for some time.
        ///
        /// - Returns: how many bytes came.
        mutating func run(for time: Duration) -> Int {
            let end = now + time
            var received = 0
            while now < end {
                while window.hasRoom(for: Self.count) {
                    let stamp = window.noteRequest(Self.count, now: now)
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    let late = latency * (jitter * Double(state >> 40) / Double(1 << 24))
                    // Half of the latency each way, and the queue between.
                    isFreeAt =
                        max(isFreeAt, now + latency / 2) + .seconds(Double(Self.count) / rate)
                    arrival = max(arrival, isFreeAt + latency / 2 + late)
                    underWay.append((stamp, arrival))
                }
                let (stamp, arrives) = underWay.removeFirst()
                now = max(now, arrives)
                window.noteAnswer(Self.count, of: Self.count, to: stamp, now: now)
                received += Self.count
            }
            return received
        }

        /// How long the answer takes to what is asked for now.
        var answerTime: Duration { max(isFreeAt - now, latency / 2) + latency / 2 }
    }

    @Test(arguments: [12.5e6, 48e6, 125e6], [10, 50, 150])
    func fillsTheLinkAndLetsNothingWaitForLong(rate: Double, milliseconds: Int) {
        var link = Link(rate: rate, latency: .milliseconds(milliseconds))
        _ = link.run(for: .seconds(2))
        for _ in 0..<6 {
            let count = link.run(for: .seconds(10))
            // But for what the largest window allows.
            let possible = min(rate, Double(ReadWindow.largest) / (Double(milliseconds) / 1000))
            #expect(Double(count) >= 0.95 * possible * 10)
            #expect(link.answerTime <= .milliseconds(milliseconds * 3 / 2 + 15))
        }
        #expect(link.window.size <= ReadWindow.largest)
    }

    @Test(arguments: [12.5e6, 48e6], [0.2, 0.5, 1])
    func fillsALinkWhoseLatencyVaries(rate: Double, jitter: Double) {
        var link = Link(rate: rate, latency: .milliseconds(50))
        link.jitter = jitter
        _ = link.run(for: .seconds(2))
        let share = Double(link.run(for: .seconds(60))) / (rate * 60)
        #expect(share >= 0.8)
    }

    @Test func followsALinkThatHasBecomeSlowerAndLonger() {
        var link = Link(rate: 50e6, latency: .milliseconds(20))
        _ = link.run(for: .seconds(5))
        (link.rate, link.latency) = (10e6, .milliseconds(200))
        _ = link.run(for: .seconds(5))
        let count = link.run(for: .seconds(10))
        #expect(Double(count) >= 0.9 * 10e6 * 10)
        (link.rate, link.latency) = (50e6, .milliseconds(20))
        _ = link.run(for: .seconds(5))
        #expect(Double(link.run(for: .seconds(10))) >= 0.9 * 50e6 * 10)
    }

    @Test func anAnswerThatNeverCameCountsForNothing() {
        var window = ReadWindow()
        let stamp = window.noteRequest(1000, now: .zero)
        #expect(window.underWay == 1000)
        window.noteAnswer(0, of: 1000, to: stamp, now: .zero)
        #expect(window.underWay == 0)
        #expect(window.size == ReadWindow.first)
    }
}
