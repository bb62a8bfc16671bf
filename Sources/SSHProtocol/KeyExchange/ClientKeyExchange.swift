// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// The client's side of a key exchange (RFC 5656 section 4, RFC 8731, RFC 4253 section 8, RFC 4419).
struct ClientKeyExchange: KeyExchangeSide, ~Copyable {
    static var role: Role { .client }

    let firstPayload: [UInt8]?
    private(set) var awaited: MessagePolicy.KeyExchangeStep

    private let setting: KeyExchangeSetting
    /// Our key; nil before the group for it is there, and once it has been used.
    private var key: EphemeralKey?
    /// What our key is going to be made from.
    private var random: SecretBytes?
    private let groupRequest: KexGroupRequest
    private var group: KexGroup?

    private var method: KeyAgreementAlgorithm { setting.algorithms.keyExchange }

    init(_ setting: KeyExchangeSetting, credentials: Void, random: consuming SecretBytes) {
        self.setting = setting
        groupRequest = KexGroupRequest(for: setting.algorithms)
        let method = setting.algorithms.keyExchange
        if method.exchangesGroup {
            firstPayload = groupRequest.payload
            awaited = .group
            key = nil
            self.random = consume random
        } else {
            let key = EphemeralKey(method, random: random, mlkem: setting.mlkem)
            firstPayload = KexECDHInit(clientPublicKey: key.publicValue[...]).payload
            awaited = .publicKey
            self.key = consume key
            self.random = nil
        }
    }

    mutating func receive(_ payload: Bytes) throws(SSHError) -> KeyExchangeOutcome {
        switch awaited {
        case .group: return .answer(try receiveGroup(try decode(KexGroup.self, payload)))
        case .publicKey: return .done(try finish(try decode(KexECDHReply.self, payload)))
        case .groupPublicKey:
            return .done(try finish(try decode(KexGroupReply.self, payload).reply))
        case .kexInit, .wrongGuess, .newKeys: preconditionFailure("not a step of a method")
        }
    }

    private mutating func receiveGroup(_ message: KexGroup) throws(SSHError) -> [UInt8] {
        guard let random = random.take() else { preconditionFailure("a group came already") }
        let key: EphemeralKey
        do throws(KeyAgreementError) {
            let group = try DiffieHellmanGroup(prime: message.prime, generator: message.generator)
            guard groupRequest.range.contains(UInt32(group.bits)) else { throw .invalidGroup }
            key = EphemeralKey(method, random: random, group: group)
        } catch {
            throw failure(error)
        }
        let answer = KexGroupInit(clientPublicKey: key.publicValue[...]).payload
        self.key = consume key
        group = message
        awaited = .groupPublicKey
        return answer
    }

    private mutating func finish(_ reply: KexECDHReply) throws(SSHError) -> KeyExchangeResult {
        guard let key = key.take() else { preconditionFailure("the exchange is done already") }
        let algorithms = setting.algorithms
        var hostKey = try HostKey(blob: reply.hostKey, algorithm: algorithms.hostKey)
        hostKey.signature = reply.signature
        let publicValue = key.publicValue
        let sharedSecret: SecretBytes
        do throws(KeyAgreementError) {
            sharedSecret = try key.sharedSecret(with: reply.serverPublicKey)
        } catch {
            throw failure(error)
        }
        let exchangeHash = setting.transcript.hash(
            method.hash, hostKey: reply.hostKey, group: group.map { (groupRequest, $0) },
            clientPublicKey: publicValue[...], serverPublicKey: reply.serverPublicKey,
            sharedSecret: sharedSecret)
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
            hash: method.hash, exchangeHash: exchangeHash, sharedSecret: sharedSecret,
            hostKey: hostKey, reply: nil)
    }
}

extension KexGroupRequest {
    /// What a client asks for: as strong a group as its ciphers are (RFC 4419 section 3, and the
    /// sizes that OpenSSH takes from NIST's SP 800-57).
    fileprivate init(for algorithms: NegotiatedAlgorithms) {
        let keyLength = max(
            algorithms.clientToServer.cipher.keyLength, algorithms.serverToClient.cipher.keyLength)
        let accepted = DiffieHellmanGroup.acceptedBits
        self.init(
            minimum: UInt32(accepted.lowerBound),
            preferred: keyLength <= 16 ? 3072 : keyLength <= 24 ? 7680 : 8192,
            maximum: UInt32(accepted.upperBound))
    }

    fileprivate var range: ClosedRange<UInt32> { minimum...maximum }
}
