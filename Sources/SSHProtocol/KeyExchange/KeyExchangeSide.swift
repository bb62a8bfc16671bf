// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// What a role does between KEXINIT and NEWKEYS.
///
/// Client and server are different types, so that neither can be made to handle the other's
/// messages.
protocol KeyExchangeSide: ~Copyable {
    /// What this role brings: a server its host keys, a client nothing.
    associatedtype Credentials: Sendable

    static var role: Role { get }

    init(
        _ algorithms: NegotiatedAlgorithms, transcript: ExchangeTranscript,
        credentials: Credentials, random: borrowing SecretBytes)

    /// The message that this role begins with, if it is the one to begin.
    var firstMessage: KexECDHInit? { get }

    /// Handles the peer's public key, and ends the exchange.
    consuming func receive(_ payload: Bytes) throws(SSHError) -> KeyExchangeResult
}

/// What a key exchange brings forth.
struct KeyExchangeResult: ~Copyable {
    let hash: HashAlgorithm
    /// H, which both sides' keys hang on.
    let exchangeHash: [UInt8]
    /// K, encoded as in the exchange hash.
    let sharedSecret: SecretBytes
    let hostKey: HostKey
    /// What is to be sent before NEWKEYS.
    let reply: KexECDHReply?
}

/// What both sides have said before they exchange public keys.
struct ExchangeTranscript {
    let clientIdentification: Bytes
    let serverIdentification: Bytes
    let clientKexInit: Bytes
    let serverKexInit: Bytes

    /// The exchange hash (RFC 5656 section 4).
    func hash(
        _ algorithm: HashAlgorithm, hostKey: Bytes, clientPublicKey: Bytes,
        serverPublicKey: Bytes, sharedSecret: borrowing SecretBytes
    ) -> [UInt8] {
        var writer = WireWriter(
            capacity: 512 + clientKexInit.count + serverKexInit.count + hostKey.count)
        writer.writeString(clientIdentification)
        writer.writeString(serverIdentification)
        writer.writeString(clientKexInit)
        writer.writeString(serverKexInit)
        writer.writeString(hostKey)
        writer.writeString(clientPublicKey)
        writer.writeString(serverPublicKey)
        var hash = Hash(algorithm)
        hash.update(writer.bytes[...])
        hash.update(sharedSecret)
        return hash.finalize()
    }
}
