// SPDX-License-Identifier: Apache-2.0

import Wire

/// Why a DNS message cannot be used.
struct DNSFault: Error, Equatable {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

/// Takes a DNS message apart (RFC 1035 section 4.1).
struct DNSReader {
    private let message: Bytes
    private(set) var index: Int

    init(_ message: Bytes) {
        self.message = message
        index = message.startIndex
    }

    mutating func readUInt8() throws(DNSFault) -> UInt8 {
        guard index < message.endIndex else { throw DNSFault("it ends too early") }
        defer { index += 1 }
        return message[index]
    }

    mutating func readUInt16() throws(DNSFault) -> UInt16 {
        let high = try readUInt8()
        return UInt16(high) << 8 | UInt16(try readUInt8())
    }

    mutating func readBytes(_ count: Int) throws(DNSFault) -> Bytes {
        guard count <= message.endIndex - index else { throw DNSFault("it ends too early") }
        defer { index += count }
        return message[index..<index + count]
    }

    /// Reads a name, whose end may stand at an earlier place of the message (section 4.1.4).
    ///
    /// Pointers lead back and never forth, so that no name goes round in a circle.
    mutating func readName() throws(DNSFault) -> DNSName {
        var labels: [[UInt8]] = []
        var length = 1
        var place = index
        var end: Int?
        var earliest = index
        while true {
            var reader = DNSReader(message)
            reader.index = place
            let first = try reader.readUInt8()
            switch first >> 6 {
            case 0b00:
                guard first > 0 else {
                    index = end ?? reader.index
                    return DNSName(labels: labels)
                }
                length += 1 + Int(first)
                guard length <= DNSName.longest else { throw DNSFault("a name is too long") }
                labels.append(try reader.readBytes(Int(first)).map(lowercasedByte))
                place = reader.index
            case 0b11:
                let target =
                    message.startIndex + Int(first & 0x3F) << 8 + Int(try reader.readUInt8())
                guard target < earliest else { throw DNSFault("a name leads forward") }
                end = end ?? reader.index
                (place, earliest) = (target, target)
            default: throw DNSFault("a label of an unknown kind")
            }
        }
    }
}

/// A name in the DNS, in lower case.
struct DNSName: Equatable, Sendable {
    /// The longest name on the wire, in bytes (RFC 1035 section 2.3.4).
    static let longest = 255
    /// The longest label, in bytes.
    private static let longestLabel = 63

    let labels: [[UInt8]]

    init(labels: [[UInt8]]) { self.labels = labels }

    /// A host's name; nil where it cannot be one in the DNS.
    init?(_ host: String) {
        var text = Array(host.utf8)
        if text.last == UInt8(ascii: ".") { text.removeLast() }
        labels = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map {
            $0.map(lowercasedByte)
        }
        guard labels.allSatisfy({ 1...Self.longestLabel ~= $0.count }), wire.count <= Self.longest
        else { return nil }
    }

    /// The name as it stands in a message.
    var wire: [UInt8] { labels.flatMap { [UInt8($0.count)] + $0 } + [0] }
}
