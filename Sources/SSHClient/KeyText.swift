// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// Texts of and about public keys.
extension PublicKey {
    /// Reads the first key of a `.pub` file: type, base64, comment.
    ///
    /// Nil where there is none of a type that we know.
    init?(publicKeyFile content: [UInt8]) {
        let line = content.prefix { $0 != UInt8(ascii: "\n") }
        let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard fields.count >= 2, let blob = try? Base64.decode(fields[1]),
            let key = try? PublicKey(blob: blob[...]),
            fields[0].elementsEqual(key.type.rawValue.utf8)
        else { return nil }
        self = key
    }

    /// The length of an RSA key in bits; nil for other types.
    var rsaBits: Int? {
        guard type == .rsa else { return nil }
        var reader = WireReader(blob)
        guard (try? reader.readString()) != nil, (try? reader.readMPInt()) != nil,
            let modulus = try? reader.readMPInt(), let first = modulus.first
        else { return nil }
        return modulus.count * 8 - first.leadingZeroBitCount
    }

    /// The kind of key as people are told: `ED25519`, `ECDSA`, `RSA`.
    var kindName: String {
        switch type {
        case .ed25519: "ED25519"
        case .ecdsaP256, .ecdsaP384, .ecdsaP521: "ECDSA"
        case .rsa: "RSA"
        }
    }
}
