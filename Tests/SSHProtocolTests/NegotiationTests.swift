// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@testable import SSHProtocol

@Suite struct NegotiationTests {
    private func offer(
        _ role: Role, _ change: (inout AlgorithmPreferences) -> Void = { _ in }
    ) -> KexInit {
        var preferences = AlgorithmPreferences()
        change(&preferences)
        return KeyExchangeOffer(role: role, preferences: preferences)
            .kexInit(cookie: Bytes(repeating: 0, count: 16), isInitial: true)
    }

    @Test func choosesTheClientsFirstThatTheServerHas() throws {
        let client = offer(.client) {
            $0.keyExchange = [.nistP521, .curve25519]
            $0.ciphers = [.aes256CTR, .aes128GCM]
            $0.macs = [.hmacSHA512, .hmacSHA256]
            $0.compression = [.zlibOpenSSH, .none]
        }
        let server = offer(.server) {
            $0.keyExchange = [.curve25519, .nistP521]
            $0.ciphers = [.aes128GCM, .aes256CTR]
            $0.macs = [.hmacSHA256, .hmacSHA512]
            $0.hostKey = [.rsaSHA256, .ecdsaP256]
        }
        let chosen = try NegotiatedAlgorithms(client: client, server: server)
        #expect(chosen.keyExchange == .nistP521)
        #expect(chosen.hostKey == .ecdsaP256)
        for direction in [chosen.clientToServer, chosen.serverToClient] {
            #expect(direction.cipher == .aes256CTR)
            #expect(direction.mac == .hmacSHA512)
            #expect(direction.compression == .zlibOpenSSH)
        }
    }

    @Test func directionsAreChosenEachByItself() throws {
        let client = offer(.client)
        var server = offer(.server)
        server.encryption.serverToClient = ["aes256-ctr"]
        server.mac.serverToClient = ["hmac-sha2-512"]
        let chosen = try NegotiatedAlgorithms(client: client, server: server)
        #expect(chosen.clientToServer.cipher == .aes128GCM)
        #expect(chosen.serverToClient.cipher == .aes256CTR)
        #expect(chosen.serverToClient.mac == .hmacSHA512)
    }

    @Test func ciphersThatAuthenticateNeedNoCommonMAC() throws {
        let client = offer(.client) { $0.macs = [] }
        let chosen = try NegotiatedAlgorithms(client: client, server: offer(.server))
        #expect(chosen.clientToServer.mac == nil)
    }

    @Test func aCipherThatNeedsAMACIsNotUsedWithoutOne() {
        let client = offer(.client) {
            $0.ciphers = [.aes128CTR]
            $0.macs = []
        }
        #expect(throws: SSHError(.noCommonAlgorithm, "")) {
            try NegotiatedAlgorithms(client: client, server: self.offer(.server))
        }
        var none = offer(.server)
        none.mac = .init(both: ["none"])
        let wanting = offer(.client) { $0.ciphers = [.aes128CTR] }
        #expect(throws: SSHError(.noCommonAlgorithm, "")) {
            try NegotiatedAlgorithms(client: wanting, server: none)
        }
    }

    @Test func failureNamesBothLists() {
        var server = offer(.server)
        server.keyExchange = ["diffie-hellman-group1-sha1"]
        do throws(SSHError) {
            _ = try NegotiatedAlgorithms(
                client: offer(.client) { $0.keyExchange = [.nistP256] }, server: server)
            Issue.record("agreed")
        } catch {
            #expect(error.reason.contains("key exchange method"))
            #expect(error.reason.contains("ecdh-sha2-nistp256"))
            #expect(error.reason.contains("diffie-hellman-group1-sha1"))
        }
    }

    @Test func markersSentBackAreNotChosen() {
        var server = offer(.server)
        server.keyExchange = ["ext-info-c", "kex-strict-c-v00@openssh.com"]
        #expect(throws: SSHError(.noCommonAlgorithm, "")) {
            try NegotiatedAlgorithms(client: self.offer(.client), server: server)
        }
    }

    @Test func markersStandInTheFirstOfferOnly() {
        for role in Role.allCases {
            let offer = KeyExchangeOffer(role: role, preferences: AlgorithmPreferences())
            let cookie = Bytes(repeating: 0, count: 16)
            let first = offer.kexInit(cookie: cookie, isInitial: true).keyExchange
            let later = offer.kexInit(cookie: cookie, isInitial: false).keyExchange
            let methods = KeyAgreementAlgorithm.standard.filter { !$0.needsMLKEM }.map(\.rawValue)
            #expect(later == methods)
            #expect(first.starts(with: methods))
            #expect(first.count == methods.count + 2)
        }
    }

    @Test func guessIsRightOnlyWithTheSameFirstChoices() {
        var client = offer(.client)
        let server = offer(.server)
        #expect(!KeyExchangeOffer.isWrongGuess(ours: server, peer: client))
        client.firstKexPacketFollows = true
        #expect(!KeyExchangeOffer.isWrongGuess(ours: server, peer: client))
        client.serverHostKey.swapAt(0, 1)
        #expect(KeyExchangeOffer.isWrongGuess(ours: server, peer: client))
        client.serverHostKey.swapAt(0, 1)
        client.keyExchange.swapAt(0, 1)
        #expect(KeyExchangeOffer.isWrongGuess(ours: server, peer: client))
    }
}
