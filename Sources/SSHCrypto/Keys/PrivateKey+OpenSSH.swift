// SPDX-License-Identifier: Apache-2.0

internal import Wire

extension PrivateKey {
    /// Reads an unencrypted private key file in OpenSSH's own format (PROTOCOL.key).
    ///
    /// What is copied out of `file` is wiped; `file` itself is the caller's to wipe.
    ///
    /// - Throws: `KeyError.passphraseRequired` for an encrypted key, `KeyError.unsupportedFormat` for
    ///   a PEM or PuTTY file, and other `KeyError`s.
    public init(openSSHFile file: Span<UInt8>) throws(KeyError) {
        guard file.count <= KeyLimits.keyFileBytes else {
            throw .invalid("a file of \(file.count) bytes")
        }
        var content = try KeyFileArmour.remove(from: file)
        defer { wipe(&content) }
        self = try Self.read(content[...])
    }

    private static let magic = Array("openssh-key-v1\0".utf8)
    /// What the private part is padded to; ciphers with larger blocks don't get this far.
    private static let blockCount = 8

    private static func read(_ content: Bytes) throws(KeyError) -> PrivateKey {
        var reader = KeyReader(content)
        try reader.expect(magic)
        let cipher = try reader.name()
        let derivation = try reader.name()
        _ = try reader.string()
        guard cipher == "none", derivation == "none" else { throw .passphraseRequired }
        guard try reader.uint32() == 1 else { throw .invalid("a file of more than one key") }
        let publicBlob = try reader.string()
        let privatePart = try reader.string()
        try reader.requireEnd()
        guard privatePart.count.isMultiple(of: blockCount) else {
            throw .invalid("the private part is not padded")
        }
        return try readPrivatePart(privatePart, publicBlob: publicBlob)
    }

    private static func readPrivatePart(
        _ part: Bytes, publicBlob: Bytes
    ) throws(KeyError) -> PrivateKey {
        var reader = KeyReader(part)
        // The same number twice, by which a wrong passphrase shows.
        guard try reader.uint32() == reader.uint32() else {
            throw .invalid("the check numbers differ")
        }
        let type = try reader.keyType()
        var writer = WireWriter(capacity: publicBlob.count)
        writer.writeString(type.rawValue)
        let handle =
            switch type {
            case .ed25519: try readEd25519(&reader, &writer)
            case .ecdsaP256, .ecdsaP384, .ecdsaP521: try readECDSA(type, &reader, &writer)
            case .rsa: try readRSA(&reader, &writer)
            }
        _ = try reader.string()  // the comment
        let padding = reader.remaining()
        guard padding.count < blockCount, zip(padding, 1...).allSatisfy({ $0 == $1 }) else {
            throw .invalid("wrong padding")
        }
        guard writer.bytes[...] == publicBlob else {
            throw .invalid("the private part belongs to another public key")
        }
        return try PrivateKey(handle, publicBlob: publicBlob)
    }

    // Each reads the private fields of one type, and writes the public ones behind the type's name.

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
