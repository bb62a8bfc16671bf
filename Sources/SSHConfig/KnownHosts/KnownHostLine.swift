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
    /// The names, or one hashed name.
    let hosts: Bytes
    /// The fields behind the names.
    private let rest: Bytes

    /// Takes the first fields off a line; nil where it is empty or a comment.
    ///
    /// - Throws: `WireError.malformed`, when it has too few fields or an unknown marker.
    init?(_ line: Bytes) throws(WireError) {
        var rest = line
        var first = Self.field(&rest)
        guard let start = first.first, start != UInt8(ascii: "#") else { return nil }
        if start == UInt8(ascii: "@") {
            switch String(decoding: first, as: UTF8.self) {
            case "@revoked": marker = .revoked
            case "@cert-authority": marker = .certificateAuthority
            default: throw .malformed("an unknown marker")
            }
            first = Self.field(&rest)
        } else {
            marker = .none
        }
        hosts = first
        self.rest = rest
    }

    private static func field(_ rest: inout Bytes) -> Bytes {
        let start = rest.firstIndex { !isSeparator($0) } ?? rest.endIndex
        let end = rest[start...].firstIndex(where: isSeparator) ?? rest.endIndex
        defer { rest = rest[end...] }
        return rest[start..<end]
    }

    /// Whether the names are one that is hashed.
    var isHashed: Bool { hosts.first == UInt8(ascii: "|") }

    /// Whether the line's key is the one with this base64.
    func hasKey(writtenAs text: [UInt8]) -> Bool {
        var rest = rest
        _ = Self.field(&rest)
        return Self.field(&rest).elementsEqual(text)
    }

    /// The key's type and blob, which must agree.
    func key() throws(WireError) -> (type: String, blob: [UInt8]) {
        var rest = rest
        let (keyType, keyText) = (Self.field(&rest), Self.field(&rest))
        guard !keyText.isEmpty else { throw .malformed("a line with too few fields") }
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
