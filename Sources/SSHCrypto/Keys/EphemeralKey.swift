// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
public import Wire

/// One side's private key of one key exchange.
///
/// It is used once and wiped.
public struct EphemeralKey: ~Copyable, Sendable {
    /// The method that this key is for.
    public let algorithm: KeyAgreementAlgorithm

    /// What the peer is sent: Q_C or Q_S (RFC 5656 section 4, RFC 8731 section 3).
    public let publicValue: [UInt8]

    private let handle: KeyHandle

    /// Makes the key that `random` stands for: the same bytes give the same key.
    ///
    /// - Precondition: there are `algorithm.randomCount` bytes.
    public init(_ algorithm: KeyAgreementAlgorithm, random: borrowing SecretBytes) {
        precondition(random.count == algorithm.randomCount, "not the randomness for this key")
        self.algorithm = algorithm
        if let curve = algorithm.curve {
            (handle, publicValue) = random.withSpan { Self.makeKey(on: curve, random: $0) }
        } else {
            guard let key = random.withSpan({ KeyHandle(.x25519, privateBytes: $0) }) else {
                preconditionFailure("libcrypto refused an X25519 key")
            }
            handle = key
            publicValue = key.rawPublicBytes
        }
    }

    /// The secret K that both sides now share, encoded as it stands in the exchange hash and in key
    /// derivation: an `mpint`, length field included.
    ///
    /// - Parameter peer: the peer's public value.
    /// - Throws: `KeyAgreementError.invalidPublicValue`.
    public consuming func sharedSecret(
        with peer: Bytes
    ) throws(KeyAgreementError) -> SecretBytes {
        try rawSharedSecret(with: peer).withSpan { Self.encodeMPInt($0) }
    }

    /// The shared secret as the curve gives it.
    func rawSharedSecret(with peer: Bytes) throws(KeyAgreementError) -> SecretBytes {
        guard let peerKey = peerKey(peer.span),
            let secret = handle.agree(
                with: peerKey,
                count: algorithm.curve?.coordinateCount ?? KeyHandle.RawKind.byteCount)
        else { throw .invalidPublicValue }
        // RFC 8731 section 3 demands this of us; libcrypto happens to refuse zero as well.
        let bits = secret.withSpan { span in span.indices.reduce(0) { $0 | span[$1] } }
        guard bits != 0 else { throw .invalidPublicValue }
        return secret
    }

    private borrowing func peerKey(_ value: Span<UInt8>) -> KeyHandle? {
        guard value.count == algorithm.publicValueCount else { return nil }
        guard let curve = algorithm.curve else { return KeyHandle(.x25519, publicBytes: value) }
        return KeyHandle(curve, point: value)
    }

    /// The `mpint` (RFC 4251 section 5) with this big-endian magnitude.
    private static func encodeMPInt(_ magnitude: Span<UInt8>) -> SecretBytes {
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
