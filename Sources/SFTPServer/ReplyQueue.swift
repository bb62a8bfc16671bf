// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// Packets that wait to be sent: small ones gathered in one buffer, large ones in their own.
struct ReplyQueue {
    /// DATA packets with less payload than this are gathered too, in bytes.
    private static let gatheredBytes = 16 << 10

    private var pieces: [Bytes] = []
    private var gathered = WireWriter()
    private var pieceCount = 0

    /// How many bytes wait.
    var byteCount: Int { pieceCount + gathered.count }

    /// Adds a reply.
    mutating func append(_ reply: SFTPReply, id: UInt32) {
        reply.append(id: id, to: &gathered)
    }

    /// Adds a packet.
    mutating func append(_ packet: [Bytes]) {
        for piece in packet { gathered.writeBytes(piece) }
    }

    /// Adds a DATA packet whose payload stands in `buffer` behind room for its header.
    mutating func appendData(_ buffer: consuming [UInt8], id: UInt32) {
        let count = buffer.count - SFTPReply.dataHeaderBytes
        if count < Self.gatheredBytes {
            SFTPReply.appendDataHeader(id: id, count: count, to: &gathered)
            gathered.writeBytes(buffer.dropFirst(SFTPReply.dataHeaderBytes))
            return
        }
        var header = WireWriter(capacity: SFTPReply.dataHeaderBytes)
        SFTPReply.appendDataHeader(id: id, count: count, to: &header)
        buffer.replaceSubrange(..<SFTPReply.dataHeaderBytes, with: header.bytes)
        flushGathered()
        pieceCount += buffer.count
        pieces.append(buffer[...])
    }

    /// Everything that waits, in order.
    mutating func take() -> [Bytes] {
        flushGathered()
        let taken = pieces
        pieces = []
        pieceCount = 0
        return taken
    }

    private mutating func flushGathered() {
        guard gathered.count > 0 else { return }
        pieceCount += gathered.count
        pieces.append(gathered.bytes[...])
        gathered = WireWriter()
    }
}
