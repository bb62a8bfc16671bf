// SPDX-License-Identifier: Apache-2.0

/// The key exchange methods; raw values are their names on the wire, in OpenSSH's order of preference.
public enum KeyAgreementAlgorithm: String, CaseIterable, Sendable {
    /// ML-KEM-768 with X25519, and SHA-256 (draft-ietf-sshm-mlkem-hybrid-kex).
    case mlkem768X25519 = "mlkem768x25519-sha256"
    /// X25519 with SHA-256 (RFC 8731).
    case curve25519 = "curve25519-sha256"
    /// The same, by the name it had before the RFC.
    case curve25519LibSSH = "curve25519-sha256@libssh.org"
    /// ECDH on NIST P-256 with SHA-256 (RFC 5656 section 4).
    case nistP256 = "ecdh-sha2-nistp256"
    /// ECDH on NIST P-384 with SHA-384.
    case nistP384 = "ecdh-sha2-nistp384"
    /// ECDH on NIST P-521 with SHA-512.
    case nistP521 = "ecdh-sha2-nistp521"
    /// Diffie-Hellman in a group of the server's choice, with SHA-256 (RFC 4419).
    case groupExchangeSHA256 = "diffie-hellman-group-exchange-sha256"
    /// Diffie-Hellman in the group of 4096 bits, with SHA-512 (RFC 8268).
    case group16SHA512 = "diffie-hellman-group16-sha512"
    /// Diffie-Hellman in the group of 8192 bits, with SHA-512 (RFC 8268).
    case group18SHA512 = "diffie-hellman-group18-sha512"
    /// Diffie-Hellman in the group of 2048 bits, with SHA-256 (RFC 8268).
    case group14SHA256 = "diffie-hellman-group14-sha256"
    /// Diffie-Hellman in a group of the server's choice, with SHA-1 (RFC 4419).
    case groupExchangeSHA1 = "diffie-hellman-group-exchange-sha1"
    /// Diffie-Hellman in the group of 2048 bits, with SHA-1 (RFC 4253 section 8.2).
    case group14SHA1 = "diffie-hellman-group14-sha1"
    /// Diffie-Hellman in the group of 1024 bits, with SHA-1 (RFC 4253 section 8.1).
    case group1SHA1 = "diffie-hellman-group1-sha1"

    /// What is good enough to be used without being asked for: all without SHA-1.
    public static let standard = allCases.filter { $0.hash != .sha1 }

    /// What takes the place of a group that both sides know.
    enum Kind {
        case x25519
        case curve(Curve)
        case group(DiffieHellmanGroup)
        /// The server sends a group first.
        case groupExchange
        /// X25519, and ML-KEM beside it.
        case hybrid
    }

    var kind: Kind {
        switch self {
        case .mlkem768X25519: .hybrid
        case .curve25519, .curve25519LibSSH: .x25519
        case .nistP256: .curve(.p256)
        case .nistP384: .curve(.p384)
        case .nistP521: .curve(.p521)
        case .groupExchangeSHA256, .groupExchangeSHA1: .groupExchange
        case .group1SHA1: .group(.modp1024)
        case .group14SHA1, .group14SHA256: .group(.modp2048)
        case .group16SHA512: .group(.modp4096)
        case .group18SHA512: .group(.modp8192)
        }
    }

    /// The hash function of the exchange.
    public var hash: HashAlgorithm {
        switch self {
        case .mlkem768X25519, .curve25519, .curve25519LibSSH, .nistP256, .groupExchangeSHA256,
            .group14SHA256:
            .sha256
        case .nistP384: .sha384
        case .nistP521, .group16SHA512, .group18SHA512: .sha512
        case .groupExchangeSHA1, .group14SHA1, .group1SHA1: .sha1
        }
    }

    /// Whether the server chooses the group.
    public var exchangesGroup: Bool {
        if case .groupExchange = kind { true } else { false }
    }

    /// Whether a quantum computer could not break what was recorded (`WarnWeakCrypto`).
    public var isPostQuantum: Bool { self == .mlkem768X25519 }

    /// Whether somebody has to bring ``MLKEM768`` for it.
    public var needsMLKEM: Bool { self == .mlkem768X25519 }

    /// How many random bytes a private key is made from.
    ///
    /// For the NIST curves that is eight more than a scalar has, so that reducing them leaves no
    /// bias that matters (FIPS 186-5, appendix A.2.1).
    public var randomCount: Int {
        switch kind {
        case .x25519: KeyHandle.RawKind.byteCount
        case .curve(let curve): curve.coordinateCount + 8
        case .group, .groupExchange: DiffieHellmanGroup.exponentCount
        case .hybrid: MLKEM768.seedCount + KeyHandle.RawKind.byteCount
        }
    }
}

/// Why a key agreement failed.
public enum KeyAgreementError: Error, Equatable, Sendable {
    /// The peer's public value has the wrong length, is no point of the curve, or leads to a secret
    /// that anyone can tell.
    case invalidPublicValue
    /// The server's group is too small, too large, or none.
    case invalidGroup
}

extension KeyAgreementError: CustomStringConvertible {
    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .invalidPublicValue: "invalid public value in the key exchange"
        case .invalidGroup: "unusable Diffie-Hellman group in the key exchange"
        }
    }
}
