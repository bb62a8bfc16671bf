// SPDX-License-Identifier: Apache-2.0

/// How fast something may go: a bucket into which tokens drip, one for each byte.
///
/// What has been done is taken out afterwards, more than there is if need be: so nothing is too large to
/// ever be done, and what comes next waits the longer.
struct Rate {
    /// For how long tokens gather while nothing is done, in seconds: as much may come at once.
    private static let burst = 0.25

    private let bytesPerSecond: Double
    private var tokens: Double
    private var counted: Duration

    /// - Parameter now: the time, from any origin that stays the same.
    init(bytesPerSecond: UInt64, now: Duration) {
        self.bytesPerSecond = Double(bytesPerSecond)
        tokens = self.bytesPerSecond * Self.burst
        counted = now
    }

    private mutating func drip(_ now: Duration) {
        let seconds = max(0, (now - counted) / .seconds(1))
        tokens = min(tokens + seconds * bytesPerSecond, bytesPerSecond * Self.burst)
        counted = now
    }

    /// How long the next piece has to wait; nil where it doesn't.
    mutating func wait(at now: Duration) -> Duration? {
        drip(now)
        // Less than a byte is what rounding leaves.
        guard tokens <= -1 else { return nil }
        return .seconds(-tokens / bytesPerSecond)
    }

    /// Counts what has been done.
    mutating func take(_ count: Int, at now: Duration) {
        drip(now)
        tokens -= Double(count)
    }
}

/// How fast each session may read and write, in bytes a second; `nil` for as fast as it goes.
public struct RateLimits: Sendable {
    /// For what clients read.
    public var read: UInt64?
    /// For what clients write.
    public var write: UInt64?

    /// By default there are none.
    public init(read: UInt64? = nil, write: UInt64? = nil) {
        self.read = read
        self.write = write
    }
}
