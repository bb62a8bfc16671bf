// SPDX-License-Identifier: Apache-2.0

/// A range of IP addresses, as `192.0.2.0/24` (RFC 4632), `2001:db8::/32` or a single address.
struct AddressRange: Equatable, Sendable {
    private let prefix: [UInt8]
    private let bitCount: Int

    /// Understands a text; nil where it is no range, or has bits set beyond its length.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first, let bytes = Self.addressBytes(address) else { return nil }
        var count = bytes.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.count <= 3, parts[1].utf8.allSatisfy(isDigit),
                let given = Int(parts[1]), given <= count
            else { return nil }
            count = given
        }
        let hasBitsBeyond = (count..<bytes.count * 8).contains { Self.bit($0, of: bytes) }
        guard !hasBitsBeyond else { return nil }
        prefix = bytes
        bitCount = count
    }

    /// Whether an address of 4 or 16 bytes lies in the range.
    func contains(_ address: [UInt8]) -> Bool {
        address.count == prefix.count
            && (0..<bitCount).allSatisfy { Self.bit($0, of: address) == Self.bit($0, of: prefix) }
    }

    private static func bit(_ index: Int, of bytes: [UInt8]) -> Bool {
        bytes[index / 8] >> UInt8(7 - index % 8) & 1 == 1
    }

    // MARK: Addresses

    private static func addressBytes(_ text: Substring) -> [UInt8]? {
        text.contains(":") ? sixteenBytes(text) : fourBytes(text)
    }

    /// Four decimal numbers with dots between.
    private static func fourBytes(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { part in
            part.utf8.count <= 3 && part.utf8.allSatisfy(isDigit) ? UInt8(part) : nil
        }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    /// Eight hexadecimal numbers with colons between, where `::` stands for as many zeros as are
    /// missing, and the last two may be written as an IPv4 address (RFC 4291 section 2.2).
    private static func sixteenBytes(_ text: Substring) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            let bytes = groups(text)
            return bytes?.count == 16 ? bytes : nil
        }
        guard let before = groups(text[..<gap.lowerBound]),
            let after = groups(text[gap.upperBound...]), before.count + after.count < 16
        else { return nil }
        return before + [UInt8](repeating: 0, count: 16 - before.count - after.count) + after
    }

    private static func groups(_ text: Substring) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if part.contains("."), index == parts.count - 1 {
                guard let tail = fourBytes(part) else { return nil }
                bytes += tail
            } else {
                guard (1...4).contains(part.utf8.count), !part.hasPrefix("+"), !part.hasPrefix("-"),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
            }
        }
        return bytes
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
}
