// SPDX-License-Identifier: Apache-2.0

/// Reads SSH data types (RFC 4251 section 5) from front to back.
///
/// A value type: a copy of a reader is a bookmark. Strings come back as slices of the same buffer,
/// so nothing is copied and no memory is taken on the word of a length field. After a throw the
/// reader's position is unspecified; the message is to be dropped.
public struct WireReader: Sendable {
    @usableFromInline let bytes: Bytes
    @usableFromInline var position: Int

    /// Reads `bytes` from its first byte on.
    @inlinable
    public init(_ bytes: Bytes) {
        self.bytes = bytes
        self.position = bytes.startIndex
    }

    /// Reads `bytes` from its first byte on.
    @inlinable
    public init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    /// How many bytes have not been read yet.
    @inlinable
    public var remainingCount: Int { bytes.endIndex - position }

    /// Whether everything has been read.
    @inlinable
    public var isAtEnd: Bool { remainingCount == 0 }

    @inlinable
    mutating func take(_ count: Int) throws(WireError) -> Int {
        guard count <= remainingCount else {
            throw .truncated(needed: count, available: remainingCount)
        }
        let start = position
        position += count
        return start
    }

    /// Reads a `byte`.
    @inlinable
    public mutating func readUInt8() throws(WireError) -> UInt8 {
        bytes[try take(1)]
    }

    /// Reads a `boolean`: every value but zero is true.
    @inlinable
    public mutating func readBool() throws(WireError) -> Bool {
        try readUInt8() != 0
    }

    /// Reads a `uint32`, big-endian.
    @inlinable
    public mutating func readUInt32() throws(WireError) -> UInt32 {
        let at = try take(4)
        return UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16
            | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])
    }

    /// Reads a `uint64`, big-endian.
    @inlinable
    public mutating func readUInt64() throws(WireError) -> UInt64 {
        let high = try readUInt32()
        let low = try readUInt32()
        return UInt64(high) << 32 | UInt64(low)
    }

    /// Reads `count` bytes as they stand.
    @inlinable
    public mutating func readBytes(_ count: Int) throws(WireError) -> Bytes {
        let at = try take(count)
        return bytes[at..<at + count]
    }

    /// Reads everything that is left; may be empty.
    @inlinable
    public mutating func readRemaining() -> Bytes {
        let rest = bytes[position...]
        position = bytes.endIndex
        return rest
    }

    /// Reads a `string`: a `uint32` length and that many bytes.
    ///
    /// - Parameter limit: the largest length, in bytes, that this field may have.
    /// - Throws: `WireError.limitExceeded` or `WireError.truncated`.
    @inlinable
    public mutating func readString(limit: Int = .max) throws(WireError) -> Bytes {
        let length = Int(try readUInt32())
        guard length <= limit else { throw .limitExceeded(length: length, limit: limit) }
        return try readBytes(length)
    }

    /// Reads a `string` that must be UTF-8, for texts and protocol names.
    ///
    /// - Throws: `WireError.malformed` for bytes that are not UTF-8.
    public mutating func readUTF8String(limit: Int = .max) throws(WireError) -> String {
        guard let text = String(validating: try readString(limit: limit), as: UTF8.self) else {
            throw .malformed("text is not UTF-8")
        }
        return text
    }

    /// Reads a `name-list`: comma-separated names of printable US-ASCII, none of them empty.
    ///
    /// - Parameter limit: the largest length of the whole list in bytes.
    public mutating func readNameList(limit: Int = WireLimits.nameListBytes) throws(WireError)
        -> [String]
    {
        let list = try readString(limit: limit)
        if list.isEmpty { return [] }
        var names: [String] = []
        for name in list.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard !name.isEmpty else { throw .malformed("empty name in a name-list") }
            guard name.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw .malformed("name-list holds a byte that is not printable US-ASCII")
            }
            names.append(String(decoding: name, as: UTF8.self))
        }
        return names
    }

    /// Reads an `mpint` that must not be negative, as its big-endian magnitude without leading zeros.
    ///
    /// Zero is the empty slice. Unneeded leading zero bytes are refused (RFC 4251 section 5).
    ///
    /// - Parameter limit: the largest length of the field in bytes, sign byte included.
    public mutating func readMPInt(limit: Int = WireLimits.mpintBytes) throws(WireError) -> Bytes {
        let value = try readString(limit: limit)
        guard let first = value.first else { return value }
        guard first & 0x80 == 0 else { throw .malformed("negative mpint") }
        guard first == 0 else { return value }
        let magnitude = value.dropFirst()
        guard let next = magnitude.first, next & 0x80 != 0 else {
            throw .malformed("mpint with an unneeded leading zero")
        }
        return magnitude
    }

    /// Demands that everything has been read.
    ///
    /// - Throws: `WireError.trailingBytes`.
    @inlinable
    public func requireEnd() throws(WireError) {
        guard isAtEnd else { throw .trailingBytes(remainingCount) }
    }
}

/// The limits that hold for fields of every message, from OpenSSH's own.
public enum WireLimits {
    /// The largest `name-list`, in bytes: far above any real one, far below a packet.
    public static let nameListBytes = 16_384
    /// The largest `mpint`, in bytes: 16,384 bits, as OpenSSH's `SSHBUF_MAX_BIGNUM`, and a sign byte.
    public static let mpintBytes = 16_384 / 8 + 1
}
