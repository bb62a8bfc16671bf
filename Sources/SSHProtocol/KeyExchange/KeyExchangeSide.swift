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

    init(_ setting: KeyExchangeSetting, credentials: Credentials, random: consuming SecretBytes)

    /// The payload that this role begins with, if it is the one to begin.
    var firstPayload: [UInt8]? { get }

    /// What the peer has to send next.
    var awaited: MessagePolicy.KeyExchangeStep { get }

    /// Handles what was awaited.
    mutating func receive(_ payload: Bytes) throws(SSHError) -> KeyExchangeOutcome
}

/// What both sides know before they exchange public keys.
struct KeyExchangeSetting: Sendable {
    let algorithms: NegotiatedAlgorithms
    let transcript: ExchangeTranscript
    /// ML-KEM, where it was brought; without it no method that needs it is offered.
    let mlkem: MLKEM768?
}

/// What follows from a message of a key exchange.
enum KeyExchangeOutcome: ~Copyable {
    /// This is to be sent, and the exchange goes on.
    case answer([UInt8])
    /// The exchange is done.
    case done(KeyExchangeResult)
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
    let reply: [UInt8]?
}

/// What both sides have said before they exchange public keys.
struct ExchangeTranscript: Sendable {
    let clientIdentification: Bytes
    let serverIdentification: Bytes
    let clientKexInit: Bytes
    let serverKexInit: Bytes

    /// What a group exchange adds (RFC 4419 section 3): the request and the group.
    typealias GroupFields = (request: KexGroupRequest, group: KexGroup)

    /// The exchange hash (RFC 5656 section 4, RFC 4253 section 8, RFC 4419 section 3).
    func hash(
        _ algorithm: HashAlgorithm, hostKey: Bytes, group: GroupFields? = nil,
        clientPublicKey: Bytes, serverPublicKey: Bytes, sharedSecret: borrowing SecretBytes
    ) -> [UInt8] {
        var writer = WireWriter(
            capacity: 512 + clientKexInit.count + serverKexInit.count + hostKey.count)
        writer.writeString(clientIdentification)
        writer.writeString(serverIdentification)
        writer.writeString(clientKexInit)
        writer.writeString(serverKexInit)
        writer.writeString(hostKey)
        if let group {
            group.request.write(to: &writer)
            group.group.write(to: &writer)
        }
        writer.writeString(clientPublicKey)
        writer.writeString(serverPublicKey)
        var hash = Hash(algorithm)
        hash.update(writer.bytes[...])
        hash.update(sharedSecret)
        return hash.finalize()
    }
}

/// The error for a key agreement that failed.
func failure(_ error: KeyAgreementError) -> SSHError {
    SSHError(.keyExchangeFailed, "\(error)")
}
