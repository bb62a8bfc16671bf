// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// The server's side of a key exchange (RFC 5656 section 4, RFC 8731, RFC 4253 section 8, RFC 4419).
struct ServerKeyExchange: KeyExchangeSide, ~Copyable {
    static var role: Role { .server }

    var firstPayload: [UInt8]? { nil }
    private(set) var awaited: MessagePolicy.KeyExchangeStep

    private let setting: KeyExchangeSetting
    private let hostKeys: [PrivateKey]
    private let random: SecretBytes
    private var group: (chosen: DiffieHellmanGroup, fields: ExchangeTranscript.GroupFields)?

    private var method: KeyAgreementAlgorithm { setting.algorithms.keyExchange }

    init(
        _ setting: KeyExchangeSetting, credentials: [PrivateKey], random: consuming SecretBytes
    ) {
        self.setting = setting
        hostKeys = credentials
        self.random = consume random
        awaited = setting.algorithms.keyExchange.exchangesGroup ? .group : .publicKey
    }

    mutating func receive(_ payload: Bytes) throws(SSHError) -> KeyExchangeOutcome {
        switch awaited {
        case .group: return .answer(try choose(try decode(KexGroupRequest.self, payload)))
        case .publicKey:
            return .done(try finish(try decode(KexECDHInit.self, payload).clientPublicKey))
        case .groupPublicKey:
            return .done(try finish(try decode(KexGroupInit.self, payload).clientPublicKey))
        case .kexInit, .wrongGuess, .newKeys: preconditionFailure("not a step of a method")
        }
    }

    private mutating func choose(_ request: KexGroupRequest) throws(SSHError) -> [UInt8] {
        let chosen = DiffieHellmanGroup.choose(
            minimum: request.minimum, wanted: request.preferred, maximum: request.maximum)
        guard let chosen else {
            throw SSHError(
                .keyExchangeFailed,
                "the client wants a group of \(request.minimum) to \(request.maximum) bits")
        }
        let message = KexGroup(
            prime: chosen.primeDigits[...], generator: chosen.generatorDigits[...])
        group = (chosen, (request, message))
        awaited = .groupPublicKey
        return message.payload
    }

    private func finish(_ clientPublicKey: Bytes) throws(SSHError) -> KeyExchangeResult {
        let answer: KeyAgreementAnswer
        do throws(KeyAgreementError) {
            answer = try KeyAgreementAnswer(
                to: clientPublicKey, method, random: random, group: group?.chosen,
                mlkem: setting.mlkem)
        } catch {
            throw failure(error)
        }
        let algorithm = setting.algorithms.hostKey
        let type = algorithm.signature.keyType
        guard let privateKey = hostKeys.first(where: { $0.publicKey.type == type }) else {
            preconditionFailure("an algorithm was offered for which there is no host key")
        }
        let blob = privateKey.publicKey.blob[...]
        let exchangeHash = setting.transcript.hash(
            method.hash, hostKey: blob, group: group?.fields, clientPublicKey: clientPublicKey,
            serverPublicKey: answer.publicValue[...], sharedSecret: answer.sharedSecret)
        let signature: [UInt8]
        do {
            signature = try privateKey.sign(exchangeHash[...], algorithm: algorithm.signature)
        } catch {
            throw SSHError(.keyExchangeFailed, "\(error)")
        }
        let reply = KexECDHReply(
            hostKey: blob, serverPublicKey: answer.publicValue[...], signature: signature[...])
        return KeyExchangeResult(
            hash: method.hash, exchangeHash: exchangeHash, sharedSecret: answer.takeSecret(),
            hostKey: HostKey(key: privateKey.publicKey, algorithm: algorithm),
            reply: group == nil ? reply.payload : KexGroupReply(reply).payload)
    }
}
