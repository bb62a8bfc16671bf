// SPDX-License-Identifier: Apache-2.0

/// What we offer the peer for each channel.
public struct ChannelParameters: Equatable, Sendable {
    /// How many bytes the peer may send before we have consumed any, 1 to 2^31.
    ///
    /// It bounds a download's speed to itself per round trip, and the memory that a channel takes.
    public var window: UInt32
    /// The most data that one packet may bring, in bytes: 1 to 192 KiB.
    public var maximumPacket: UInt32

    /// A little under 16 MiB of window, and packets of 32 KiB.
    ///
    /// With a larger window, OpenSSH's own limit on what a channel may hold makes its speed
    /// erratic. RFC 4253 section 6.1 makes everybody take packets of that size.
    public init(window: UInt32 = 15 * 1024 * 1024, maximumPacket: UInt32 = 32 * 1024) {
        precondition(window >= 1 && window <= 1 << 31, "channel window out of range")
        precondition(
            maximumPacket >= 1 && maximumPacket <= Self.largestPacket,
            "maximum packet of a channel out of range")
        self.window = window
        self.maximumPacket = maximumPacket
    }

    /// The most data in one packet: leaves room for headers, padding and what zlib may add, within
    /// `SSHLimits.packetBytes`.
    static let largestPacket: UInt32 = 192 * 1024
}
