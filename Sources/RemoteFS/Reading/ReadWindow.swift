// SPDX-License-Identifier: Apache-2.0

/// How much to have on its way from the server, so that the link is full and nothing waits behind it.
///
/// A link is full with the bytes that it carries in one round trip: its rate times its latency. More would
/// only stand in a queue on the server, and whatever else is asked for, behind it. As TCP's BBR (Cardwell et
/// al., 2016), it takes the highest rate of late and the lowest latency. That can be seen only
/// while nothing waits, so that once in a while less is asked for.
struct ReadWindow {
    /// A window that is not smaller than Linux's own read-ahead of a file, both ways.
    static let smallest = 256 << 10
    /// What is asked for before anything is known of the link.
    static let first = 512 << 10
    /// OpenSSH takes no more from an SFTP server for one channel than 16 MiB.
    static let largest = 15 << 20
    /// What the programs at both ends may take to answer, beside the link.
    static let slack = Duration.milliseconds(2)
    /// For how long a latency is believed to be the lowest.
    static let latencyLifetime = Duration.seconds(10)
    /// And where answers take much longer.
    static let doubtfulLifetime = Duration.seconds(1)
    /// Of how many round trips the highest rate counts.
    static let rounds = 8

    /// What is remembered of a request, to learn from its answer.
    struct Stamp {
        let sentAt: Duration
        fileprivate let received: UInt64
        /// Whether nothing should be waiting before it.
        fileprivate let isAlone: Bool
    }

    /// How many bytes of answers are awaited.
    private(set) var underWay = 0
    /// How many bytes to have on their way.
    private(set) var size = Self.first

    private var received: UInt64 = 0
    /// The highest rates of the latest rounds, in bytes a second; the last is that of the present one.
    private var rates: [Double] = [0]
    /// What had been received when the present round began.
    private var roundStart: UInt64 = 0
    private var latency: (lowest: Duration, at: Duration)?
    /// Whether less is asked for than the link carries, to see its latency.
    private var isDraining = false
    /// Whether the rate has stopped growing with the window.
    private var isFull = false
    private var fullRate = 0.0
    private var roundsWithoutGrowth = 0

    /// Whether so many bytes more may be asked for before they are needed.
    func hasRoom(for count: Int) -> Bool { underWay == 0 || underWay + count <= size }

    /// Takes note of a request.
    mutating func noteRequest(_ count: Int, now: Duration) -> Stamp {
        defer { underWay += count }
        return Stamp(
            sentAt: now, received: received, isAlone: isDraining && hasRoom(for: count))
    }

    /// Takes note of what came of a request of so many bytes.
    mutating func noteAnswer(_ received: Int, of count: Int, to stamp: Stamp, now: Duration) {
        underWay -= count
        self.received += UInt64(received)
        let time = now - stamp.sentAt
        guard received == count, time > .zero else { return }
        noteRate(Double(self.received - stamp.received) / (time / .seconds(1)), stamp)
        noteLatency(time, stamp, now: now)
        adjust()
    }

    private mutating func noteRate(_ rate: Double, _ stamp: Stamp) {
        if stamp.received >= roundStart {
            noteRound()
            roundStart = received
            rates.append(rate)
            if rates.count > Self.rounds { rates.removeFirst() }
        } else {
            rates[rates.count - 1] = max(rates[rates.count - 1], rate)
        }
    }

    private mutating func noteRound() {
        guard !isFull, let highest = rates.max() else { return }
        if highest >= fullRate * 1.25 {
            fullRate = highest
            roundsWithoutGrowth = 0
        } else {
            roundsWithoutGrowth += 1
            isFull = roundsWithoutGrowth >= 3
        }
    }

    private mutating func noteLatency(_ time: Duration, _ stamp: Stamp, now: Duration) {
        if stamp.isAlone || time <= latency?.lowest ?? time {
            latency = (time, now)
            isDraining = false
        } else if let latency {
            // What takes much longer than the queue that is meant to be there explains has another reason.
            let isDoubtful = time > (latency.lowest + Self.slack) * 3
            let lifetime = isDoubtful ? Self.doubtfulLifetime : Self.latencyLifetime
            isDraining = isDraining || now >= latency.at + lifetime
        }
    }

    private mutating func adjust() {
        guard let latency, let rate = rates.max() else { return }
        // While the rate still grows, twice what the link seems to carry lets it double; then what is left
        // of that is enough to find out that it could be more.
        let gain = isDraining ? 0.5 : isFull ? 1.25 : 2
        let bytes = gain * rate * ((latency.lowest + Self.slack) / .seconds(1))
        size = Int(min(max(bytes, Double(isDraining ? 0 : Self.smallest)), Double(Self.largest)))
    }
}
