// SPDX-License-Identifier: Apache-2.0

public import Wire

/// One packet without its length field, not yet decoded.
public struct SFTPFrame: Sendable {
    /// The packet up to its payload, or all of it.
    let head: Bytes
    /// In DATA and WRITE: what of the payload lies in other buffers than ``head``.
    let rest: [Bytes]

    /// A packet that lies in one piece.
    ///
    /// - Throws: `WireError.truncated` if it's too short to have a type and an id.
    public init(_ packet: Bytes) throws(WireError) {
        try self.init(head: packet, rest: [])
    }

    init(head: Bytes, rest: [Bytes]) throws(WireError) {
        guard head.count >= SFTPLimits.minimumPacketBytes else {
            throw .truncated(needed: SFTPLimits.minimumPacketBytes, available: head.count)
        }
        self.head = head
        self.rest = rest
    }

    /// The type byte.
    public var typeByte: UInt8 { head[head.startIndex] }

    /// The type, if it is one we know.
    public var type: SFTPPacketType? { SFTPPacketType(rawValue: typeByte) }

    /// The request id; in INIT and VERSION the version.
    public var id: UInt32 {
        head[(head.startIndex + 1)..<(head.startIndex + 5)].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// A reader that stands behind the id.
    var body: WireReader { WireReader(head.dropFirst(SFTPLimits.minimumPacketBytes)) }

    /// Reads the payload, which is the last field of the packet: a `string` that may go on in ``rest``.
    ///
    /// - Returns: the pieces of the payload, none of them empty, and how many bytes follow it.
    func readPayload(
        _ reader: inout WireReader
    ) throws(WireError) -> (pieces: [Bytes], trailing: Int) {
        let length = Int(try reader.readUInt32())
        let first = reader.readRemaining()
        let available = rest.reduce(first.count) { $0 + $1.count }
        guard length <= available else { throw .truncated(needed: length, available: available) }
        var pieces: [Bytes] = []
        pieces.reserveCapacity(rest.count + 1)
        var missing = length
        func take(_ piece: Bytes) {
            guard missing > 0, !piece.isEmpty else { return }
            pieces.append(piece.prefix(missing))
            missing -= min(missing, piece.count)
        }
        take(first)
        for piece in rest { take(piece) }
        return (pieces, available - length)
    }
}
