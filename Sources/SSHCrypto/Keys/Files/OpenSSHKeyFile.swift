// SPDX-License-Identifier: Apache-2.0

internal import Wire

/// A private key file in OpenSSH's own format (PROTOCOL.key), its private part still as it stands.
struct OpenSSHKeyFile: ~Copyable, Sendable {
    /// How the private part is encrypted, if it is.
    let encryption: Encryption?
    private let publicBlob: [UInt8]
    private let privatePart: SecretBytes
    private let tag: [UInt8]

    /// A cipher, and how its key is made from a passphrase.
    struct Encryption {
        let cipher: KeyFileCipher
        let salt: [UInt8]
        let rounds: UInt32

        func key(passphrase: borrowing SecretBytes) -> SecretBytes {
            passphrase.withSpan { passphrase in
                BcryptKDF.key(
                    passphrase: passphrase, salt: salt.span, rounds: rounds,
                    count: cipher.keyCount + cipher.vectorCount)
            }
        }
    }

    static let magic = Array("openssh-key-v1\0".utf8)
    /// What the private part is padded to where nothing encrypts it.
    static let blockCount = 8

    init(_ content: Bytes) throws(KeyError) {
        var reader = KeyReader(content)
        try reader.expect(Self.magic)
        let encryption = try Self.readEncryption(&reader)
        guard try reader.uint32() == 1 else { throw .invalid("a file of more than one key") }
        let publicBlob = try reader.string()
        let part = try reader.string()
        let blockCount = encryption?.cipher.blockCount ?? Self.blockCount
        guard !part.isEmpty, part.count.isMultiple(of: blockCount) else {
            throw .invalid("the private part is not padded")
        }
        let tag = try reader.bytes(encryption?.cipher.tagCount ?? 0)
        try reader.requireEnd()
        self.encryption = encryption
        self.publicBlob = Array(publicBlob)
        privatePart = SecretBytes(copying: part)
        self.tag = Array(tag)
    }

    private static func readEncryption(
        _ reader: inout KeyReader
    ) throws(KeyError) -> Encryption? {
        let cipherName = try reader.name()
        let derivation = try reader.name()
        var parameters = KeyReader(try reader.string())
        guard cipherName != "none" else {
            guard derivation == "none", parameters.isAtEnd else {
                throw .invalid("a key derivation without a cipher")
            }
            return nil
        }
        guard let cipher = KeyFileCipher(rawValue: cipherName), derivation == "bcrypt" else {
            throw .unsupportedFormat("the key is encrypted in a way that is not known here")
        }
        let salt = try parameters.string()
        let rounds = try parameters.uint32()
        try parameters.requireEnd()
        guard !salt.isEmpty, rounds > 0 else { throw .invalid("no parameters for its passphrase") }
        guard rounds <= KeyLimits.bcryptRounds else {
            throw .unsupportedFormat(
                "the key's passphrase takes \(rounds) rounds of bcrypt, and "
                    + "\(KeyLimits.bcryptRounds) are allowed; make them fewer with: ssh-keygen -p -a"
            )
        }
        return Encryption(cipher: cipher, salt: Array(salt), rounds: rounds)
    }

    /// The public half, which stands in the clear.
    ///
    /// - Throws: where its type is not known here: then nobody should be asked for a passphrase.
    var publicKey: PublicKey {
        get throws(KeyError) {
            do {
                return try PublicKey(blob: publicBlob[...])
            } catch .unsupportedType {
                var reader = KeyReader(publicBlob[...])
                let type = try reader.name().prefix(KeyLimits.typeNameShown)
                throw .unsupportedFormat("keys of the type \(type) are not supported")
            }
        }
    }

    /// The key of a file that isn't encrypted.
    func privateKey() throws(KeyError) -> PrivateKey {
        precondition(encryption == nil, "a passphrase is needed")
        var plain = privatePart.withSpan { part in
            [UInt8](capacity: part.count) { $0.append(copying: part) }
        }
        defer { wipe(&plain) }
        return try Self.readPrivatePart(
            plain[...], publicBlob: publicBlob[...], isEncrypted: false)
    }

    /// The key of an encrypted file.
    func privateKey(passphrase: borrowing SecretBytes) throws(KeyError) -> PrivateKey {
        guard let encryption else { return try privateKey() }
        let key = encryption.key(passphrase: passphrase)
        var plain = try privatePart.withSpan { part throws(KeyError) in
            try encryption.cipher.decrypt(part, tag: tag.span, keyAndVector: key)
        }
        defer { wipe(&plain) }
        return try Self.readPrivatePart(
            plain[...], publicBlob: publicBlob[...], isEncrypted: true)
    }

    private static func readPrivatePart(
        _ part: Bytes, publicBlob: Bytes, isEncrypted: Bool
    ) throws(KeyError) -> PrivateKey {
        var reader = KeyReader(part)
        // The same number twice, by which a wrong passphrase shows.
        guard try reader.uint32() == reader.uint32() else {
            throw isEncrypted ? .wrongPassphrase : .invalid("the check numbers differ")
        }
        let type = try reader.keyType()
        var writer = WireWriter(capacity: publicBlob.count)
        writer.writeString(type.rawValue)
        let handle = try readPrivateFields(of: type, &reader, &writer)
        let comment = String(decoding: try reader.string(), as: UTF8.self)
        let padding = reader.remaining()
        guard zip(padding, 1...).allSatisfy({ Int($0) == $1 }) else {
            throw .invalid("wrong padding")
        }
        guard writer.bytes[...] == publicBlob else {
            throw .invalid("the private part belongs to another public key")
        }
        return try PrivateKey(handle, publicBlob: publicBlob, comment: comment)
    }
}

// Each reads the private fields of one type, and writes the public ones behind the type's name.
extension OpenSSHKeyFile {
    private static func readPrivateFields(
        of type: KeyType, _ reader: inout KeyReader, _ writer: inout WireWriter
    ) throws(KeyError) -> KeyHandle {
        switch type {
        case .ed25519: try readEd25519(&reader, &writer)
        case .ecdsaP256, .ecdsaP384, .ecdsaP521: try readECDSA(type, &reader, &writer)
        case .rsa: try readRSA(&reader, &writer)
        case .securityKeyEd25519, .securityKeyECDSA: throw .heldBySecurityKey
        }
    }

    private static func readEd25519(
        _ reader: inout KeyReader, _ writer: inout WireWriter
    ) throws(KeyError) -> KeyHandle {
        let point = try reader.string()
        let seedAndPoint = try reader.string()
        let count = KeyHandle.RawKind.byteCount
        let seed = seedAndPoint.prefix(count)
        guard point.count == count, seedAndPoint.count == 2 * count,
            seedAndPoint.suffix(count) == point,
            let key = KeyHandle(.ed25519, privateBytes: seed.span)
        else { throw .invalid("not an Ed25519 key") }
        writer.writeString(point)
        return key
    }

    private static func readECDSA(
        _ type: KeyType, _ reader: inout KeyReader, _ writer: inout WireWriter
    ) throws(KeyError) -> KeyHandle {
        let curveName = try reader.name()
        let point = try reader.string()
        let scalar = try reader.number()
        guard let curve = type.curve, curve.rawValue == curveName,
            let key = KeyHandle(curve, point: point.span, scalar: scalar)
        else { throw .invalid("not an ECDSA key") }
        writer.writeString(curveName)
        writer.writeString(point)
        return key
    }

    private static func readRSA(
        _ reader: inout KeyReader, _ writer: inout WireWriter
    ) throws(KeyError) -> KeyHandle {
        let modulus = try reader.digits()
        let exponent = try reader.digits()
        let privateExponent = try reader.number()
        let coefficient = try reader.number()
        let p = try reader.digits()
        let q = try reader.digits()
        for factor in [p, q] where factor.count < 2 {
            throw .invalid("an RSA key with a tiny factor")
        }
        let numbers = RSAPrivateNumbers(
            exponent: privateExponent, p: BigNumber(p.span), q: BigNumber(q.span),
            coefficient: coefficient)
        writer.writeMPInt(exponent)
        writer.writeMPInt(modulus)
        guard
            let key = KeyHandle(
                modulus: BigNumber(modulus.span), exponent: BigNumber(exponent.span),
                privateNumbers: numbers)
        else { throw .invalid("libcrypto refused the RSA key") }
        return key
    }
}
