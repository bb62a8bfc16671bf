// SPDX-License-Identifier: Apache-2.0

/// The key exchange methods in which both sides send one public value and nothing else
/// (RFC 8731, RFC 5656 section 4); raw values are their names on the wire.
public enum KeyAgreementAlgorithm: String, CaseIterable, Sendable {
    /// X25519 with SHA-256 (RFC 8731).
    case curve25519 = "curve25519-sha256"
    /// The same, by the name it had before the RFC.
    case curve25519LibSSH = "curve25519-sha256@libssh.org"
    /// ECDH on NIST P-256 with SHA-256.
    case nistP256 = "ecdh-sha2-nistp256"
    /// ECDH on NIST P-384 with SHA-384.
    case nistP384 = "ecdh-sha2-nistp384"
    /// ECDH on NIST P-521 with SHA-512.
    case nistP521 = "ecdh-sha2-nistp521"

    /// The hash function of the exchange.
    public var hash: HashAlgorithm {
        curve?.hash ?? .sha256
    }

    /// How many random bytes a private key is made from.
    ///
    /// For the NIST curves that is eight more than a scalar has, so that reducing them leaves no
    /// bias that matters (FIPS 186-5, appendix A.2.1).
    public var randomCount: Int {
        curve.map { $0.coordinateCount + 8 } ?? KeyHandle.RawKind.byteCount
    }

    /// The length of a public value in bytes.
    public var publicValueCount: Int {
        curve?.pointCount ?? KeyHandle.RawKind.byteCount
    }

    /// The NIST curve, or nil for X25519.
    var curve: Curve? {
        switch self {
        case .curve25519, .curve25519LibSSH: nil
        case .nistP256: .p256
        case .nistP384: .p384
        case .nistP521: .p521
        }
    }
}

/// Why a key agreement failed.
public enum KeyAgreementError: Error, Equatable, Sendable {
    /// The peer's public value has the wrong length, is no point of the curve, or leads to a secret
    /// that anyone can tell.
    case invalidPublicValue
}

extension KeyAgreementError: CustomStringConvertible {
    /// One line that says what is wrong.
    public var description: String { "invalid public value in the key exchange" }
}
