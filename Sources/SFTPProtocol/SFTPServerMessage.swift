// SPDX-License-Identifier: Apache-2.0

public import Wire

/// What a server sends.
public enum SFTPServerMessage: Hashable, Sendable {
    /// VERSION: the answer to INIT.
    case version(SFTPVersion)
    /// The reply to the request with this id.
    case reply(id: UInt32, SFTPReply)
}

extension SFTPServerMessage {
    /// Decodes a packet, exactly.
    ///
    /// - Throws: `WireError` for a packet that is truncated, too long or otherwise badly formed, or
    ///   whose type is not a server's.
    public init(decoding frame: SFTPFrame) throws(WireError) {
        if frame.type == .version {
            self = .version(try SFTPVersion(decoding: frame))
        } else {
            self = .reply(id: frame.id, try SFTPReply(decoding: frame))
        }
    }

    /// The packet with its length field: header fields in one piece, then a DATA's payload as it is.
    public func encode() -> [Bytes] {
        switch self {
        case .version(let version): [version.encode()]
        case .reply(let id, let reply): reply.encode(id: id)
        }
    }
}
