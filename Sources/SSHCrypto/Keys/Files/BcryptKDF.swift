// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// `bcrypt_pbkdf`: PBKDF2 with bcrypt as its pseudo-random function, by which OpenSSH makes the key of a
/// private key file from a passphrase (PROTOCOL.key section 2).
enum BcryptKDF {
    /// The length of what one bcrypt gives, in bytes.
    private static let blockCount = 32
    /// What each bcrypt encrypts.
    private static let plaintext = Array("OxychromaticBlowfishSwatDynamite".utf8)

    /// Derives a key.
    ///
    /// - Parameters:
    ///   - rounds: at least one; the time that this takes grows with them.
    ///   - count: the length of the key in bytes, at most 1024.
    static func key(
        passphrase: Span<UInt8>, salt: Span<UInt8>, rounds: UInt32, count: Int
    ) -> SecretBytes {
        precondition(rounds > 0 && (1...1024).contains(count), "not a key to be derived")
        var key = hashedWords { $0.update(passphrase) }
        defer { wipe(&key) }
        var derived = [UInt8](repeating: 0, count: count)
        defer { SSHCrypto.wipe(&derived) }
        // The bytes of a block are spread over the key, not laid end to end as in PBKDF2.
        let blocks = (count + blockCount - 1) / blockCount
        for number in 0..<blocks {
            var block = block(UInt32(number + 1), key: key, salt: salt, rounds: rounds)
            for (index, byte) in block.enumerated() where index * blocks + number < count {
                derived[index * blocks + number] = byte
            }
            SSHCrypto.wipe(&block)
        }
        return SecretBytes(copying: derived)
    }

    private static func block(
        _ number: UInt32, key: [UInt32], salt: Span<UInt8>, rounds: UInt32
    ) -> [UInt8] {
        var saltWords = hashedWords { hash in
            hash.update(salt)
            hash.update(bigEndian(number).span)
        }
        var output = bcrypt(key: key, salt: saltWords)
        var result = output
        for _ in 1..<rounds {
            wipe(&saltWords)
            saltWords = hashedWords { $0.update(output.span) }
            SSHCrypto.wipe(&output)
            output = bcrypt(key: key, salt: saltWords)
            for index in result.indices { result[index] ^= output[index] }
        }
        wipe(&saltWords)
        SSHCrypto.wipe(&output)
        return result
    }

    /// One bcrypt of cost six, with hashes for key and salt.
    private static func bcrypt(key: [UInt32], salt: [UInt32]) -> [UInt8] {
        var cipher = Blowfish()
        cipher.expand(salt: salt.span, key: key.span)
        let none: [UInt32] = []
        for _ in 0..<64 {
            cipher.expand(salt: none.span, key: salt.span)
            cipher.expand(salt: none.span, key: key.span)
        }
        var text = words(of: plaintext.span)
        defer { wipe(&text) }
        for index in stride(from: 0, to: text.count, by: 2) {
            var (left, right) = (text[index], text[index + 1])
            for _ in 0..<64 { cipher.encrypt(&left, &right) }
            (text[index], text[index + 1]) = (left, right)
        }
        // Little-endian, where everything else is big-endian.
        return text.flatMap { word in
            [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: word >> $0) }
        }
    }

    /// The words of a SHA-512.
    private static func hashedWords(_ feed: (inout Hash) -> Void) -> [UInt32] {
        var hash = Hash(.sha512)
        feed(&hash)
        return hash.finalizeSecret().withSpan { words(of: $0) }
    }

    private static func words(of bytes: Span<UInt8>) -> [UInt32] {
        stride(from: 0, to: bytes.count, by: 4).map {
            bigEndianUInt32(bytes.extracting($0..<$0 + 4))
        }
    }

    private static func wipe(_ words: inout [UInt32]) {
        var span = words.mutableSpan
        unsafe span.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}
