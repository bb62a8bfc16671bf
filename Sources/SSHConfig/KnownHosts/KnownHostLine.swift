// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), split into its fields.
///
/// The key stays undecoded, since most lines are about other hosts.
struct KnownHostLine {
    /// What a line says about its key.
    enum Marker: Sendable {
        /// The host has the key.
        case none
        /// Nobody should trust the key.
        case revoked
        /// The key signs the certificates of the host's keys.
        case certificateAuthority
    }

    let marker: Marker
    private let hosts: Bytes
    private let keyType: Bytes
    private let keyText: Bytes

    /// Splits a line; nil where it is empty or a comment.
    ///
    /// - Throws: `WireError.malformed`, when it has too few fields or an unknown marker.
    init?(_ line: Bytes) throws(WireError) {
        var rest = line
        var fields: [Bytes] = []
        while fields.count < 4 {
            rest = rest.drop(while: isBlank)
            let field = rest.prefix { !isBlank($0) }
            if field.isEmpty { break }
            fields.append(field)
            rest = rest.dropFirst(field.count)
        }
        guard let first = fields.first, first.first != UInt8(ascii: "#") else { return nil }
        switch String(decoding: first, as: UTF8.self) {
        case "@revoked": marker = .revoked
        case "@cert-authority": marker = .certificateAuthority
        default:
            guard first.first != UInt8(ascii: "@") else { throw .malformed("an unknown marker") }
            marker = .none
        }
        if marker != .none { fields.removeFirst() }
        guard fields.count >= 3 else { throw .malformed("a line with too few fields") }
        (hosts, keyType, keyText) = (fields[0], fields[1], fields[2])
    }

    /// Whether the line is about `name`.
    func isAbout(_ name: String) throws(WireError) -> Bool {
        let name = Array(name.utf8)
        guard hosts.first == UInt8(ascii: "|") else {
            let patterns = hosts.split(separator: UInt8(ascii: ",")).map {
                Pattern($0.map(lowercased))
            }
            return patterns.match(name) == .positive
        }
        let fields = hosts.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
        guard fields.count == 4, fields[1].elementsEqual("1".utf8) else {
            throw .malformed("an unknown kind of hashed host name")
        }
        let salt = try Base64.decode(fields[2])
        let hash = try Base64.decode(fields[3])
        guard salt.count == KnownHosts.hashByteCount, hash.count == KnownHosts.hashByteCount else {
            throw .malformed("a hashed host name of the wrong length")
        }
        return HMAC.sha1(key: salt[...], data: name[...]) == hash
    }

    /// The key's type and blob, which must agree.
    func key() throws(WireError) -> (type: String, blob: [UInt8]) {
        // Lines of protocol version 1 have a number of bits here; that protocol is gone.
        let blob = try Base64.decode(keyText)
        var reader = WireReader(blob)
        let type = try reader.readString(limit: WireLimits.nameListBytes)
        guard type.elementsEqual(keyType) else {
            throw .malformed("a key whose type is not the one named before it")
        }
        return (String(decoding: type, as: UTF8.self), blob)
    }
}

private func isBlank(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): true
    default: false
    }
}

private func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}
