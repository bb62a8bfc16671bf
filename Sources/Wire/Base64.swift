// SPDX-License-Identifier: Apache-2.0

/// Base64 as key files, known_hosts lines and fingerprints use it (RFC 4648 section 4).
public enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    @usableFromInline static let padding = UInt8(ascii: "=")

    /// The text of `bytes`, padded to whole groups of four characters.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        append(bytes, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the text of `bytes`, as ``encode(_:)`` gives it: for secrets, in a buffer with room for
    /// it, which its owner wipes.
    public static func append(_ bytes: some Collection<UInt8>, to text: inout [UInt8]) {
        var group: UInt32 = 0
        var bitCount: UInt32 = 0
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(alphabet[Int(group >> bitCount & 0x3F)])
            }
        }
        if bitCount > 0 { text.append(alphabet[Int(group << (6 - bitCount) & 0x3F)]) }
        let missing = [0, 2, 1][bytes.count % 3]
        text.append(contentsOf: repeatElement(padding, count: missing))
    }

    /// The bytes that `text` stands for.
    ///
    /// Strict: there is one text for each sequence of bytes. Padding is required, and white space,
    /// other characters and unused bits that are not zero are refused.
    ///
    /// - Throws: `WireError.malformed`.
    public static func decode(_ text: some Collection<UInt8>) throws(WireError) -> [UInt8] {
        var bytes: [UInt8] = []
        try decode(text, into: &bytes)
        return bytes
    }

    /// The same with a buffer whose memory is used again; what it holds is replaced.
    ///
    /// Inlinable, since large known_hosts files have two such texts in every line.
    @inlinable public static func decode(
        _ text: some Collection<UInt8>, into bytes: inout [UInt8]
    ) throws(WireError) {
        bytes.removeAll(keepingCapacity: true)
        guard text.count.isMultiple(of: 4) else {
            throw .malformed("base64 whose length is not a multiple of four")
        }
        let paddingCount = text.suffix(2).reversed().prefix { $0 == padding }.count
        bytes.reserveCapacity(text.count / 4 * 3)
        var group: UInt32 = 0
        var bitCount: UInt32 = 0
        for character in text.dropLast(paddingCount) {
            guard let value = value(of: character) else {
                throw .malformed("a character that is not base64")
            }
            group = group << 6 | value
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: group >> bitCount))
        }
        guard group & (1 << bitCount - 1) == 0 else {
            throw .malformed("base64 with unused bits that are not zero")
        }
    }

    @inlinable static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
