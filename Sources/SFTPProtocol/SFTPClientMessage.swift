// SPDX-License-Identifier: Apache-2.0

public import Wire

/// What a client sends.
public enum SFTPClientMessage: Hashable, Sendable {
    /// INIT: the first packet, with the version the client speaks, and what it asks for beyond that.
    case initialize(version: UInt32, extensions: [SFTPVersion.ExtensionPair] = [])
    /// A request and the number under which its reply will come.
    case request(id: UInt32, SFTPRequest)
}

extension SFTPClientMessage {
    /// Decodes a packet.
    ///
    /// Unknown types and unknown extensions are requests too: they have an id and are to be answered.
    /// Bytes behind the last field are ignored, as OpenSSH's server does: pkg/sftp, which rclone uses,
    /// sends its whole buffer with a last WRITE that fills only a part of it. Behind INIT's version the
    /// draft has clients announce extensions; what is no such list is ignored, too.
    ///
    /// - Throws: `WireError` for a packet that is truncated or otherwise badly formed.
    public init(decoding frame: SFTPFrame) throws(WireError) {
        if frame.type == .initialize {
            self = .initialize(
                version: frame.id, extensions: Self.readExtensions(frame.body))
        } else {
            self = .request(id: frame.id, try SFTPRequest(decoding: frame))
        }
    }

    /// What a client announces, as far as it can be read.
    private static func readExtensions(_ body: WireReader) -> [SFTPVersion.ExtensionPair] {
        var reader = body
        var extensions: [SFTPVersion.ExtensionPair] = []
        while extensions.count < SFTPLimits.clientExtensions,
            let pair = try? SFTPVersion.ExtensionPair(from: &reader)
        {
            extensions.append(pair)
        }
        return extensions
    }

    /// The packet with its length field: header fields in one piece, then a WRITE's payload as it is.
    public func encode() -> [Bytes] {
        switch self {
        case .initialize(let version, let extensions):
            let packet = encodePacket(SFTPPacketType.initialize.rawValue, id: version) { writer in
                for pair in extensions { pair.write(to: &writer) }
            }
            return [packet]
        case .request(let id, let request):
            return request.encode(id: id)
        }
    }
}
