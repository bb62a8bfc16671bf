// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@testable import SSHProtocol

/// Diffie-Hellman in a group of the server's choice (RFC 4419), and what a bad peer may make of it.
@Suite struct GroupExchangeTests {
    private static func setting(_ cipher: CipherAlgorithm = .aes128GCM) -> KeyExchangeSetting {
        let direction = NegotiatedAlgorithms.Direction(
            cipher: cipher, mac: nil, compression: .none)
        return KeyExchangeSetting(
            algorithms: NegotiatedAlgorithms(
                keyExchange: .groupExchangeSHA256, hostKey: .ed25519, clientToServer: direction,
                serverToClient: direction),
            transcript: ExchangeTranscript(
                clientIdentification: [1], serverIdentification: [2], clientKexInit: [3],
                serverKexInit: [4]), mlkem: nil)
    }

    private static func random() -> SecretBytes {
        let count = KeyAgreementAlgorithm.groupExchangeSHA256.randomCount
        return SecretBytes(copying: SeededRandom(seed: 3).bytes(count))
    }

    private static func answer(_ outcome: consuming KeyExchangeOutcome) throws -> [UInt8] {
        switch consume outcome {
        case .answer(let payload): return payload
        case .done: throw SSHError(.protocolViolation, "done")
        }
    }

    @Test(
        arguments: [
            (CipherAlgorithm.aes128GCM, 3072), (.aes192CTR, 7680), (.aes256GCM, 8192),
            (.chacha20Poly1305, 8192),
        ] as [(CipherAlgorithm, UInt32)])
    func theClientAsksForAGroupAsStrongAsItsCiphers(
        _ cipher: CipherAlgorithm, _ bits: UInt32
    ) throws {
        let client = ClientKeyExchange(
            Self.setting(cipher), credentials: (), random: Self.random())
        let first = client.firstPayload
        let awaited = client.awaited
        let payload = try #require(first)
        #expect(
            try KexGroupRequest(payload: payload[...])
                == KexGroupRequest(minimum: 2048, preferred: bits, maximum: 8192))
        #expect(awaited == .group)
    }

    @Test func theClientRefusesUnusableGroups() throws {
        let odd = [0xFF] + [UInt8](repeating: 0xFF, count: 255)
        for (prime, generator) in [
            ([0x7F], [2]), ([UInt8](repeating: 0xFF, count: 128), [2]), (odd.dropLast() + [0], [2]),
            (odd, []), (odd, [1]), (odd, odd), ([UInt8](repeating: 0xFF, count: 1025), [2]),
        ] as [([UInt8], [UInt8])] {
            var client = ClientKeyExchange(
                Self.setting(), credentials: (), random: Self.random())
            let payload = KexGroup(prime: prime[...], generator: generator[...]).payload
            do {
                _ = try Self.answer(client.receive(payload[...]))
                Issue.record("a group of \(prime.count) bytes was taken")
            } catch let error as SSHError {
                #expect(error.code == .keyExchangeFailed)
            }
        }
    }

    @Test func theServerRefusesRequestsThatNoGroupAnswers() throws {
        for (minimum, preferred, maximum) in [
            (8193, 9000, 10_000), (1024, 1024, 1024), (4096, 2048, 8192), (2048, 8192, 4096),
        ] as [(UInt32, UInt32, UInt32)] {
            var server = ServerKeyExchange(
                Self.setting(), credentials: [TestKeys.ed25519], random: Self.random())
            let payload = KexGroupRequest(
                minimum: minimum, preferred: preferred, maximum: maximum
            ).payload
            do {
                _ = try Self.answer(server.receive(payload[...]))
                Issue.record("\(minimum), \(preferred), \(maximum) was answered")
            } catch let error as SSHError {
                #expect(error.code == .keyExchangeFailed)
            }
        }
    }

    @Test func theServerRefusesValuesOutsideItsGroup() throws {
        let request = KexGroupRequest(minimum: 2048, preferred: 2048, maximum: 8192).payload
        for value in [[], [0], [1], [0xFF, 1], [UInt8](repeating: 0x7F, count: 300)] as [[UInt8]] {
            var server = ServerKeyExchange(
                Self.setting(), credentials: [TestKeys.ed25519], random: Self.random())
            let group = try KexGroup(payload: Self.answer(server.receive(request[...]))[...])
            #expect(group.prime.count == 256 && group.generator == [2])
            let awaited = server.awaited
            #expect(awaited == .groupPublicKey)
            do {
                _ = try Self.answer(
                    server.receive(KexGroupInit(clientPublicKey: value[...]).payload[...]))
                Issue.record("\(value.prefix(3)) was taken")
            } catch let error as SSHError {
                #expect(error.code == .keyExchangeFailed)
            }
        }
    }
}
