// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

// What libcrypto can do on this machine. One that is bound to FIPS 140 has no ChaCha20 and no X25519,
// for instance; and a system's policy may forbid SHA-1. What it lacks must not be offered: a peer
// would choose it, and there is no way on from there.

/// The names that libcrypto knows, each asked for once.
private enum Providers {
    static func hasCipher(_ name: String) -> Bool {
        let cipher = FetchedAlgorithm.find(cipher: name)
        cipher?.releaseCipher()
        return cipher != nil
    }

    static func hasDigest(_ name: String) -> Bool {
        let digest = unsafe EVP_MD_fetch(nil, name, nil)
        unsafe EVP_MD_free(digest)
        ERR_clear_error()
        return unsafe digest != nil
    }

    static func hasMAC(_ name: String) -> Bool {
        let mac = unsafe EVP_MAC_fetch(nil, name, nil)
        unsafe EVP_MAC_free(mac)
        ERR_clear_error()
        return unsafe mac != nil
    }

    static func hasKeyType(_ name: String) -> Bool {
        let context = unsafe EVP_PKEY_CTX_new_from_name(nil, name, nil)
        unsafe EVP_PKEY_CTX_free(context)
        ERR_clear_error()
        return unsafe context != nil
    }
}

extension HashAlgorithm {
    /// The functions that libcrypto can do here.
    public static let available = Set(allCases.filter { Providers.hasDigest($0.name) })
}

extension CipherAlgorithm {
    /// The ciphers that libcrypto can do here.
    public static let available = Set(
        allCases.filter { cipher in
            switch cipher {
            case .chacha20Poly1305:
                Providers.hasCipher("ChaCha20") && Providers.hasMAC("POLY1305")
            case .aes128GCM: Providers.hasCipher("AES-128-GCM")
            case .aes256GCM: Providers.hasCipher("AES-256-GCM")
            case .aes128CTR: Providers.hasCipher("AES-128-CTR")
            case .aes192CTR: Providers.hasCipher("AES-192-CTR")
            case .aes256CTR: Providers.hasCipher("AES-256-CTR")
            }
        })
}

extension MACAlgorithm {
    /// The codes that libcrypto can do here.
    public static let available = Set(
        allCases.filter { Providers.hasMAC("HMAC") && Providers.hasDigest($0.digestName) })
}

extension KeyAgreementAlgorithm {
    /// The methods that libcrypto can do here; those that need ML-KEM, if somebody brings that.
    public static let available = Set(
        allCases.filter { method in
            guard HashAlgorithm.available.contains(method.hash) else { return false }
            return switch method.kind {
            case .x25519, .hybrid: Providers.hasKeyType("X25519")
            case .curve: Providers.hasKeyType("EC")
            case .group, .groupExchange: true
            }
        })
}

extension SignatureAlgorithm {
    /// The ways to sign that libcrypto can do here.
    public static let available = Set(
        allCases.filter { algorithm in
            switch algorithm {
            case .ed25519: Providers.hasKeyType("ED25519")
            case .securityKeyEd25519:
                Providers.hasKeyType("ED25519") && Providers.hasDigest("SHA256")
            case .ecdsaP256, .ecdsaP384, .ecdsaP521, .securityKeyECDSA:
                Providers.hasKeyType("EC") && Providers.hasDigest(algorithm.digestName ?? "")
            case .rsaSHA512, .rsaSHA256, .rsaSHA1:
                Providers.hasKeyType("RSA") && Providers.hasDigest(algorithm.digestName ?? "")
            }
        })
}
