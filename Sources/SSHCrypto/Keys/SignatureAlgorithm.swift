// SPDX-License-Identifier: Apache-2.0

/// The ways to sign; raw values are their names on the wire, in OpenSSH's order of preference.
public enum SignatureAlgorithm: String, CaseIterable, Hashable, Sendable {
    /// Ed25519 (RFC 8709).
    case ed25519 = "ssh-ed25519"
    /// ECDSA on NIST P-256 with SHA-256 (RFC 5656).
    case ecdsaP256 = "ecdsa-sha2-nistp256"
    /// ECDSA on NIST P-384 with SHA-384 (RFC 5656).
    case ecdsaP384 = "ecdsa-sha2-nistp384"
    /// ECDSA on NIST P-521 with SHA-512 (RFC 5656).
    case ecdsaP521 = "ecdsa-sha2-nistp521"
    /// Ed25519 on a security key (OpenSSH's PROTOCOL.u2f).
    case securityKeyEd25519 = "sk-ssh-ed25519@openssh.com"
    /// ECDSA on NIST P-256 on a security key (OpenSSH's PROTOCOL.u2f).
    case securityKeyECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"
    /// RSA with SHA-512 (RFC 8332).
    case rsaSHA512 = "rsa-sha2-512"
    /// RSA with SHA-256 (RFC 8332).
    case rsaSHA256 = "rsa-sha2-256"
    /// RSA with SHA-1 (RFC 4253 section 6.6), which is broken: only for whoever asks for it by name.
    case rsaSHA1 = "ssh-rsa"

    /// What is good enough to be used without being asked for.
    public static let standard = allCases.filter { $0 != .rsaSHA1 }

    /// The type of the keys that sign so; for RSA its name differs from the algorithm's.
    public var keyType: KeyType {
        switch self {
        case .ed25519: .ed25519
        case .ecdsaP256: .ecdsaP256
        case .ecdsaP384: .ecdsaP384
        case .ecdsaP521: .ecdsaP521
        case .securityKeyEd25519: .securityKeyEd25519
        case .securityKeyECDSA: .securityKeyECDSA
        case .rsaSHA512, .rsaSHA256, .rsaSHA1: .rsa
        }
    }

    /// libcrypto's name of the hash function; nil where the algorithm brings its own.
    var digestName: String? {
        switch self {
        case .ed25519, .securityKeyEd25519: nil
        case .ecdsaP256, .securityKeyECDSA, .rsaSHA256: "SHA256"
        case .ecdsaP384: "SHA384"
        case .ecdsaP521, .rsaSHA512: "SHA512"
        case .rsaSHA1: "SHA1"
        }
    }
}
