// SPDX-License-Identifier: Apache-2.0

public import Wire

/// A server's reply to a request.
public enum SFTPReply: Hashable, Sendable {
    /// STATUS.
    case status(SFTPStatus)
    /// HANDLE of a file or directory that has been opened.
    case handle(Bytes)
    /// DATA that has been read: the concatenation of the pieces.
    case data([Bytes])
    /// NAME: directory entries, or one path.
    case name([NameEntry])
    /// ATTRS.
    case attributes(FileAttributes)
    /// EXTENDED_REPLY; its form depends on the request.
    ///
    /// See ``ServerLimits``, ``FileSystemStatistics`` and ``UserGroupNames``.
    case extended(Bytes)
}

extension SFTPReply {
    /// Decodes a reply.
    ///
    /// What follows the last field is passed over, as OpenSSH's client does: some servers add to it.
    init(decoding frame: SFTPFrame) throws(WireError) {
        var reader = frame.body
        switch frame.type {
        case .status: self = .status(try SFTPStatus(from: &reader))
        case .handle: self = .handle(try reader.readString())
        case .data: self = .data(try frame.readPayload(&reader).pieces)
        case .name: self = .name(try Self.readNames(&reader))
        case .attributes: self = .attributes(try FileAttributes(from: &reader))
        case .extendedReply: self = .extended(reader.readRemaining())
        default: throw .malformed("packet type \(frame.typeByte) is not a reply")
        }
    }

    private static func readNames(_ reader: inout WireReader) throws(WireError) -> [NameEntry] {
        let count = try reader.readCount(minimumElementBytes: NameEntry.minimumBytes)
        var entries: [NameEntry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count { entries.append(try NameEntry(from: &reader)) }
        return entries
    }

    /// The packet with its length field: header fields in one piece, then a DATA's payload as it is.
    ///
    /// - Precondition: the packet is not longer than ``SFTPLimits/packetBytes``.
    public func encode(id: UInt32) -> [Bytes] {
        var writer = WireWriter(capacity: 64)
        guard case .data(let pieces) = self else {
            append(id: id, to: &writer)
            return [writer.bytes[...]]
        }
        Self.appendDataHeader(id: id, count: pieces.reduce(0) { $0 + $1.count }, to: &writer)
        return [writer.bytes[...]] + pieces
    }

    /// Writes the packet with its length field behind what the writer holds already.
    ///
    /// - Precondition: the packet is not longer than ``SFTPLimits/packetBytes``.
    public func append(id: UInt32, to writer: inout WireWriter) {
        switch self {
        case .status(let status):
            appendPacket(SFTPPacketType.status.rawValue, id: id, to: &writer, fields: status.write)
        case .handle(let handle):
            appendPacket(SFTPPacketType.handle.rawValue, id: id, to: &writer) {
                $0.writeString(handle)
            }
        case .data(let pieces):
            Self.appendDataHeader(id: id, count: pieces.reduce(0) { $0 + $1.count }, to: &writer)
            for piece in pieces { writer.writeBytes(piece) }
        case .name(let entries):
            appendPacket(SFTPPacketType.name.rawValue, id: id, to: &writer) {
                $0.write(UInt32(entries.count))
                for entry in entries { entry.write(to: &$0) }
            }
        case .attributes(let attributes):
            appendPacket(
                SFTPPacketType.attributes.rawValue, id: id, to: &writer, fields: attributes.write)
        case .extended(let body):
            appendPacket(SFTPPacketType.extendedReply.rawValue, id: id, to: &writer) {
                $0.writeBytes(body)
            }
        }
    }

    /// The length of what ``appendDataHeader(id:count:to:)`` writes, in bytes.
    public static let dataHeaderBytes = 4 + SFTPLimits.minimumPacketBytes + 4

    /// Writes the start of a DATA packet of which `count` bytes of payload are to follow.
    ///
    /// - Precondition: the packet is not longer than ``SFTPLimits/packetBytes``.
    public static func appendDataHeader(id: UInt32, count: Int, to writer: inout WireWriter) {
        appendPacket(SFTPPacketType.data.rawValue, id: id, payloadCount: count, to: &writer) {
            $0.write(UInt32(count))
        }
    }
}

extension SFTPStatus {
    /// Reads a status.
    ///
    /// Message and language may be absent: servers of older drafts have none.
    init(from reader: inout WireReader) throws(WireError) {
        let code = StatusCode(rawValue: try reader.readUInt32())
        guard !reader.isAtEnd else {
            self.init(code)
            return
        }
        self.init(code, message: String(decoding: try reader.readString(), as: UTF8.self))
        guard !reader.isAtEnd else { return }
        _ = try reader.readString()
        // What else follows is passed over, whatever it is.
        if let name = try? reader.readString(), ExactExtension.errno.isEqual(to: name),
            let number = try? reader.readUInt32(), number > 0
        {
            reportedErrno = Int32(exactly: number).map(Errno.init(rawValue:))
        }
    }

    func write(to writer: inout WireWriter) {
        writer.write(code.rawValue)
        writer.writeString(message)
        writer.writeString("")
        guard let reportedErrno else { return }
        writer.writeString(ExactExtension.errno.description)
        writer.write(UInt32(bitPattern: reportedErrno.rawValue))
    }
}
