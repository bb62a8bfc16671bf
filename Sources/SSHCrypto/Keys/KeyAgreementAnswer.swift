// SPDX-License-Identifier: Apache-2.0

public import Wire

/// What a server answers to a client's public value.
///
/// In most methods it does not depend on that; a key encapsulation's does.
public struct KeyAgreementAnswer: ~Copyable, Sendable {
    /// What the client is sent.
    public let publicValue: [UInt8]
    /// The secret K, encoded as ``EphemeralKey/sharedSecret(with:)`` has it.
    public let sharedSecret: SecretBytes

    /// Answers a client's public value.
    ///
    /// - Throws: `KeyAgreementError.invalidPublicValue`.
    public init(
        to peer: Bytes, _ algorithm: KeyAgreementAlgorithm, random: borrowing SecretBytes,
        group: DiffieHellmanGroup? = nil, mlkem: MLKEM768? = nil
    ) throws(KeyAgreementError) {
        if algorithm == .mlkem768X25519 {
            self = try HybridKey.answer(to: peer, random: random, mlkem: mlkem)
        } else {
            let key = EphemeralKey(algorithm, random: random, group: group)
            let value = key.publicValue
            self.init(publicValue: value, sharedSecret: try key.sharedSecret(with: peer))
        }
    }

    init(publicValue: [UInt8], sharedSecret: consuming SecretBytes) {
        self.publicValue = publicValue
        self.sharedSecret = sharedSecret
    }

    /// Gives the secret away, when nothing else is needed any more.
    public consuming func takeSecret() -> SecretBytes { sharedSecret }
}
