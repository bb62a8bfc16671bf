// SPDX-License-Identifier: Apache-2.0

import Wire

/// The room that a packet without payload usually needs, in bytes.
private let usualPacketBytes = 64

/// Writes a packet with its length field.
///
/// - Parameter payloadCount: how many bytes the caller sends behind the returned ones.
func encodePacket(
    _ type: UInt8, id: UInt32, payloadCount: Int = 0, fields: (inout WireWriter) -> Void
) -> Bytes {
    var writer = WireWriter(capacity: usualPacketBytes)
    appendPacket(type, id: id, payloadCount: payloadCount, to: &writer, fields: fields)
    return writer.bytes[...]
}

/// Writes a packet with its length field behind what the writer holds already.
func appendPacket(
    _ type: UInt8, id: UInt32, payloadCount: Int = 0, to writer: inout WireWriter,
    fields: (inout WireWriter) -> Void
) {
    let start = writer.count
    writer.write(UInt32(0))
    writer.write(type)
    writer.write(id)
    fields(&writer)
    let length = writer.count - start - 4 + payloadCount
    precondition(length <= SFTPLimits.packetBytes, "\(length) bytes are too long for a packet")
    writer.overwrite(at: start, with: UInt32(length))
}
