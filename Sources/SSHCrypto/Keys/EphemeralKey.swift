// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
public import Wire

/// One side's private key of one key exchange.
///
/// It is used once and wiped.
public struct EphemeralKey: ~Copyable, Sendable {
    /// The method that this key is for.
    public let algorithm: KeyAgreementAlgorithm

    /// What the peer is sent, as the content of a `string`: Q_C or Q_S (RFC 5656 section 4, RFC 8731
    /// section 3), or the content of the `mpint` e or f (RFC 4253 section 8).
    public let publicValue: [UInt8]

    private let secret: Secret

    /// The private half.
    private enum Secret: ~Copyable, Sendable {
        case curve(KeyHandle)
        case group(DiffieHellmanGroup, exponent: BigNumber)
        case hybrid(HybridKey)
    }

    /// Makes the key that `random` stands for: the same bytes give the same key.
    ///
    /// - Parameters:
    ///   - algorithm: the method of key agreement.
    ///   - random: `algorithm.randomCount` bytes, fresh and secret.
    ///   - group: the group, for methods in which the server chooses it.
    ///   - mlkem: for the hybrid method, whose client begins; its server answers with
    ///     ``KeyAgreementAnswer``.
    /// - Precondition: there are `algorithm.randomCount` bytes, and what the method needs.
    public init(
        _ algorithm: KeyAgreementAlgorithm, random: borrowing SecretBytes,
        group: DiffieHellmanGroup? = nil, mlkem: MLKEM768? = nil
    ) {
        precondition(random.count == algorithm.randomCount, "not the randomness for this key")
        self.algorithm = algorithm
        switch algorithm.kind {
        case .curve(let curve):
            let (handle, point) = random.withSpan { Self.makeKey(on: curve, random: $0) }
            publicValue = point
            secret = .curve(handle)
        case .x25519:
            let handle = random.withSpan { KeyHandle.makeX25519($0) }
            publicValue = handle.rawPublicBytes
            secret = .curve(handle)
        case .group(let group):
            let exponent = random.withSpan { BigNumber($0) }
            publicValue = group.publicValue(exponent)
            secret = .group(group, exponent: exponent)
        case .groupExchange:
            guard let group else { preconditionFailure("a group is needed") }
            let exponent = random.withSpan { BigNumber($0) }
            publicValue = group.publicValue(exponent)
            secret = .group(group, exponent: exponent)
        case .hybrid:
            guard let mlkem else { preconditionFailure("ML-KEM is needed") }
            let key = HybridKey(mlkem, random: random)
            publicValue = key.publicValue
            secret = .hybrid(key)
        }
    }

    /// The secret K that both sides now share, encoded as it stands in the exchange hash and in key
    /// derivation: an `mpint`, or a `string` for the hybrid method, length field included.
    ///
    /// - Parameter peer: the peer's public value.
    /// - Throws: `KeyAgreementError.invalidPublicValue`.
    public consuming func sharedSecret(
        with peer: Bytes
    ) throws(KeyAgreementError) -> SecretBytes {
        let isNumber = algorithm != .mlkem768X25519
        let secret = try rawSharedSecret(with: peer)
        return secret.withSpan { isNumber ? encodeMPInt($0) : encodeString($0) }
    }

    /// The shared secret as the method gives it.
    borrowing func rawSharedSecret(with peer: Bytes) throws(KeyAgreementError) -> SecretBytes {
        switch secret {
        case .curve(let handle):
            guard case .curve(let curve) = algorithm.kind else {
                return try handle.agreeX25519(with: peer.span)
            }
            guard let peerKey = KeyHandle(curve, point: peer.span),
                let secret = handle.agree(with: peerKey, count: curve.coordinateCount)
            else { throw .invalidPublicValue }
            return secret
        case .group(let group, let exponent): return try group.secret(exponent, peer: peer)
        case .hybrid(let key): return try key.secret(with: peer)
        }
    }

    /// Makes a scalar from more random bits than it has, and the point that belongs to it.
    private static func makeKey(on curve: Curve, random: Span<UInt8>) -> (KeyHandle, [UInt8]) {
        let group = unsafe mustExist(EC_GROUP_new_by_curve_name(curve.group.identifier), "a group")
        defer { unsafe EC_GROUP_free(group) }
        let point = unsafe mustExist(EC_POINT_new(group), "a point")
        defer { unsafe EC_POINT_free(point) }
        let order = BigNumber()
        mustSucceed(unsafe EC_GROUP_get_order(group, order.pointer, nil), "a group's order")
        let scalar = BigNumber(random).moduloPredecessor(of: order)
        mustSucceed(unsafe BN_add_word(scalar.pointer, 1), "BN_add_word")
        mustSucceed(unsafe EC_POINT_mul(group, point, scalar.pointer, nil, nil, nil), "a point")
        let publicValue = [UInt8](capacity: curve.pointCount) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                initializedCount = unsafe EC_POINT_point2oct(
                    group, point, POINT_CONVERSION_UNCOMPRESSED, buffer.baseAddress, buffer.count,
                    nil)
            }
        }
        guard let key = KeyHandle(curve, point: publicValue.span, scalar: scalar) else {
            preconditionFailure("libcrypto refused an ECDH key")
        }
        return (key, publicValue)
    }
}

/// The `string` with these bytes.
func encodeString(_ bytes: Span<UInt8>) -> SecretBytes {
    SecretBytes(count: 4 + bytes.count) { output in
        output.append(copying: bigEndian(UInt32(bytes.count)).span)
        output.append(copying: bytes)
    }
}

/// The `mpint` (RFC 4251 section 5) with this big-endian magnitude.
func encodeMPInt(_ magnitude: Span<UInt8>) -> SecretBytes {
    var start = 0
    while start < magnitude.count, magnitude[start] == 0 { start += 1 }
    let digits = magnitude.extracting(start...)
    let needsSignByte = !digits.isEmpty && digits[0] & 0x80 != 0
    let count = digits.count + (needsSignByte ? 1 : 0)
    return SecretBytes(count: 4 + count) { output in
        output.append(copying: bigEndian(UInt32(count)).span)
        if needsSignByte { output.append(0) }
        output.append(copying: digits)
    }
}
