// SPDX-License-Identifier: Apache-2.0

internal import Wire

/// Reads the fields of keys: a `WireReader` whose errors are those of keys.
struct KeyReader {
    private let bytes: Bytes
    private var reader: WireReader

    init(_ bytes: Bytes) {
        self.bytes = bytes
        reader = WireReader(bytes)
    }

    /// The index, in the bytes, of what is read next.
    var position: Int { bytes.endIndex - reader.remainingCount }

    mutating func string() throws(KeyError) -> Bytes {
        do { return try reader.readString() } catch { throw .wire(error) }
    }

    /// A name to be compared; bytes that are no text become replacement characters, equal to no name.
    mutating func name() throws(KeyError) -> String {
        String(decoding: try string(), as: UTF8.self)
    }

    /// A text whose every byte counts.
    mutating func text() throws(KeyError) -> String {
        do { return try reader.readUTF8String() } catch { throw .wire(error) }
    }

    mutating func keyType() throws(KeyError) -> KeyType {
        guard let type = KeyType(rawValue: try name()) else { throw .unsupportedType }
        return type
    }

    /// A number that isn't negative, as its shortest big-endian digits.
    mutating func digits() throws(KeyError) -> Bytes {
        do { return try reader.readMPInt() } catch { throw .wire(error) }
    }

    mutating func number() throws(KeyError) -> BigNumber {
        let digits = try digits()
        return BigNumber(digits.span)
    }

    mutating func bytes(_ count: Int) throws(KeyError) -> Bytes {
        do { return try reader.readBytes(count) } catch { throw .wire(error) }
    }

    mutating func uint32() throws(KeyError) -> UInt32 {
        do { return try reader.readUInt32() } catch { throw .wire(error) }
    }

    mutating func uint64() throws(KeyError) -> UInt64 {
        do { return try reader.readUInt64() } catch { throw .wire(error) }
    }

    /// Skips the bytes that every file of a format has here.
    mutating func expect(_ bytes: [UInt8]) throws(KeyError) {
        do throws(WireError) {
            guard try reader.readBytes(bytes.count) == bytes[...] else {
                throw .malformed("not the expected beginning")
            }
        } catch {
            throw .wire(error)
        }
    }

    mutating func remaining() -> Bytes {
        reader.readRemaining()
    }

    var isAtEnd: Bool { reader.isAtEnd }

    func requireEnd() throws(KeyError) {
        do { try reader.requireEnd() } catch { throw .wire(error) }
    }
}
