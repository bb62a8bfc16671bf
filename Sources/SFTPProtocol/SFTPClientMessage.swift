// SPDX-License-Identifier: Apache-2.0

public import Wire

/// What a client sends.
public enum SFTPClientMessage: Hashable, Sendable {
    /// INIT: the first packet, with the version the client speaks.
    case initialize(version: UInt32)
    /// A request and the number under which its reply will come.
    case request(id: UInt32, SFTPRequest)
}

extension SFTPClientMessage {
    /// Decodes a packet.
    ///
    /// Unknown types and unknown extensions are requests too: they have an id and are to be answered.
    /// Bytes behind the last field are ignored, as OpenSSH's server does: the draft has clients
    /// announce extensions behind INIT's version, and pkg/sftp, which rclone uses, sends its whole
    /// buffer with a last WRITE that fills only a part of it.
    ///
    /// - Throws: `WireError` for a packet that is truncated or otherwise badly formed.
    public init(decoding frame: SFTPFrame) throws(WireError) {
        if frame.type == .initialize {
            self = .initialize(version: frame.id)
        } else {
            self = .request(id: frame.id, try SFTPRequest(decoding: frame))
        }
    }

    /// The packet with its length field: header fields in one piece, then a WRITE's payload as it is.
    public func encode() -> [Bytes] {
        switch self {
        case .initialize(let version):
            return [encodePacket(SFTPPacketType.initialize.rawValue, id: version) { _ in }]
        case .request(let id, let request):
            return request.encode(id: id)
        }
    }
}
