// SPDX-License-Identifier: Apache-2.0

public import Wire

/// Makes keys out of the result of a key exchange (RFC 4253 section 7.2).
public struct KeyDerivation: ~Copyable, Sendable {
    private let algorithm: HashAlgorithm
    private let sharedSecret: SecretBytes
    private let exchangeHash: Bytes
    private let sessionID: Bytes

    /// Which way packets travel that a key is for.
    public enum Direction: Sendable {
        /// Keys with the letters A, C and E.
        case clientToServer
        /// Keys with the letters B, D and F.
        case serverToClient
    }

    /// Remembers what every key is made of.
    ///
    /// - Parameters:
    ///   - algorithm: the hash function of the key exchange.
    ///   - sharedSecret: K as it stands in the exchange hash, its length field included.
    ///   - exchangeHash: H of this exchange.
    ///   - sessionID: H of the connection's first exchange.
    public init(
        algorithm: HashAlgorithm, sharedSecret: consuming SecretBytes, exchangeHash: Bytes,
        sessionID: Bytes
    ) {
        self.algorithm = algorithm
        self.sharedSecret = sharedSecret
        self.exchangeHash = exchangeHash
        self.sessionID = sessionID
    }

    /// The keys for `cipher` and, where it is no AEAD, `mac`.
    public borrowing func keys(
        _ direction: Direction, cipher: CipherAlgorithm, mac: MACAlgorithm?
    ) -> PacketKeys {
        let isUpstream = direction == .clientToServer
        return PacketKeys(
            initializationVector: key(isUpstream ? "A" : "B", count: cipher.ivLength),
            encryption: key(isUpstream ? "C" : "D", count: cipher.keyLength),
            mac: key(isUpstream ? "E" : "F", count: mac?.keyLength ?? 0))
    }

    /// The first `count` bytes of the key with this letter.
    private borrowing func key(_ letter: Unicode.Scalar, count: Int) -> SecretBytes {
        SecretBytes(count: count) { output in
            while output.freeCapacity > 0 {
                var hash = Hash(algorithm)
                hash.update(sharedSecret)
                hash.update(exchangeHash)
                if output.count == 0 {
                    hash.update([UInt8(ascii: letter)])
                    hash.update(sessionID)
                } else {
                    hash.update(output.span)
                }
                let block = hash.finalizeSecret()
                block.withSpan { block in
                    for index in 0..<min(block.count, output.freeCapacity) {
                        output.append(block[index])
                    }
                }
            }
        }
    }
}
