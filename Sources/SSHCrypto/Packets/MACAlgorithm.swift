// SPDX-License-Identifier: Apache-2.0

/// The message authentication codes of the SSH transport (RFC 6668 and OpenSSH's PROTOCOL, section
/// 1.7, for the encrypt-then-MAC forms); raw values are their names on the wire.
public enum MACAlgorithm: String, CaseIterable, Sendable {
    /// HMAC-SHA-256 over the encrypted packet.
    case hmacSHA256EncryptThenMAC = "hmac-sha2-256-etm@openssh.com"
    /// HMAC-SHA-512 over the encrypted packet.
    case hmacSHA512EncryptThenMAC = "hmac-sha2-512-etm@openssh.com"
    /// HMAC-SHA-256 over the plain packet.
    case hmacSHA256 = "hmac-sha2-256"
    /// HMAC-SHA-512 over the plain packet.
    case hmacSHA512 = "hmac-sha2-512"

    /// The length of the key in bytes.
    public var keyLength: Int { tagLength }

    /// Whether the tag covers what is on the wire, with the length in the clear.
    public var isEncryptThenMAC: Bool {
        switch self {
        case .hmacSHA256EncryptThenMAC, .hmacSHA512EncryptThenMAC: true
        case .hmacSHA256, .hmacSHA512: false
        }
    }

    /// The length of the tag in bytes.
    var tagLength: Int {
        switch self {
        case .hmacSHA256EncryptThenMAC, .hmacSHA256: 32
        case .hmacSHA512EncryptThenMAC, .hmacSHA512: 64
        }
    }

    /// libcrypto's name of the hash function.
    var digestName: String {
        switch self {
        case .hmacSHA256EncryptThenMAC, .hmacSHA256: "SHA256"
        case .hmacSHA512EncryptThenMAC, .hmacSHA512: "SHA512"
        }
    }

    func makeContext() -> MACContext { .hmac(digestName, tagCount: tagLength) }
}
