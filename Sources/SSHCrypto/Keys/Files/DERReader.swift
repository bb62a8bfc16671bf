// SPDX-License-Identifier: Apache-2.0

internal import Wire

/// Reads the few ASN.1 values (X.690) that have to be looked at before libcrypto gets a file.
struct DERReader {
    private var rest: Bytes

    init(_ bytes: Bytes) { rest = bytes }

    /// The tags of the types that are read.
    enum Tag: UInt8 {
        case integer = 0x02
        case octetString = 0x04
        case objectIdentifier = 0x06
        case sequence = 0x30
    }

    /// The content of the next value.
    ///
    /// - Throws: `KeyError.invalid` where there is none of this type.
    mutating func read(_ tag: Tag) throws(KeyError) -> Bytes {
        guard rest.popFirst() == tag.rawValue, let first = rest.popFirst() else { throw Self.error }
        var count = Int(first)
        if first & 0x80 != 0 {
            // Files are far smaller than what three bytes can say.
            guard (1...3).contains(first & 0x7F) else { throw Self.error }
            count = 0
            for _ in 0..<(first & 0x7F) {
                guard let byte = rest.popFirst() else { throw Self.error }
                count = count << 8 | Int(byte)
            }
        }
        guard count <= rest.count else { throw Self.error }
        let content = rest.prefix(count)
        rest = rest.dropFirst(count)
        return content
    }

    /// The next value, a number that is positive and small enough for files that mean well.
    mutating func readSmallNumber() throws(KeyError) -> Int {
        let digits = try read(.integer)
        guard (1...4).contains(digits.count), let first = digits.first, first & 0x80 == 0 else {
            throw .invalid("its encryption has a number that is out of range")
        }
        return digits.reduce(0) { $0 << 8 | Int($1) }
    }

    private static let error = KeyError.invalid("its encryption is not described as PKCS#8 says")
}
