// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto
import Wire

/// The server's host key, after the server has proved that it holds the private half.
public struct HostKey: Sendable {
    /// The key: its blob is what known_hosts lists.
    public let key: PublicKey
    /// How the server signed the key exchange.
    public let algorithm: SignatureAlgorithm

    init(key: PublicKey, algorithm: SignatureAlgorithm) {
        self.key = key
        self.algorithm = algorithm
    }

    /// Reads the key that a server sent.
    ///
    /// - Throws: for what is no key, or one of another type than was negotiated: a client that
    ///   checks the key of one type must not be given one of another.
    init(blob: Bytes, algorithm: SignatureAlgorithm) throws(SSHError) {
        do {
            key = try PublicKey(blob: blob)
        } catch {
            throw SSHError(.keyExchangeFailed, "the server's host key is unusable: \(error)")
        }
        guard key.type == algorithm.keyType else {
            throw SSHError(
                .keyExchangeFailed,
                "the server sent a host key of type \(key.type.rawValue) where \(algorithm.rawValue) was negotiated"
            )
        }
        self.algorithm = algorithm
    }
}
