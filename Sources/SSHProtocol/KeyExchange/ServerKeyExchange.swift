// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// The server's side of an ECDH key exchange (RFC 5656 section 4, RFC 8731).
struct ServerKeyExchange: KeyExchangeSide, ~Copyable {
    static var role: Role { .server }

    private let algorithms: NegotiatedAlgorithms
    private let transcript: ExchangeTranscript
    private let hostKeys: [PrivateKey]
    private let key: EphemeralKey

    init(
        _ algorithms: NegotiatedAlgorithms, transcript: ExchangeTranscript,
        credentials: [PrivateKey],
        random: borrowing SecretBytes
    ) {
        self.algorithms = algorithms
        self.transcript = transcript
        hostKeys = credentials
        key = EphemeralKey(algorithms.keyExchange, random: random)
    }

    var firstMessage: KexECDHInit? { nil }

    consuming func receive(_ payload: Bytes) throws(SSHError) -> KeyExchangeResult {
        let message = try decode(KexECDHInit.self, payload)
        let (algorithms, transcript, publicValue) = (algorithms, transcript, key.publicValue)
        let hostKeys = hostKeys
        let sharedSecret = try agree(key, with: message.clientPublicKey)
        let signatureAlgorithm = algorithms.hostKey.signature
        guard
            let privateKey = hostKeys.first(where: {
                $0.publicKey.type == signatureAlgorithm.keyType
            })
        else {
            preconditionFailure("an algorithm was offered for which there is no host key")
        }
        let blob = privateKey.publicKey.blob[...]
        let exchangeHash = transcript.hash(
            algorithms.keyExchange.hash, hostKey: blob, clientPublicKey: message.clientPublicKey,
            serverPublicKey: publicValue[...], sharedSecret: sharedSecret)
        let signature: [UInt8]
        do {
            signature = try privateKey.sign(exchangeHash[...], algorithm: signatureAlgorithm)
        } catch {
            throw SSHError(.keyExchangeFailed, "\(error)")
        }
        return KeyExchangeResult(
            hash: algorithms.keyExchange.hash, exchangeHash: exchangeHash,
            sharedSecret: sharedSecret,
            hostKey: HostKey(key: privateKey.publicKey, algorithm: algorithms.hostKey),
            reply: KexECDHReply(
                hostKey: blob, serverPublicKey: publicValue[...],
                signature: signature[...]))
    }
}
