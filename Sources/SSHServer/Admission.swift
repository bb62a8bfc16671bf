// SPDX-License-Identifier: Apache-2.0

/// Whom a server talks to at all: how many at a time, and for how long not with those who misbehave.
///
/// Time is an argument.
public struct Admission: Sendable {
    /// The bounds; the defaults of the first three are sshd's (sshd_config(5), `MaxStartups` and
    /// `PerSourcePenalties`).
    public struct Limits: Sendable {
        /// How many clients may be about to log in.
        public var unauthenticated = 100
        /// When an address is shut out, and for how long at most.
        public var penaltyThreshold = Duration.seconds(15)
        /// The longest time for which an address is shut out.
        public var longestPenalty = Duration.seconds(600)
        /// How many clients there may be: each has a thread and some descriptors.
        public var connections = 4096

        /// The defaults.
        public init() {}
    }

    /// Why a client is turned away.
    enum Refusal: Equatable {
        case tooManyUnauthenticated
        case tooManyConnections
        case penalty
    }

    /// How a connection ended, as far as it matters here.
    enum Ending: Sendable {
        /// The user was logged in, or nothing was wrong.
        case orderly
        /// Attempts to log in failed.
        case authenticationFailed
        /// Nobody tried to log in.
        case noAttempt
        /// The time to log in was over.
        case tooSlow

        /// How long the address is to be shut out for it, sshd's numbers.
        var penalty: Duration {
            switch self {
            case .orderly: .zero
            case .authenticationFailed: .seconds(5)
            case .noAttempt: .seconds(1)
            case .tooSlow: .seconds(10)
            }
        }
    }

    /// How many addresses are remembered: sshd's `max-sources4`.
    private static let addressesKept = 65_536

    private let limits: Limits
    private(set) var unauthenticated = 0
    private(set) var connections = 0
    /// Until when the sum of an address's penalties lasts.
    private var penalties: [[UInt8]: Duration] = [:]

    init(_ limits: Limits) { self.limits = limits }

    /// Counts a new connection, or says why it is turned away.
    mutating func admit(_ address: [UInt8], now: Duration) -> Refusal? {
        if let end = penalties[address] {
            if end <= now {
                penalties[address] = nil
            } else if end - now >= limits.penaltyThreshold {
                return .penalty
            }
        }
        if unauthenticated >= limits.unauthenticated { return .tooManyUnauthenticated }
        if connections >= limits.connections { return .tooManyConnections }
        unauthenticated += 1
        connections += 1
        return nil
    }

    /// A connection's user has logged in.
    mutating func authenticated() {
        unauthenticated -= 1
    }

    /// A connection has ended.
    mutating func ended(
        _ address: [UInt8], wasAuthenticated: Bool, _ ending: Ending, now: Duration
    ) {
        connections -= 1
        if !wasAuthenticated { unauthenticated -= 1 }
        guard ending.penalty > .zero, !address.isEmpty else { return }
        if penalties.count >= Self.addressesKept {
            penalties = penalties.filter { $0.value > now }
            // As sshd's "permissive": those who come then are not shut out.
            guard penalties.count < Self.addressesKept else { return }
        }
        let start = max(penalties[address] ?? now, now)
        penalties[address] = min(start + ending.penalty, now + limits.longestPenalty)
    }
}
