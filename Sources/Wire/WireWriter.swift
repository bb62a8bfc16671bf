// SPDX-License-Identifier: Apache-2.0

/// Writes SSH data types (RFC 4251 section 5) to the end of a growing buffer.
public struct WireWriter: Sendable {
    /// What has been written so far.
    public private(set) var bytes: [UInt8]

    /// An empty buffer with room for `capacity` bytes.
    public init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Goes on at the end of `bytes`.
    public init(appendingTo bytes: consuming [UInt8]) {
        self.bytes = bytes
    }

    /// How many bytes have been written.
    public var count: Int { bytes.count }

    /// Writes a `byte`.
    @inlinable
    public mutating func write(_ value: UInt8) {
        append(value)
    }

    /// Writes a `boolean`.
    @inlinable
    public mutating func write(_ value: Bool) {
        append(value ? 1 : 0)
    }

    /// Writes a `uint32`, big-endian.
    public mutating func write(_ value: UInt32) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 24))
        bytes.append(UInt8(truncatingIfNeeded: value >> 16))
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    /// Writes a `uint64`, big-endian.
    public mutating func write(_ value: UInt64) {
        write(UInt32(truncatingIfNeeded: value >> 32))
        write(UInt32(truncatingIfNeeded: value))
    }

    /// Writes bytes as they stand, without a length.
    public mutating func writeBytes(_ value: some Collection<UInt8>) {
        bytes.append(contentsOf: value)
    }

    /// Writes bytes that are lent as they stand, without a length.
    public mutating func writeBytes(_ value: borrowing Span<UInt8>) {
        for index in value.indices { bytes.append(value[index]) }
    }

    /// Writes a `string`: the length as a `uint32`, then the bytes.
    ///
    /// - Precondition: `value` has fewer than 2^32 bytes.
    public mutating func writeString(_ value: some Collection<UInt8>) {
        write(UInt32(value.count))
        bytes.append(contentsOf: value)
    }

    /// Writes a `string` from bytes that are lent, as secrets are.
    public mutating func writeString(_ value: borrowing Span<UInt8>) {
        write(UInt32(value.count))
        for index in value.indices { bytes.append(value[index]) }
    }

    /// Writes the UTF-8 of a text as a `string`; bytes that were none leave as they came.
    public mutating func writeString(_ value: some StringProtocol) {
        writeString(value.keptBytes)
    }

    /// Writes a `name-list`.
    ///
    /// - Precondition: the names hold no comma and are not empty.
    public mutating func writeNameList(_ names: [String]) {
        precondition(names.allSatisfy { !$0.isEmpty && !$0.contains(",") }, "not a name")
        writeString(names.joined(separator: ","))
    }

    /// Writes a non-negative number, given as its big-endian magnitude, as an `mpint`.
    ///
    /// Leading zero bytes of the magnitude are dropped.
    public mutating func writeMPInt(_ magnitude: some Collection<UInt8>) {
        let digits = magnitude.drop { $0 == 0 }
        let needsSignByte = (digits.first ?? 0) & 0x80 != 0
        write(UInt32(digits.count + (needsSignByte ? 1 : 0)))
        if needsSignByte { bytes.append(0) }
        bytes.append(contentsOf: digits)
    }

    /// Replaces the `uint32` at `offset`, to fill in a length that is known only afterwards.
    ///
    /// - Precondition: four bytes have been written at `offset`.
    public mutating func overwrite(at offset: Int, with value: UInt32) {
        for index in 0..<4 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * index))
        }
    }

    @usableFromInline
    mutating func append(_ value: UInt8) {
        bytes.append(value)
    }
}
