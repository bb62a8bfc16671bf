// SPDX-License-Identifier: Apache-2.0

public import Wire

/// Why a session has ended.
public enum SessionEnd: Equatable, Sendable {
    /// The client has finished.
    case endOfStream
    /// A packet's length is out of bounds: what follows can't be read.
    case unreadable(WireError)
    /// The client broke the order of the protocol.
    case failed(SessionFailure)
    /// The channel failed; the text says how.
    case channelFailed(String)
}

extension SessionEnd {
    /// The exit status of OpenSSH's sftp-server for such an end.
    public var exitStatus: Int32 {
        switch self {
        case .endOfStream: 0
        case .channelFailed: 1
        case .unreadable: 11
        case .failed: 255
        }
    }

    /// What is logged; `nil` for an orderly end.
    var logText: String? {
        switch self {
        case .endOfStream: nil
        case .unreadable(let error): "bad message: \(error)"
        case .failed(let failure): failure.description
        case .channelFailed(let reason): reason
        }
    }
}
