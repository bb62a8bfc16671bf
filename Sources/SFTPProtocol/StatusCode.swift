// SPDX-License-Identifier: Apache-2.0

/// The code of a STATUS reply (SFTP draft version 3, section 7), `SSH_FX_...`.
///
/// Open-ended: servers of later drafts send larger codes.
public struct StatusCode: RawRepresentable, Hashable, Sendable {
    /// The code as it stands on the wire.
    public let rawValue: UInt32

    /// Takes the code as it stands on the wire.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Success.
    public static let ok = StatusCode(rawValue: 0)
    /// Nothing is left of the file or directory.
    public static let eof = StatusCode(rawValue: 1)
    /// There is no such file or directory.
    public static let noSuchFile = StatusCode(rawValue: 2)
    /// The user may not do this.
    public static let permissionDenied = StatusCode(rawValue: 3)
    /// Every failure that has no code of its own.
    public static let failure = StatusCode(rawValue: 4)
    /// The request is badly formed, or an argument of it is not acceptable.
    public static let badMessage = StatusCode(rawValue: 5)
    /// No connection: made up by clients, never sent.
    public static let noConnection = StatusCode(rawValue: 6)
    /// Connection lost: made up by clients, never sent.
    public static let connectionLost = StatusCode(rawValue: 7)
    /// The server doesn't know this request.
    public static let operationUnsupported = StatusCode(rawValue: 8)

    /// The text that OpenSSH sends with the code.
    public var text: String {
        switch self {
        case .ok: "Success"
        case .eof: "End of file"
        case .noSuchFile: "No such file"
        case .permissionDenied: "Permission denied"
        case .failure: "Failure"
        case .badMessage: "Bad message"
        case .noConnection: "No connection"
        case .connectionLost: "Connection lost"
        case .operationUnsupported: "Operation unsupported"
        default: "Unknown error"
        }
    }
}

extension StatusCode: CustomStringConvertible {
    /// The text and, where the code is unknown, its number.
    public var description: String {
        rawValue > Self.operationUnsupported.rawValue ? "\(text) \(rawValue)" : text
    }
}
