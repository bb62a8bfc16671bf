// SPDX-License-Identifier: Apache-2.0

/// The ciphers that OpenSSH's private key files may be encrypted with; raw values are their names
/// there.
enum KeyFileCipher: String, CaseIterable {
    case aes128CBC = "aes128-cbc"
    case aes192CBC = "aes192-cbc"
    case aes256CBC = "aes256-cbc"
    case aes128CTR = "aes128-ctr"
    case aes192CTR = "aes192-ctr"
    case aes256CTR = "aes256-ctr"
    case aes128GCM = "aes128-gcm@openssh.com"
    case aes256GCM = "aes256-gcm@openssh.com"
    case chacha20Poly1305 = "chacha20-poly1305@openssh.com"
    case tripleDESCBC = "3des-cbc"

    /// The length of the key in bytes.
    var keyCount: Int {
        switch self {
        case .aes128CBC, .aes128CTR, .aes128GCM: 16
        case .aes192CBC, .aes192CTR, .tripleDESCBC: 24
        case .aes256CBC, .aes256CTR, .aes256GCM: 32
        // Two keys, of which files use one.
        case .chacha20Poly1305: 64
        }
    }

    /// The length of the initialization vector in bytes.
    var vectorCount: Int {
        switch self {
        case .chacha20Poly1305: 0
        case .tripleDESCBC: 8
        case .aes128GCM, .aes256GCM: 12
        case .aes128CBC, .aes192CBC, .aes256CBC, .aes128CTR, .aes192CTR, .aes256CTR: 16
        }
    }

    /// What the plain text is padded to, in bytes.
    var blockCount: Int {
        switch self {
        case .chacha20Poly1305, .tripleDESCBC: 8
        case .aes128CBC, .aes192CBC, .aes256CBC, .aes128CTR, .aes192CTR, .aes256CTR, .aes128GCM,
            .aes256GCM:
            16
        }
    }

    /// The length of the tag that follows the encrypted part, in bytes.
    var tagCount: Int {
        switch self {
        case .aes128GCM, .aes256GCM, .chacha20Poly1305: 16
        case .aes128CBC, .aes192CBC, .aes256CBC, .aes128CTR, .aes192CTR, .aes256CTR,
            .tripleDESCBC:
            0
        }
    }

    /// libcrypto's name of the cipher.
    private var name: String {
        switch self {
        case .aes128CBC: "AES-128-CBC"
        case .aes192CBC: "AES-192-CBC"
        case .aes256CBC: "AES-256-CBC"
        case .aes128CTR: "AES-128-CTR"
        case .aes192CTR: "AES-192-CTR"
        case .aes256CTR: "AES-256-CTR"
        case .aes128GCM: "AES-128-GCM"
        case .aes256GCM: "AES-256-GCM"
        case .chacha20Poly1305: "ChaCha20"
        case .tripleDESCBC: "DES-EDE3-CBC"
        }
    }

    /// Decrypts the private part of a file.
    ///
    /// - Parameters:
    ///   - keyAndVector: the key, and behind it the initialization vector.
    ///   - tag: as long as `tagCount` says.
    /// - Returns: the plain text, for the caller to wipe.
    /// - Throws: `KeyError.wrongPassphrase` where the tag does not belong to it.
    func decrypt(
        _ text: Span<UInt8>, tag: Span<UInt8>, keyAndVector: borrowing SecretBytes
    ) throws(KeyError) -> [UInt8] {
        guard let algorithm = FetchedAlgorithm.find(cipher: name) else {
            throw .unsupportedFormat("the key is encrypted by \(rawValue), which libcrypto refuses")
        }
        defer { algorithm.releaseCipher() }
        var plain: [UInt8] = []
        let isAuthentic = keyAndVector.withSpan { keys in
            if self == .chacha20Poly1305 {
                return decryptChaChaPoly(algorithm, text, tag: tag, keys: keys, into: &plain)
            }
            let context = CipherContext(
                algorithm, key: keys.extracting(..<keyCount),
                initializationVector: keys.extracting(keyCount...), encrypts: false)
            plain = [UInt8](capacity: text.count) { context.update(text, into: &$0) }
            return tagCount == 0 || context.finish(matches: tag)
        }
        guard isAuthentic else {
            wipe(&plain)
            throw .wrongPassphrase
        }
        return plain
    }

    /// As a packet with the number zero and without a length field (PROTOCOL.chacha20poly1305).
    private func decryptChaChaPoly(
        _ algorithm: FetchedAlgorithm, _ text: Span<UInt8>, tag: Span<UInt8>, keys: Span<UInt8>,
        into plain: inout [UInt8]
    ) -> Bool {
        let vector = InlineArray<16, UInt8>(repeating: 0)
        let context = CipherContext(
            algorithm, key: keys.extracting(..<32), initializationVector: vector.span,
            encrypts: true)
        var block = InlineArray<64, UInt8>(repeating: 0)
        var blockSpan = block.mutableSpan
        context.update(inPlace: &blockSpan)
        let mac = MACContext.poly1305()
        mac.start(key: blockSpan.span.extracting(..<32))
        wipe(&blockSpan)
        mac.update(text)
        guard mac.finish(matches: tag) else { return false }
        plain = [UInt8](capacity: text.count) { context.update(text, into: &$0) }
        return true
    }
}
