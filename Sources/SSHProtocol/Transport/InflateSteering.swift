// SPDX-License-Identifier: Apache-2.0

import Compression
import Wire

/// Finds out whether the peer should compress what it sends.
///
/// Only a key exchange can change that, so it is wished for seldom, and by bulk data alone. What they would
/// shrink to is found by compressing some of them.
struct InflateSteering {
    /// The time between two changes.
    static let leastTime = Duration.seconds(60)
    /// How many bytes of data make up a measurement.
    static let period = 512 << 10
    /// The smallest message that counts: smaller ones go back and forth, and say nothing of the link.
    static let leastMessage = 4 << 10
    /// What may be left of data for compression to be worth a key exchange, and above what it is useless.
    static let ratios = (worthwhile: 0.8, useless: 0.95)
    /// The rate of a link that outruns a compressing peer, in bytes a second.
    static let fastLink = 16e6
    /// By how much one way must be faster than the other to be preferred.
    static let advantage = 1.1
    /// How many measurements must agree.
    static let agreement = 2

    private var isPossible = false
    private var isCompressed = false
    private var wished: Bool?
    private var lastChange: Duration?
    /// How many measurements in turn have spoken for a change.
    private var votes = 0

    private var busy = BusyTime()
    private var content = 0
    private var onWire = 0
    /// Whether the link is slow enough to look at what it carries.
    private var isSlow = false
    private var sampleRatio: Double?
    /// How fast data have come, uncompressed and, where they shrank, compressed; in bytes a second.
    private var rates: (plain: Double?, packed: Double?)

    /// Takes note that bytes have come.
    mutating func bytesCame(now: Duration) { busy.note(now: now) }

    /// Takes note of a message.
    ///
    /// - Parameter wireCount: the length of its packet, in bytes.
    mutating func note(_ payload: Bytes, wireCount: Int) {
        guard isPossible, payload.count >= Self.leastMessage else { return }
        content += payload.count
        onWire += wireCount
        if isSlow, !isCompressed, sampleRatio == nil { takeSample(payload) }
        guard content >= Self.period else { return }
        votes = measurementSpeaksForChange() ? votes + 1 : 0
        (content, onWire, sampleRatio) = (0, 0, nil)
        busy.restart()
    }

    private mutating func takeSample(_ payload: Bytes) {
        var deflater = Deflater(level: 1)
        var output: [UInt8] = []
        deflater.compress([payload], into: &output)
        sampleRatio = Double(output.count) / Double(payload.count)
    }

    /// Whether the measurement that is complete now speaks for a change.
    private mutating func measurementSpeaksForChange() -> Bool {
        let rate = busy.rate(of: content)
        isSlow = rate < Self.fastLink
        guard isCompressed else {
            rates.plain = rate
            guard let sampleRatio, isSlow else { return false }
            return sampleRatio <= Self.ratios.worthwhile
                && (rates.packed ?? .infinity) > rate * Self.advantage
        }
        let ratio = Double(onWire) / Double(content)
        if ratio <= Self.ratios.worthwhile { rates.packed = rate }
        return ratio > Self.ratios.useless || (rates.plain ?? 0) > rate * Self.advantage
    }

    /// Says whether a key exchange should be begun now, and with which outcome; once.
    ///
    /// - Returns: whether the peer is to compress; nil for no change.
    mutating func takeWish(now: Duration) -> Bool? {
        guard isPossible, votes >= Self.agreement,
            lastChange.map({ now - $0 >= Self.leastTime }) ?? true
        else { return nil }
        lastChange = now
        votes = 0
        wished = !isCompressed
        return wished
    }

    /// New keys are in use.
    ///
    /// - Parameters:
    ///   - isCompressed: whether the peer compresses from now on.
    ///   - isPossible: whether it can.
    mutating func keysInstalled(isCompressed: Bool, isPossible: Bool) {
        // A peer that does not do what was wished for is not asked again.
        self.isPossible = isPossible && isCompressed == wished ?? isCompressed
        self.isCompressed = isCompressed
        isSlow = false
        votes = 0
        (content, onWire, sampleRatio) = (0, 0, nil)
        busy.restart()
    }
}
