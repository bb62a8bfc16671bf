// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto

/// The algorithms that one side offers, each list in order of preference.
public struct AlgorithmPreferences: Equatable, Sendable {
    /// Key exchange methods; those that need ML-KEM are offered where it was brought.
    public var keyExchange: [KeyAgreementAlgorithm]
    /// Host key algorithms.
    ///
    /// A client that knows some of a server's keys puts their types first.
    public var hostKey: [PublicKeyAlgorithm]
    /// Ciphers, the same for both directions.
    public var ciphers: [CipherAlgorithm]
    /// Message authentication codes, the same for both directions; not used by AEAD ciphers.
    public var macs: [MACAlgorithm]
    /// Compression methods, the same for both directions.
    public var compression: [CompressionAlgorithm]

    /// Whether measurement decides about compression (`DeflateSteering`, `InflateSteering`), where
    /// the server has it; for clients.
    public var steersCompression = false

    /// A choice of one's own.
    ///
    /// - Precondition: no list is empty, but for `macs` if all ciphers are AEAD.
    public init(
        keyExchange: [KeyAgreementAlgorithm] = KeyAgreementAlgorithm.standard,
        hostKey: [PublicKeyAlgorithm] = PublicKeyAlgorithm.standard,
        ciphers: [CipherAlgorithm] = Self.ciphersWithAESInstructions,
        macs: [MACAlgorithm] = MACAlgorithm.allCases,
        compression: [CompressionAlgorithm] = [.none, .zlibOpenSSH]
    ) {
        self.keyExchange = keyExchange
        self.hostKey = hostKey
        self.ciphers = ciphers
        self.macs = macs
        self.compression = compression
    }

    /// These without what libcrypto cannot do on this machine.
    var available: Self {
        var preferences = self
        preferences.keyExchange.removeAll { !KeyAgreementAlgorithm.available.contains($0) }
        preferences.hostKey.removeAll { !SignatureAlgorithm.available.contains($0.signature) }
        preferences.ciphers.removeAll { !CipherAlgorithm.available.contains($0) }
        preferences.macs.removeAll { !MACAlgorithm.available.contains($0) }
        return preferences
    }

    /// For a server with clients of today: one curve, without doubts about where it comes from, alone and
    /// with ML-KEM.
    public static let modern = Self(keyExchange: [.mlkem768X25519, .curve25519, .curve25519LibSSH])

    /// AES-GCM first: on a CPU with AES instructions it is by far the fastest.
    public static let ciphersWithAESInstructions: [CipherAlgorithm] = [
        .aes128GCM, .aes256GCM, .chacha20Poly1305, .aes128CTR, .aes192CTR, .aes256CTR,
    ]

    /// ChaCha20 first: without AES instructions it is the faster one, and free of timing leaks.
    public static let ciphersWithoutAESInstructions: [CipherAlgorithm] = [
        .chacha20Poly1305, .aes128GCM, .aes256GCM, .aes128CTR, .aes192CTR, .aes256CTR,
    ]
}
