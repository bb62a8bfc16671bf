// SPDX-License-Identifier: Apache-2.0

/// The kinds of keys that identify hosts and users; raw values are their names in key blobs.
public enum KeyType: String, CaseIterable, Hashable, Sendable {
    /// Ed25519 (RFC 8709).
    case ed25519 = "ssh-ed25519"
    /// ECDSA on NIST P-256 (RFC 5656).
    case ecdsaP256 = "ecdsa-sha2-nistp256"
    /// ECDSA on NIST P-384 (RFC 5656).
    case ecdsaP384 = "ecdsa-sha2-nistp384"
    /// ECDSA on NIST P-521 (RFC 5656).
    case ecdsaP521 = "ecdsa-sha2-nistp521"
    /// RSA (RFC 4253 section 6.6).
    case rsa = "ssh-rsa"

    /// The ways in which such a key signs, in order of preference.
    public var signatureAlgorithms: [SignatureAlgorithm] {
        SignatureAlgorithm.allCases.filter { $0.keyType == self }
    }

    /// The NIST curve, where the type has one.
    var curve: Curve? {
        switch self {
        case .ecdsaP256: .p256
        case .ecdsaP384: .p384
        case .ecdsaP521: .p521
        case .ed25519, .rsa: nil
        }
    }
}
