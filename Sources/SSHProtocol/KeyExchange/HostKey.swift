// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto
public import Wire

/// The server's host key, after the server has proved that it holds the private half.
public struct HostKey: Sendable {
    /// The key: its blob is what known_hosts lists.
    public let key: PublicKey
    /// The certificate that the key came in, if it came in one.
    ///
    /// Its signature is right; nothing else about it has been looked at.
    public let certificate: Certificate?
    /// How the server signed the key exchange.
    public let algorithm: PublicKeyAlgorithm
    /// The server's signature of the key exchange, on the client's side.
    public internal(set) var signature: Bytes = []

    init(key: PublicKey, algorithm: PublicKeyAlgorithm) {
        precondition(!algorithm.isCertificate, "a key without its certificate")
        self.key = key
        self.algorithm = algorithm
        certificate = nil
    }

    /// The key, or its certificate, as it went over the wire (K_S).
    public var blob: Bytes { (certificate?.blob ?? key.blob)[...] }

    /// Reads the key that a server sent.
    ///
    /// - Throws: for what is no key, or one of another type than was negotiated: a client that
    ///   checks the key of one type must not be given one of another.
    init(blob: Bytes, algorithm: PublicKeyAlgorithm) throws(SSHError) {
        do throws(KeyError) {
            if algorithm.isCertificate {
                let certificate = try Certificate(blob: blob)
                self.certificate = certificate
                key = certificate.publicKey
            } else {
                certificate = nil
                key = try PublicKey(blob: blob)
            }
        } catch {
            throw SSHError(.keyExchangeFailed, "the server's host key is unusable: \(error)")
        }
        guard key.type == algorithm.signature.keyType else {
            throw SSHError(
                .keyExchangeFailed,
                "the server sent a host key of type \(key.type.rawValue) where \(algorithm.rawValue) was negotiated"
            )
        }
        self.algorithm = algorithm
    }
}
