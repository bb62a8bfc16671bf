// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// What people are told about public keys.
extension PublicKey {
    /// The length of an RSA key in bits; nil for other types.
    var rsaBits: Int? {
        guard type == .rsa else { return nil }
        var reader = WireReader(blob)
        guard (try? reader.readString()) != nil, (try? reader.readMPInt()) != nil,
            let modulus = try? reader.readMPInt(), let first = modulus.first
        else { return nil }
        return modulus.count * 8 - first.leadingZeroBitCount
    }

    /// The kind of key as people are told: `ED25519`, `ECDSA`, `RSA`, and so on.
    var kindName: String {
        switch type {
        case .ed25519: "ED25519"
        case .ecdsaP256, .ecdsaP384, .ecdsaP521: "ECDSA"
        case .rsa: "RSA"
        case .securityKeyEd25519: "ED25519-SK"
        case .securityKeyECDSA: "ECDSA-SK"
        }
    }
}
