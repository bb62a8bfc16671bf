// SPDX-License-Identifier: Apache-2.0

internal import Wire

extension PrivateKey {
    /// How many random bytes make an Ed25519 key.
    public static let ed25519SeedBytes = KeyHandle.RawKind.byteCount

    /// Makes the Ed25519 key that `seed` stands for (RFC 8032 section 5.1.5).
    ///
    /// - Precondition: there are ``ed25519SeedBytes`` bytes.
    /// - Throws: where libcrypto refuses, as it may do by the system's policy.
    public static func makeEd25519(
        seed: borrowing SecretBytes, comment: String
    ) throws(KeyError) -> PrivateKey {
        precondition(seed.count == ed25519SeedBytes, "not a seed")
        guard let handle = seed.withSpan({ KeyHandle(.ed25519, privateBytes: $0) }) else {
            throw .unsupportedType
        }
        var blob = WireWriter()
        blob.writeString(KeyType.ed25519.rawValue)
        blob.writeString(handle.rawPublicBytes)
        return try PrivateKey(handle, publicBlob: blob.bytes[...], comment: comment)
    }

    /// The key as a file in OpenSSH's format (PROTOCOL.key), without a passphrase.
    ///
    /// - Parameter check: any number; a reader of encrypted files sees by it whether the passphrase
    ///   was right.
    public func openSSHFile(check: UInt32) -> SecretBytes {
        let fields = agentFields()
        let room = fields.count + comment.utf8.count + publicKey.blob.count + 128
        var part = WireWriter(capacity: room)
        part.write(check)
        part.write(check)
        fields.withSpan { part.writeBytes($0) }
        part.writeString(comment)
        let unpadded = part.count
        let padding =
            (OpenSSHKeyFile.blockCount - unpadded % OpenSSHKeyFile.blockCount)
            % OpenSSHKeyFile.blockCount
        for index in 0..<padding { part.write(UInt8(index + 1)) }
        var content = WireWriter(capacity: 2 * room)
        content.writeBytes(OpenSSHKeyFile.magic)
        for name in ["none", "none", ""] { content.writeString(name) }
        content.write(UInt32(1))
        content.writeString(publicKey.blob)
        content.writeString(part.bytes)
        var (partBytes, bytes) = (part.bytes, content.bytes)
        (part, content) = (WireWriter(), WireWriter())
        defer {
            wipe(&partBytes)
            wipe(&bytes)
        }
        return Self.armoured(bytes)
    }

    private static let lineCharacters = 70

    private static func armoured(_ bytes: [UInt8]) -> SecretBytes {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        Base64.append(bytes, to: &text)
        var file: [UInt8] = []
        file.reserveCapacity(2 * text.count + 128)
        defer {
            wipe(&text)
            wipe(&file)
        }
        file += "-----BEGIN \(KeyFileArmour.openSSHLabel)-----\n".utf8
        for start in stride(from: 0, to: text.count, by: lineCharacters) {
            file += text[start..<min(start + lineCharacters, text.count)]
            file.append(UInt8(ascii: "\n"))
        }
        file += "-----END \(KeyFileArmour.openSSHLabel)-----\n".utf8
        return SecretBytes(copying: file)
    }
}
