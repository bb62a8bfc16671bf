// SPDX-License-Identifier: Apache-2.0

/// The ciphers of the SSH transport; raw values are their names on the wire.
public enum CipherAlgorithm: String, CaseIterable, Sendable {
    /// ChaCha20 with Poly1305, in OpenSSH's own layout (PROTOCOL.chacha20poly1305).
    case chacha20Poly1305 = "chacha20-poly1305@openssh.com"
    /// AES-128 in GCM (RFC 5647, negotiated as OpenSSH's PROTOCOL says).
    case aes128GCM = "aes128-gcm@openssh.com"
    /// AES-256 in GCM (RFC 5647, negotiated as OpenSSH's PROTOCOL says).
    case aes256GCM = "aes256-gcm@openssh.com"
    /// AES-128 in counter mode (RFC 4344).
    case aes128CTR = "aes128-ctr"
    /// AES-192 in counter mode (RFC 4344).
    case aes192CTR = "aes192-ctr"
    /// AES-256 in counter mode (RFC 4344).
    case aes256CTR = "aes256-ctr"

    /// The length of the encryption key in bytes.
    public var keyLength: Int {
        switch self {
        case .chacha20Poly1305: 64
        case .aes128GCM, .aes128CTR: 16
        case .aes192CTR: 24
        case .aes256GCM, .aes256CTR: 32
        }
    }

    /// The length of the initialization vector in bytes.
    public var ivLength: Int {
        switch self {
        case .chacha20Poly1305: 0
        case .aes128GCM, .aes256GCM: 12
        case .aes128CTR, .aes192CTR, .aes256CTR: 16
        }
    }

    /// What packets are aligned to, in bytes; also the unit in which rekey limits count
    /// (RFC 4344 section 3.2).
    public var blockLength: Int {
        switch self {
        case .chacha20Poly1305: 8
        case .aes128GCM, .aes256GCM, .aes128CTR, .aes192CTR, .aes256CTR: 16
        }
    }

    /// Whether the cipher authenticates by itself, so that no MAC is negotiated.
    public var isAEAD: Bool {
        switch self {
        case .chacha20Poly1305, .aes128GCM, .aes256GCM: true
        case .aes128CTR, .aes192CTR, .aes256CTR: false
        }
    }

    /// The length of the tag in bytes; zero where a MAC provides it.
    var tagLength: Int {
        isAEAD ? 16 : 0
    }
}
