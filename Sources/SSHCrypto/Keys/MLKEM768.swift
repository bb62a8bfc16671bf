// SPDX-License-Identifier: Apache-2.0

public import Wire

/// ML-KEM-768 (FIPS 203), made elsewhere: libcrypto has it from version 3.5 on only.
///
/// Whoever composes the program brings one; without it the hybrid key exchange is not offered.
public struct MLKEM768: Sendable {
    /// The length of what a key pair is made from, in bytes.
    public static let seedCount = 64
    /// The length of a public key in bytes.
    public static let publicKeyCount = 1184
    /// The length of a ciphertext in bytes.
    public static let ciphertextCount = 1088

    /// What a public key and fresh randomness give.
    public struct Encapsulation: ~Copyable, Sendable {
        /// What the owner of the key gets.
        public let ciphertext: [UInt8]
        /// What both then have.
        public let secret: SecretBytes

        /// Puts both together.
        public init(ciphertext: [UInt8], secret: consuming SecretBytes) {
            self.ciphertext = ciphertext
            self.secret = secret
        }
    }

    let publicKey: @Sendable (borrowing SecretBytes) -> [UInt8]
    let decapsulate: @Sendable (Bytes, borrowing SecretBytes) -> SecretBytes?
    let encapsulate: @Sendable (Bytes) -> Encapsulation?

    /// An implementation.
    ///
    /// - Parameters:
    ///   - publicKey: the public key that belongs to a seed of ``seedCount`` bytes, d and z.
    ///   - decapsulate: the secret in a ciphertext for the key of a seed; nil for no ciphertext.
    ///   - encapsulate: a fresh secret for a public key; nil for no public key.
    public init(
        publicKey: @escaping @Sendable (_ seed: borrowing SecretBytes) -> [UInt8],
        decapsulate:
            @escaping @Sendable (_ ciphertext: Bytes, _ seed: borrowing SecretBytes) ->
            SecretBytes?,
        encapsulate: @escaping @Sendable (_ publicKey: Bytes) -> Encapsulation?
    ) {
        self.publicKey = publicKey
        self.decapsulate = decapsulate
        self.encapsulate = encapsulate
    }
}
