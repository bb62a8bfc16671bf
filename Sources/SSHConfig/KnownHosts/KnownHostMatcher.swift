// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// Tells whether the first field of a known_hosts line is about a host.
///
/// A file may have hundreds of thousands of lines, nearly all of them about others. So nothing is
/// copied or allocated for a line without wildcards, hashed or not.
struct KnownHostMatcher: ~Copyable {
    private let hmac = HMAC(.sha1)
    private var salt: [UInt8] = []
    private var hash: [UInt8] = []

    private static let star = UInt8(ascii: "*")
    private static let question = UInt8(ascii: "?")
    private static let negation = UInt8(ascii: "!")
    private static let comma = UInt8(ascii: ",")
    private static let bar = UInt8(ascii: "|")
    private static let hashMark = Array("|1|".utf8)
    /// The length of a salt or hash in base64.
    private static let textCount = (KnownHosts.hashByteCount + 2) / 3 * 4

    /// Whether the field stands for `name`, which is in lower case.
    ///
    /// - Throws: for a hashed name that is none.
    mutating func matches(_ hosts: Bytes, _ name: [UInt8]) throws(WireError) -> Bool {
        if hosts.first == Self.bar { return try matchesHash(hosts, name) }
        var isFound = false
        var start = hosts.startIndex
        while start < hosts.endIndex {
            let end = hosts[start...].firstIndex(of: Self.comma) ?? hosts.endIndex
            let item = hosts[start..<end]
            start = end + 1
            guard item.contains(where: Self.isSpecial) else {
                isFound = isFound || Self.isSame(item, name)
                continue
            }
            let pattern = Pattern(item.map(lowercasedByte))
            guard pattern.matches(name) else { continue }
            if pattern.isNegated { return false }
            isFound = true
        }
        return isFound
    }

    /// Whether the field has no wildcards, and at most two names: a host's and its address.
    static func isSimple(_ hosts: Bytes) -> Bool {
        !hosts.contains(where: isSpecial) && hosts.count { $0 == comma } <= 1
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte == star || byte == question || byte == negation
    }

    private static func isSame(_ item: Bytes, _ name: [UInt8]) -> Bool {
        guard item.count == name.count else { return false }
        for index in name.indices where lowercasedByte(item[item.startIndex + index]) != name[index]
        {
            return false
        }
        return true
    }

    private mutating func matchesHash(
        _ hosts: Bytes, _ name: [UInt8]
    ) throws(WireError) -> Bool {
        let count = Self.textCount
        let (saltText, hashText) = (hosts.dropFirst(3).prefix(count), hosts.suffix(count))
        guard hosts.count == 3 + count + 1 + count, hosts.starts(with: Self.hashMark),
            hosts[saltText.endIndex] == Self.bar
        else { throw .malformed("an unknown kind of hashed host name") }
        try Base64.decode(saltText, into: &salt)
        try Base64.decode(hashText, into: &hash)
        guard salt.count == KnownHosts.hashByteCount, hash.count == KnownHosts.hashByteCount
        else { throw .malformed("a hashed host name of the wrong length") }
        return isHash(of: name)
    }

    /// Whether the hashed name that was looked at last is that of another host.
    ///
    /// To be asked right after ``matches(_:_:)`` for a hashed name, which need not be decoded again.
    borrowing func isHash(of name: [UInt8]) -> Bool {
        hmac.isCode(hash.span, key: salt.span, data: name.span)
    }
}

/// The byte in lower case, if it is a letter of US-ASCII.
func lowercasedByte(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}

/// Whether a byte stands between fields.
func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
}
