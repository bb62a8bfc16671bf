// SPDX-License-Identifier: Apache-2.0

internal import Wire

/// The client's key of the method that adds ML-KEM-768 to X25519 (draft-ietf-sshm-mlkem-hybrid-kex).
///
/// What is sent is the part of ML-KEM, then the one of X25519. Both secrets are hashed into one, so that
/// it is as safe as the stronger of the two.
final class HybridKey: Sendable {
    private let handle: KeyHandle
    private let mlkem: MLKEM768
    private let seed: SecretBytes

    /// Makes the key that `random` stands for: the seed of ML-KEM, then the key of X25519.
    init(_ mlkem: MLKEM768, random: borrowing SecretBytes) {
        self.mlkem = mlkem
        handle = Self.x25519(random)
        seed = random.withSpan { random in
            SecretBytes(count: MLKEM768.seedCount) {
                $0.append(copying: random.extracting(..<MLKEM768.seedCount))
            }
        }
    }

    private static func x25519(_ random: borrowing SecretBytes) -> KeyHandle {
        random.withSpan { KeyHandle.makeX25519($0.extracting(MLKEM768.seedCount...)) }
    }

    var publicValue: [UInt8] { mlkem.publicKey(seed) + handle.rawPublicBytes }

    func secret(with peer: Bytes) throws(KeyAgreementError) -> SecretBytes {
        let (ciphertext, point) = try Self.parts(peer, MLKEM768.ciphertextCount)
        guard let inner = mlkem.decapsulate(ciphertext, seed) else { throw .invalidPublicValue }
        return Self.combine(inner, try handle.agreeX25519(with: point.span))
    }

    /// What a server answers: only with the client's value can it make its own.
    static func answer(
        to peer: Bytes, random: borrowing SecretBytes, mlkem: MLKEM768?
    ) throws(KeyAgreementError) -> KeyAgreementAnswer {
        guard let mlkem else { preconditionFailure("ML-KEM is needed") }
        let (publicKey, point) = try parts(peer, MLKEM768.publicKeyCount)
        guard let inner = mlkem.encapsulate(publicKey) else { throw .invalidPublicValue }
        let handle = x25519(random)
        let secret = combine(inner.secret, try handle.agreeX25519(with: point.span))
        return KeyAgreementAnswer(
            publicValue: inner.ciphertext + handle.rawPublicBytes,
            sharedSecret: secret.withSpan { encodeString($0) })
    }

    private static func parts(
        _ value: Bytes, _ count: Int
    ) throws(KeyAgreementError) -> (mlkem: Bytes, point: Bytes) {
        guard value.count == count + KeyHandle.RawKind.byteCount else { throw .invalidPublicValue }
        return (value.prefix(count), value.dropFirst(count))
    }

    private static func combine(
        _ inner: borrowing SecretBytes, _ outer: borrowing SecretBytes
    ) -> SecretBytes {
        var hash = Hash(.sha256)
        hash.update(inner)
        hash.update(outer)
        return hash.finalizeSecret()
    }
}

extension KeyHandle {
    static func makeX25519(_ random: Span<UInt8>) -> KeyHandle {
        guard let key = KeyHandle(.x25519, privateBytes: random) else {
            preconditionFailure("libcrypto refused an X25519 key")
        }
        return key
    }

    /// What both sides of X25519 arrive at.
    func agreeX25519(with peer: Span<UInt8>) throws(KeyAgreementError) -> SecretBytes {
        guard peer.count == RawKind.byteCount, let key = KeyHandle(.x25519, publicBytes: peer),
            let secret = agree(with: key, count: RawKind.byteCount)
        else { throw .invalidPublicValue }
        // RFC 8731 section 3 demands this of us; libcrypto happens to refuse zero as well.
        let bits = secret.withSpan { span in span.indices.reduce(0) { $0 | span[$1] } }
        guard bits != 0 else { throw .invalidPublicValue }
        return secret
    }
}
