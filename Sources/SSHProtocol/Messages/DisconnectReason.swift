// SPDX-License-Identifier: Apache-2.0

/// The reason code of an SSH_MSG_DISCONNECT (RFC 4253 section 11.1).
///
/// A peer may send numbers that have no name here, so this is not an enumeration.
public struct DisconnectReason: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public var rawValue: UInt32

    /// The reason with this number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `SSH_DISCONNECT_PROTOCOL_ERROR`.
    public static let protocolError = Self(rawValue: 2)
    /// `SSH_DISCONNECT_KEY_EXCHANGE_FAILED`.
    public static let keyExchangeFailed = Self(rawValue: 3)
    /// `SSH_DISCONNECT_MAC_ERROR`.
    public static let macError = Self(rawValue: 5)
    /// `SSH_DISCONNECT_COMPRESSION_ERROR`.
    public static let compressionError = Self(rawValue: 6)
    /// `SSH_DISCONNECT_SERVICE_NOT_AVAILABLE`.
    public static let serviceNotAvailable = Self(rawValue: 7)
    /// `SSH_DISCONNECT_PROTOCOL_VERSION_NOT_SUPPORTED`.
    public static let protocolVersionNotSupported = Self(rawValue: 8)
    /// `SSH_DISCONNECT_HOST_KEY_NOT_VERIFIABLE`.
    public static let hostKeyNotVerifiable = Self(rawValue: 9)
    /// `SSH_DISCONNECT_BY_APPLICATION`.
    public static let byApplication = Self(rawValue: 11)
    /// `SSH_DISCONNECT_TOO_MANY_CONNECTIONS`.
    public static let tooManyConnections = Self(rawValue: 12)
    /// `SSH_DISCONNECT_AUTH_CANCELLED_BY_USER`.
    public static let authCancelledByUser = Self(rawValue: 13)
    /// `SSH_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE`.
    public static let noMoreAuthMethodsAvailable = Self(rawValue: 14)
}
