// SPDX-License-Identifier: Apache-2.0

/// The limits after which new keys are made, on top of those that the ciphers themselves set.
public struct RekeyLimits: Equatable, Sendable {
    /// How many bytes one key may protect, or nil for the cipher's own limit.
    public var bytes: UInt64?
    /// How long keys may be used, or nil for no such limit.
    public var interval: Duration?

    /// Limits as of `RekeyLimit` in ssh_config(5).
    public init(bytes: UInt64? = nil, interval: Duration? = nil) {
        self.bytes = bytes
        self.interval = interval
    }
}

/// What one direction has carried under its current keys.
struct Traffic {
    var packets: UInt64 = 0
    var bytes: UInt64 = 0

    mutating func count(_ wireBytes: Int) {
        packets += 1
        bytes += UInt64(wireBytes)
    }
}

/// Decides when new keys are due.
///
/// Numbers as OpenSSH's `ssh_packet_need_rekeying`.
struct RekeyPolicy {
    private let limits: RekeyLimits
    /// When keys of the current exchange are too old, as a time of our owner's clock.
    private(set) var deadline: Duration?

    init(_ limits: RekeyLimits) { self.limits = limits }

    /// Starts the clock for new keys.
    mutating func keysInstalled(now: Duration) {
        deadline = limits.interval.map { now + $0 }
    }

    /// Whether either direction has used up its keys.
    ///
    /// One packet per key is always allowed: with a limit below a packet's size, two sides would
    /// otherwise exchange keys for ever and send nothing.
    func isDue(
        sent: Traffic, sentBlock: Int, received: Traffic, receivedBlock: Int, now: Duration
    ) -> Bool {
        guard sent.packets > 0 || received.packets > 0 else { return false }
        if let deadline, now >= deadline { return true }
        return isUsedUp(sent, block: sentBlock) || isUsedUp(received, block: receivedBlock)
    }

    private func isUsedUp(_ traffic: Traffic, block: Int) -> Bool {
        traffic.packets >= Self.packetLimit
            || traffic.bytes >= min(limits.bytes ?? .max, Self.byteLimit(block: block))
    }

    /// Half of the sequence numbers (RFC 4344 section 3.1 has 2^31 too).
    private static let packetLimit: UInt64 = 1 << 31

    /// RFC 4344 section 3.2: 2^(L/4) blocks of L bits for blocks of 16 bytes, else 1 GiB.
    private static func byteLimit(block: Int) -> UInt64 {
        block >= 16 ? (1 << 32) * UInt64(block) : 1 << 30
    }
}
