// SPDX-License-Identifier: Apache-2.0

public import Wire

/// The key of a host or user, as it goes over the wire and stands in known_hosts files.
public struct PublicKey: Sendable {
    /// What kind of key this is.
    public let type: KeyType

    /// The key in SSH's own encoding (RFC 4253 section 6.6): its type, then its numbers.
    public let blob: [UInt8]

    let handle: KeyHandle
    /// What a security key is told to sign for; mostly "ssh:".
    let application: Bytes?

    /// Reads a key that stands in its one valid encoding, and nothing behind it.
    ///
    /// - Throws: a `KeyError`: for a type we don't know, numbers that are no such key (as points off
    ///   the curve), or an RSA key outside of `KeyLimits`.
    public init(blob: Bytes) throws(KeyError) {
        var reader = KeyReader(blob)
        type = try reader.keyType()
        handle =
            switch type {
            case .ed25519: try Self.readEd25519(&reader)
            case .ecdsaP256, .ecdsaP384, .ecdsaP521: try Self.readECDSA(type, &reader)
            case .rsa: try Self.readRSA(&reader)
            case .securityKeyEd25519: try Self.readEd25519(&reader)
            case .securityKeyECDSA: try Self.readECDSA(type, &reader)
            }
        application = type.isSecurityKey ? try reader.string() : nil
        try reader.requireEnd()
        self.blob = Array(blob)
    }

    private static func readEd25519(_ reader: inout KeyReader) throws(KeyError) -> KeyHandle {
        let point = try reader.string()
        guard point.count == KeyHandle.RawKind.byteCount else {
            throw .invalid("an Ed25519 key of \(point.count) bytes")
        }
        guard isCanonical(point.span) else {
            throw .invalid("an Ed25519 key that is not in its one valid form")
        }
        guard let key = KeyHandle(.ed25519, publicBytes: point.span) else {
            throw .invalid("libcrypto refused the Ed25519 key")
        }
        return key
    }

    /// Whether the little-endian y coordinate, its sign bit aside, is below 2^255 - 19, as RFC 8032
    /// section 5.1.3 demands and libcrypto does not check.
    private static func isCanonical(_ point: Span<UInt8>) -> Bool {
        guard point[31] & 0x7F == 0x7F else { return true }
        for index in 1..<31 where point[index] != 0xFF { return true }
        return point[0] < 0xED
    }

    private static func readECDSA(
        _ type: KeyType, _ reader: inout KeyReader
    ) throws(KeyError) -> KeyHandle {
        guard let curve = type.curve, try reader.name() == curve.rawValue else {
            throw .invalid("an ECDSA key on another curve than its type says")
        }
        let point = try reader.string()
        guard let key = KeyHandle(curve, point: point.span) else {
            throw .invalid("an ECDSA key that is not a point of its curve")
        }
        return key
    }

    private static func readRSA(_ reader: inout KeyReader) throws(KeyError) -> KeyHandle {
        let exponent = try reader.digits()
        let modulus = try reader.digits()
        let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard KeyLimits.rsaBits.contains(bits) else { throw .unsupportedSize(bits: bits) }
        guard exponent.count <= KeyLimits.rsaExponentBytes else {
            throw .invalid("an RSA key with an oversized exponent")
        }
        guard let lowest = exponent.last, lowest & 1 == 1, exponent != [1],
            let lowestOfModulus = modulus.last, lowestOfModulus & 1 == 1
        else { throw .invalid("an RSA key with an even number, or an exponent of one") }
        guard
            let key = KeyHandle(
                modulus: BigNumber(modulus.span), exponent: BigNumber(exponent.span))
        else { throw .invalid("libcrypto refused the RSA key") }
        return key
    }
}

extension PublicKey: Hashable {
    /// Two keys are the same when their encodings are.
    public static func == (first: PublicKey, second: PublicKey) -> Bool {
        first.blob == second.blob
    }

    /// Feeds the encoding to `hasher`.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(blob)
    }
}
