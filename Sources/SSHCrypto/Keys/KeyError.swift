// SPDX-License-Identifier: Apache-2.0

public import Wire

/// Why a public or private key can't be used.
public enum KeyError: Error, Equatable, Sendable {
    /// The key is encrypted, and no passphrase was given.
    case passphraseRequired
    /// The key is encrypted with another passphrase than was given.
    case wrongPassphrase
    /// The private half never leaves a security key: only an agent can sign with it.
    case heldBySecurityKey
    /// The file is no private key in a format that can be read here; the text says what it looks
    /// like, and what to do about it.
    case unsupportedFormat(String)
    /// A key of a type that this program does not know.
    case unsupportedType
    /// An RSA key outside the limits, with its length in bits.
    case unsupportedSize(bits: Int)
    /// libcrypto refuses to sign by this algorithm.
    case signingFailed(SignatureAlgorithm)
    /// A certificate that its authority did not sign, or not as it says.
    case wrongCertificateSignature
    /// The bytes break the format of a key.
    case wire(WireError)
    /// The numbers are no key of their type; the text says what is wrong.
    case invalid(String)
}

extension KeyError: CustomStringConvertible {
    /// One line that says what is wrong, without any of the key's bytes in it.
    public var description: String {
        switch self {
        case .passphraseRequired: "the key is encrypted with a passphrase"
        case .wrongPassphrase: "the passphrase is wrong"
        case .heldBySecurityKey:
            "the key is held by a security key; add it to an agent with ssh-add"
        case .unsupportedFormat(let text): text
        case .unsupportedType: "unsupported key type"
        case .unsupportedSize(let bits):
            "unsupported RSA key of \(bits) bits (\(KeyLimits.rsaBits) are allowed)"
        case .signingFailed(let algorithm): "libcrypto refuses to sign by \(algorithm.rawValue)"
        case .wrongCertificateSignature: "the certificate's signature is wrong"
        case .wire(let error): "not a key: \(error)"
        case .invalid(let reason): "not a valid key: \(reason)"
        }
    }
}

/// The limits for keys.
public enum KeyLimits {
    /// The lengths of RSA keys that are accepted, in bits: at least OpenSSH's default of
    /// `RequiredRSASize`, at most libcrypto's `OPENSSL_RSA_MAX_MODULUS_BITS`.
    public static let rsaBits = 1024...16384
    /// The largest public exponent of an RSA key in bytes: libcrypto's `OPENSSL_RSA_MAX_PUBEXP_BITS`,
    /// which keeps verification from taking minutes.
    public static let rsaExponentBytes = 64 / 8
    /// The largest private key file in bytes: OpenSSH's `MAX_KEY_FILE_SIZE`.
    public static let keyFileBytes = 1024 * 1024
    /// How much of the name of an unknown type is shown, in characters: RFC 4251's limit for names.
    static let typeNameShown = 64
    /// The most rounds of bcrypt that a passphrase may take: OpenSSH writes 24, and has no limit;
    /// so many take about a minute.
    public static let bcryptRounds: UInt32 = 5_000
    /// The most rounds of PBKDF2, or steps of scrypt, that a passphrase may take: OpenSSL writes
    /// 2,048; so many take some seconds.
    public static let keyDerivationCost = 10_000_000
    /// The most principals of a certificate: OpenSSH's `SSHKEY_CERT_MAX_PRINCIPALS`.
    public static let certificatePrincipals = 256
}
