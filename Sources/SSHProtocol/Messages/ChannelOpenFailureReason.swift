// SPDX-License-Identifier: Apache-2.0

/// Why a channel was not opened (RFC 4254 section 5.1).
///
/// A peer may send numbers that have no name here, so this is not an enumeration.
public struct ChannelOpenFailureReason: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public var rawValue: UInt32

    /// The reason with this number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `SSH_OPEN_ADMINISTRATIVELY_PROHIBITED`.
    public static let administrativelyProhibited = Self(rawValue: 1)
    /// `SSH_OPEN_CONNECT_FAILED`.
    public static let connectFailed = Self(rawValue: 2)
    /// `SSH_OPEN_UNKNOWN_CHANNEL_TYPE`.
    public static let unknownChannelType = Self(rawValue: 3)
    /// `SSH_OPEN_RESOURCE_SHORTAGE`.
    public static let resourceShortage = Self(rawValue: 4)
}

extension ChannelOpenFailureReason: CustomStringConvertible {
    /// What the number means, in the RFC's words.
    public var description: String {
        switch self {
        case .administrativelyProhibited: "administratively prohibited"
        case .connectFailed: "connect failed"
        case .unknownChannelType: "unknown channel type"
        case .resourceShortage: "resource shortage"
        default: "reason \(rawValue)"
        }
    }
}
