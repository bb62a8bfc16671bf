// SPDX-License-Identifier: Apache-2.0

public import SFTPProtocol
import Wire

/// Why an SFTP operation failed.
public enum SFTPError: Error, Hashable, Sendable {
    /// The server refused the request with this status; or we did, for a path that no server may get.
    case status(SFTPStatus)
    /// The server doesn't have an extension that the operation needs; nothing was sent.
    case unsupported(SFTPExtension)
    /// The server answered READ twice with neither data nor an end of file.
    case noProgress
    /// The task was cancelled. A request that had been sent may be carried out all the same.
    case cancelled
    /// The connection is gone. Whether the request was carried out is not known.
    case connectionLost(reason: String)
    /// The server broke the protocol, and the connection has been closed for it.
    case protocolViolation(reason: String)
}

extension SFTPError {
    /// Whether no further operation on this connection can succeed.
    public var endsConnection: Bool {
        switch self {
        case .connectionLost, .protocolViolation: true
        case .status, .unsupported, .noProgress, .cancelled: false
        }
    }

    /// What the error means to a local program.
    public var errno: Errno {
        switch self {
        case .status(let status): status.errno ?? .EIO
        case .unsupported: .EOPNOTSUPP
        case .noProgress: .EIO
        case .cancelled: .EINTR
        case .connectionLost: .ECONNABORTED
        case .protocolViolation: .EPROTO
        }
    }
}

extension SFTPError: CustomStringConvertible {
    /// One line, fit for a terminal: control characters in the server's words are escaped.
    public var description: String {
        switch self {
        case .status(let status):
            status.message.isEmpty ? status.code.description : TerminalText.line(status.message)
        case .unsupported(let missing): "the server does not support \(missing.rawValue)"
        case .noProgress: "the server sends neither data nor the end of the file"
        case .cancelled: "cancelled"
        case .connectionLost(let reason): "connection lost: \(reason)"
        case .protocolViolation(let reason): "SFTP protocol violation: \(reason)"
        }
    }
}
