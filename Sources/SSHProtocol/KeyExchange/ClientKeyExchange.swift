// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// The client's side of an ECDH key exchange (RFC 5656 section 4, RFC 8731).
struct ClientKeyExchange: KeyExchangeSide, ~Copyable {
    static var role: Role { .client }

    private let algorithms: NegotiatedAlgorithms
    private let transcript: ExchangeTranscript
    private let key: EphemeralKey

    init(
        _ algorithms: NegotiatedAlgorithms, transcript: ExchangeTranscript, credentials: Void,
        random: borrowing SecretBytes
    ) {
        self.algorithms = algorithms
        self.transcript = transcript
        key = EphemeralKey(algorithms.keyExchange, random: random)
    }

    var firstMessage: KexECDHInit? { KexECDHInit(clientPublicKey: key.publicValue[...]) }

    consuming func receive(_ payload: Bytes) throws(SSHError) -> KeyExchangeResult {
        let reply = try decode(KexECDHReply.self, payload)
        let hostKey = try HostKey(blob: reply.hostKey, algorithm: algorithms.hostKey)
        let hash = algorithms.keyExchange.hash
        let publicValue = key.publicValue
        let transcript = transcript
        let sharedSecret = try agree(key, with: reply.serverPublicKey)
        let exchangeHash = transcript.hash(
            hash, hostKey: reply.hostKey, clientPublicKey: publicValue[...],
            serverPublicKey: reply.serverPublicKey, sharedSecret: sharedSecret)
        switch hostKey.key.verify(
            signature: reply.signature, data: exchangeHash[...],
            algorithm: hostKey.algorithm.signature)
        {
        case .valid: break
        case .invalid:
            throw SSHError(
                .keyExchangeFailed,
                "the server's \(hostKey.algorithm.rawValue) signature of the key exchange is wrong")
        }
        return KeyExchangeResult(
            hash: hash, exchangeHash: exchangeHash, sharedSecret: sharedSecret, hostKey: hostKey,
            reply: nil)
    }
}

/// The shared secret, or why there is none.
func agree(
    _ key: consuming EphemeralKey, with peer: Bytes
) throws(SSHError) -> SecretBytes {
    do {
        return try key.sharedSecret(with: peer)
    } catch {
        throw SSHError(.keyExchangeFailed, "\(error)")
    }
}
