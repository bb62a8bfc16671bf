// SPDX-License-Identifier: Apache-2.0

/// Names a channel for as long as the connection lives; numbers are not used again.
public struct ChannelID: Hashable, Sendable {
    /// Our number of the channel, as the peer uses it on the wire.
    public let number: UInt32

    init(number: UInt32) { self.number = number }
}

extension ChannelID: CustomStringConvertible {
    /// The number.
    public var description: String { "\(number)" }
}
