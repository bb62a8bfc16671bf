// SPDX-License-Identifier: Apache-2.0

import Compression

/// Chooses how hard to compress what we send: as hard as the link leaves time for, and not at all what does
/// not shrink.
///
/// Our own level may change with each packet: the peer's decompressor takes any.
struct DeflateSteering {
    /// The levels, from wrapping only to zlib's usual one.
    static let levels = [Deflater.storingLevel, 1, Deflater.usualLevel]
    /// How many bytes are compressed before it is said whether they shrink.
    static let trial = 64 << 10
    /// How many bytes are sent before the link is looked at.
    static let period = 256 << 10
    /// What must be left at most of data that shrink.
    static let worthwhileRatio = 0.95
    /// How many bytes are sent as they are before the next trial: at first, and at most.
    static let pauses = (512 << 10)...(4 << 20)
    /// How many compressed bytes the link must have kept up with before it is believed to be faster: more
    /// than what lies in the peer's window and in sockets.
    static let proof = 4 << 20
    /// The share of the time that compressing may take: above the first, the link outruns us; below the
    /// second, a higher level can be had; below the third, any at all.
    static let shares = (most: 0.5, few: 0.1, some: 0.25)

    /// The level for the next payload.
    private(set) var level = Deflater.usualLevel

    /// Why data are only wrapped.
    private enum Reason { case content, link }
    private var reason = Reason.content
    private var counts = Counts()
    private var pause = Self.pauses.lowerBound
    /// Whether the trial that is under way is one after a pause.
    private var wasPaused = false

    /// The period for the link.
    private var busy = BusyTime()
    private var passed = Counts()
    private var effort = Duration.zero
    private var outrun = 0
    /// What compressing has cost at level 1, in seconds per byte, and what was left of each byte.
    private var cheapest: (cost: Double, ratio: Double)?

    private struct Counts {
        var input = 0
        var output = 0
        var ratio: Double { Double(output) / Double(max(input, 1)) }
    }

    /// Takes note of a payload and what has become of it, in bytes.
    mutating func note(input: Int, output: Int) {
        passed.input += input
        passed.output += output
        counts.input += input
        counts.output += output
        if level == Deflater.storingLevel {
            if reason == .content, counts.input >= pause { setLevel(1) }
        } else if counts.input >= Self.trial {
            endTrial()
        }
    }

    private mutating func endTrial() {
        let pays = counts.ratio <= Self.worthwhileRatio
        counts = Counts()
        if pays {
            pause = Self.pauses.lowerBound
        } else {
            if wasPaused { pause = min(2 * pause, Self.pauses.upperBound) }
            reason = .content
            setLevel(Deflater.storingLevel)
        }
        wasPaused = !pays
    }

    /// Takes note of how long compressing what was sent last has taken.
    ///
    /// - Parameter now: when it was done.
    mutating func note(effort: Duration, now: Duration) {
        busy.note(now: now)
        self.effort += effort
        guard passed.input >= Self.period else { return }
        judgeLink()
        startPeriod()
    }

    private mutating func judgeLink() {
        if level == Deflater.storingLevel {
            guard reason == .link, let cheapest else { return }
            // The link would carry that much more data, were they compressed.
            let rate = busy.rate(of: passed.input) / cheapest.ratio
            if rate * cheapest.cost <= Self.shares.some { setLevel(1) }
            return
        }
        let seconds = effort / .seconds(1)
        if level == 1 { cheapest = (seconds / Double(passed.input), max(passed.ratio, 0.01)) }
        let share = busy.total > .zero ? effort / busy.total : 0
        outrun = share >= Self.shares.most ? outrun + passed.output : 0
        if outrun >= Self.proof {
            reason = .link
            setLevel(level == 1 ? Deflater.storingLevel : 1)
        } else if share <= Self.shares.few {
            setLevel(Deflater.usualLevel)
        }
    }

    private mutating func setLevel(_ level: Int32) {
        guard level != self.level else { return }
        self.level = level
        counts = Counts()
        startPeriod()
    }

    private mutating func startPeriod() {
        passed = Counts()
        effort = .zero
        busy.restart()
    }
}
