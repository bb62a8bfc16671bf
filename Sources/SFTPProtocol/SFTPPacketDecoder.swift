// SPDX-License-Identifier: Apache-2.0

public import Wire

/// Cuts a stream of bytes into packets.
///
/// ``append(_:)`` what has arrived, then take packets with ``next()`` until there is none. Packets
/// that lie within one appended chunk, and all payloads, come out as slices of what was appended.
public struct SFTPPacketDecoder: Sendable {
    private let limit: Int
    /// What has not been taken yet, oldest first; no chunk is empty.
    private var chunks: [Bytes] = []
    /// The bytes in ``chunks``.
    private var count = 0
    /// The length of the packet that comes next, once its length field has been read.
    private var length: Int?

    /// A decoder at the start of a stream.
    ///
    /// - Parameter limit: the largest packet to accept, in bytes, without its length field.
    public init(limit: Int = SFTPLimits.packetBytes) {
        self.limit = limit
    }

    /// Whether the stream may end here: between two packets.
    public var isBetweenPackets: Bool { count == 0 && length == nil }

    /// Takes what has arrived.
    public mutating func append(_ chunk: Bytes) {
        guard !chunk.isEmpty else { return }
        count += chunk.count
        if let last = chunks.indices.last,
            chunks[last].count + chunk.count <= SFTPLimits.joinedPieceBytes
        {
            chunks[last].append(contentsOf: chunk)
        } else {
            chunks.append(chunk)
        }
    }

    /// The next whole packet; `nil` if more bytes are needed.
    ///
    /// - Throws: `WireError` for a length out of bounds. The stream can't be read on after that.
    public mutating func next() throws(WireError) -> SFTPFrame? {
        guard let length = try readLength(), count >= length else { return nil }
        self.length = nil
        let first = chunks[0]
        if first.count >= length { return try SFTPFrame(takeJoined(length)) }
        switch SFTPPacketType(rawValue: first[first.startIndex]) {
        case .data:
            return try takeSplit(length, head: SFTPLimits.minimumPacketBytes + 4)
        case .write:
            let fixed = peek(SFTPLimits.minimumPacketBytes + 4)
            let handleLength = fixed.dropFirst(SFTPLimits.minimumPacketBytes)
                .reduce(0) { $0 << 8 | Int($1) }
            return try takeSplit(length, head: fixed.count + handleLength + 8 + 4)
        default:
            return try SFTPFrame(takeJoined(length))
        }
    }

    private mutating func readLength() throws(WireError) -> Int? {
        if let length { return length }
        guard count >= 4 else { return nil }
        let length = takeJoined(4).reduce(0) { $0 << 8 | Int($1) }
        guard length <= limit else { throw .limitExceeded(length: length, limit: limit) }
        guard length >= SFTPLimits.minimumPacketBytes else {
            throw .malformed("packet of \(length) bytes")
        }
        self.length = length
        return length
    }

    /// Takes a packet of which the first `head` bytes are in one piece and the others as they came.
    private mutating func takeSplit(_ length: Int, head: Int) throws(WireError) -> SFTPFrame {
        let head = takeJoined(min(length, max(head, min(chunks[0].count, length))))
        var rest: [Bytes] = []
        rest.reserveCapacity(chunks.count)
        var missing = length - head.count
        while missing > 0 {
            let piece = takeJoined(min(missing, chunks[0].count))
            missing -= piece.count
            rest.append(piece)
        }
        return try SFTPFrame(head: head, rest: rest)
    }

    /// Takes `wanted` bytes, of those that are there, as one piece: copied only if they lie in several.
    private mutating func takeJoined(_ wanted: Int) -> Bytes {
        count -= wanted
        if chunks[0].count > wanted {
            defer { chunks[0].removeFirst(wanted) }
            return chunks[0].prefix(wanted)
        }
        if chunks[0].count == wanted { return chunks.removeFirst() }
        var joined: [UInt8] = []
        joined.reserveCapacity(wanted)
        var used = 0
        while joined.count < wanted {
            let part = chunks[used].prefix(wanted - joined.count)
            joined.append(contentsOf: part)
            if part.count < chunks[used].count {
                chunks[used] = chunks[used].dropFirst(part.count)
            } else {
                used += 1
            }
        }
        chunks.removeFirst(used)
        return joined[...]
    }

    /// The next `wanted` bytes, or fewer if there are fewer, without taking them.
    private func peek(_ wanted: Int) -> [UInt8] {
        var copy: [UInt8] = []
        for chunk in chunks where copy.count < wanted {
            copy.append(contentsOf: chunk.prefix(wanted - copy.count))
        }
        return copy
    }
}
