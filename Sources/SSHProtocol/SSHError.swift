// SPDX-License-Identifier: Apache-2.0

import Wire

/// Why an SSH connection ended.
///
/// Code compares, the reason is for people: it says what was expected and what came instead.
public struct SSHError: Error, Sendable {
    /// What kind of end it was; programs decide by this.
    public let code: Code
    /// One line for a person, with the peer's texts cut short but not escaped: escape it before it
    /// reaches a terminal.
    public let reason: String

    /// The kinds of ends.
    public enum Code: Hashable, Sendable {
        /// The peer sent SSH_MSG_DISCONNECT with this reason.
        case disconnectedByPeer(DisconnectReason)
        /// The byte stream ended without a DISCONNECT.
        case connectionLost
        /// Our owner asked for the end.
        case closedByOwner
        /// The peer is not an SSH 2 implementation, or sent too much before saying that it is.
        case versionExchangeFailed
        /// The two sides have no algorithm in common for some purpose.
        case noCommonAlgorithm
        /// The key exchange broke: bad public value, signature, or host key type.
        case keyExchangeFailed
        /// The host key was refused by our owner, or changed in a later key exchange.
        case hostKeyRejected
        /// A packet failed its integrity check.
        case integrityCheckFailed
        /// A packet's compressed data is broken, or grows beyond the limit.
        case compressionFailed
        /// The peer sent a message that it may not send now, or a malformed one.
        case protocolViolation
        /// The peer exceeded a limit on memory or effort.
        case limitExceeded
        /// Authentication came to an end without success.
        case authenticationFailed
        /// The peer refused a service.
        case serviceNotAvailable
    }

    /// What stands before the peer's own words in the reason of ``Code/disconnectedByPeer(_:)``.
    public static let disconnectedPrefix = "disconnected by the peer: "

    /// An end of this kind.
    public init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}

extension SSHError: Equatable {
    /// Compares codes only: reasons are for people, and may be reworded at any time.
    public static func == (left: SSHError, right: SSHError) -> Bool { left.code == right.code }
}

extension SSHError: CustomStringConvertible {
    /// The reason.
    public var description: String { reason }
}

extension SSHError {
    /// What the peer is told, or nil where there is nobody to tell or nothing to add.
    var disconnectReason: DisconnectReason? {
        switch code {
        case .disconnectedByPeer, .connectionLost: nil
        case .closedByOwner: .byApplication
        case .versionExchangeFailed: .protocolVersionNotSupported
        case .noCommonAlgorithm, .keyExchangeFailed: .keyExchangeFailed
        case .hostKeyRejected: .hostKeyNotVerifiable
        case .integrityCheckFailed: .macError
        case .compressionFailed: .compressionError
        case .protocolViolation, .limitExceeded: .protocolError
        case .authenticationFailed: .noMoreAuthMethodsAvailable
        case .serviceNotAvailable: .serviceNotAvailable
        }
    }

    /// A message that could not be decoded.
    static func malformed(_ message: MessageNumber, _ error: WireError) -> SSHError {
        SSHError(.protocolViolation, "malformed \(message) message: \(error)")
    }
}
