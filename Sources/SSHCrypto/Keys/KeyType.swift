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
    /// Ed25519 on a security key (OpenSSH's PROTOCOL.u2f).
    case securityKeyEd25519 = "sk-ssh-ed25519@openssh.com"
    /// ECDSA on NIST P-256 on a security key (OpenSSH's PROTOCOL.u2f).
    case securityKeyECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"

    /// The ways in which such a key signs, in order of preference.
    public var signatureAlgorithms: [SignatureAlgorithm] {
        SignatureAlgorithm.allCases.filter { $0.keyType == self }
    }

    /// The NIST curve, where the type has one.
    var curve: Curve? {
        switch self {
        case .ecdsaP256, .securityKeyECDSA: .p256
        case .ecdsaP384: .p384
        case .ecdsaP521: .p521
        case .ed25519, .rsa, .securityKeyEd25519: nil
        }
    }

    /// Whether the private half is held by a security key, which adds to what it signs.
    public var isSecurityKey: Bool {
        switch self {
        case .securityKeyEd25519, .securityKeyECDSA: true
        case .ed25519, .ecdsaP256, .ecdsaP384, .ecdsaP521, .rsa: false
        }
    }

    /// The type of the certificates for such keys (OpenSSH's PROTOCOL.certkeys).
    public var certificateName: String { SSHCrypto.certificateName(rawValue) }
}
