// SPDX-License-Identifier: Apache-2.0

/// How long things have taken, in classes that are an eighth of their value wide at most.
///
/// It holds any number of them in little memory, and tells quantiles well enough for people.
public struct LatencyHistogram: Sendable {
    /// Classes for each doubling.
    private static let classesPerDoubling = 8
    /// Beyond this many doublings of a microsecond, some 19 hours, all is one class.
    private static let doublings = 36

    private var counts: [UInt32] = []
    /// How many there are.
    public private(set) var count: UInt64 = 0

    /// Nothing so far.
    public init() {}

    /// Takes note of one.
    public mutating func add(_ latency: Duration) {
        let index = Self.index(of: latency)
        if counts.count <= index {
            counts.append(contentsOf: repeatElement(0, count: index + 1 - counts.count))
        }
        counts[index] &+= 1
        count += 1
    }

    /// The time within which a share of them was done, rounded up by an eighth at most; nil without any.
    ///
    /// - Parameter share: from 0 to 1.
    public func quantile(_ share: Double) -> Duration? {
        precondition((0...1).contains(share))
        let total = counts.reduce(0) { $0 + UInt64($1) }
        guard total > 0 else { return nil }
        let wanted = max(UInt64((Double(total) * share).rounded(.up)), 1)
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() {
            seen += UInt64(count)
            if seen >= wanted { return Self.upperBound(of: index) }
        }
        preconditionFailure("a quantile beyond the last")
    }

    // Class 0...8 are that many microseconds; from there on each doubling has eight classes.

    private static func index(of latency: Duration) -> Int {
        let microseconds = min(max(Int(latency / .microseconds(1)), 0), 1 << doublings)
        if microseconds < classesPerDoubling { return microseconds }
        // The highest bit, and the three below it.
        let shift = Int.bitWidth - microseconds.leadingZeroBitCount - 4
        return shift * classesPerDoubling + microseconds >> shift
    }

    private static func upperBound(of index: Int) -> Duration {
        if index < 2 * classesPerDoubling { return .microseconds(index + 1) }
        let shift = index / classesPerDoubling - 1
        let first = (index % classesPerDoubling + classesPerDoubling) << shift
        return .microseconds(first + 1 << shift)
    }
}
