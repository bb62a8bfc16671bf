// SPDX-License-Identifier: Apache-2.0

/// How long something has been busy: the time between its events, of which longer pauses count only in part.
struct BusyTime {
    /// What a pause counts for at most: on links that are worth a measurement, packets come more often.
    private static let longestPause = Duration.milliseconds(50)

    /// The time since the last ``restart()``.
    private(set) var total = Duration.zero
    private var last: Duration?

    /// Something happens.
    mutating func note(now: Duration) {
        if let last { total += min(max(now - last, .zero), Self.longestPause) }
        last = now
    }

    /// Starts again from zero.
    mutating func restart() { total = .zero }

    /// How many bytes a second a number of them comes to; without end for no time.
    func rate(of byteCount: Int) -> Double {
        total > .zero ? Double(byteCount) / (total / .seconds(1)) : .infinity
    }
}
