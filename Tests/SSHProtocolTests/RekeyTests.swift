// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@testable import SSHProtocol

@Suite struct RekeyTests {
    @Test func theSessionIdentifierOutlivesAnotherHash() throws {
        var preferences = AlgorithmPreferences()
        preferences.keyExchange = [.curve25519, .nistP521]
        var pair = Pair(preferences: preferences)
        try pair.connect()
        let sessionID = pair.client.sessionID
        #expect(sessionID?.count == 32)
        preferences.keyExchange = [.nistP521]
        pair.client.transport.offer = KeyExchangeOffer(role: .client, preferences: preferences)
        pair.client.rekeyNow()
        pair.settle()
        #expect(pair.client.negotiatedAlgorithms?.keyExchange == .nistP521)
        #expect(pair.client.sessionID == sessionID)
        #expect(pair.server.transport.sessionID == sessionID)
        _ = try pair.openSubsystem()
    }

    /// CVE-2026-60002: the key that our owner accepted stands for the whole connection.
    @Test func anotherHostKeyInALaterExchangeEndsTheConnection() throws {
        var pair = Pair()
        try pair.connect()
        pair.server.transport.credentials = [TestKeys.user]
        // The server would notice too; here it is to believe in its new key.
        pair.server.transport.hostKey = HostKey(key: TestKeys.user.publicKey, algorithm: .ed25519)
        pair.server.rekeyNow()
        pair.settle()
        #expect(pair.clientEnd?.code == .hostKeyRejected)
    }

    @Test func bothSidesMayBeginAtOnce() throws {
        var pair = Pair()
        try pair.connect()
        pair.client.rekeyNow()
        pair.server.rekeyNow()
        pair.settle()
        #expect(pair.client.transport.isIdle == true)
        #expect(pair.server.transport.isIdle == true)
        _ = try pair.openSubsystem()
    }

    /// TinySSH 20261101: a marker in a later exchange must not change the mode.
    @Test func theMarkerCountsOnlyInTheFirstExchange() throws {
        var pair = Pair(
            clientOffer: { $0.isStrict = false }, serverOffer: { $0.repeatsMarkers = true })
        try pair.connect()
        #expect(pair.client.transport.isStrict == false)
        #expect(pair.server.transport.isStrict == false)
        pair.server.rekeyNow()
        pair.settle()
        #expect(pair.client.transport.isStrict == false)
        // Sequence numbers went on.
        #expect(pair.client.transport.receiver.sequenceNumber > 4)
        _ = try pair.openSubsystem()
    }

    @Test func strictModeResetsSequenceNumbersWithAllNewKeys() throws {
        var pair = Pair()
        try pair.connect()
        #expect(pair.client.transport.isStrict == true)
        for _ in 0..<3 {
            pair.client.rekeyNow()
            pair.settle()
            #expect(pair.client.transport.receiver.sequenceNumber == 0)
            #expect(pair.server.transport.receiver.sequenceNumber == 0)
        }
    }

    @Test func oldServersWithoutStrictModeWork() throws {
        var pair = Pair(serverOffer: { $0.isStrict = false })
        try pair.connect()
        #expect(pair.client.transport.isStrict == false)
        _ = try pair.openSubsystem()
        pair.client.rekeyNow()
        pair.settle()
        pair.server.rekeyNow()
        pair.settle()
        #expect(pair.clientEnd == nil)
    }

    @Test func dataWaitsForTheNewKeysAndLosesNothing() throws {
        var pair = Pair()
        try pair.connect()
        let id = try pair.openSubsystem()
        pair.client.send([Bytes(repeating: 1, count: 1_000_000)], on: id)
        pair.client.rekeyNow()
        let output = pair.client.takeOutput(maximum: 1 << 20, now: .zero)
        // Our KEXINIT alone.
        #expect(output.count < 2000)
        #expect(pair.client.queuedBytes(on: id) == 1_000_000)
        pair.server.receive(output[...], now: .zero)
        pair.settle()
        let received = pair.serverEvents.reduce(0) { sum, event in
            if case .channel(id, .data(let data)) = event { sum + data.count } else { sum }
        }
        #expect(received == 1_000_000)
    }

    @Test func keysGetOldWithTime() throws {
        var pair = Pair(
            client: SSHClientConfiguration(
                user: "alice", rekey: RekeyLimits(interval: .seconds(60))))
        try pair.connect()
        let id = try pair.openSubsystem()
        #expect(pair.client.nextDeadline == .seconds(60))
        pair.now = .seconds(60)
        pair.client.handleDeadline(now: pair.now)
        // Now the peer has to answer in time.
        #expect(pair.client.nextDeadline == .seconds(60 + SSHLimits.keyExchangeSeconds))
        pair.settle()
        // Nothing is due for keys that have carried nothing.
        #expect(pair.client.nextDeadline == nil)
        pair.client.send([[1]], on: id)
        pair.settle()
        #expect(pair.client.nextDeadline == .seconds(120))
    }

    @Test func keysThatGetOldDuringAuthenticationAskForNothing() throws {
        var pair = Pair(
            preferences: AlgorithmPreferences(), rekey: RekeyLimits(interval: .seconds(1)))
        try pair.exchangeKeys()
        pair.now = .seconds(10)
        #expect(pair.client.nextDeadline == nil)
        #expect(pair.server.nextDeadline == nil)
        pair.client.authenticate(.password(Secret(copying: [0x61])))
        pair.settle()
        pair.server.acceptAuthentication()
        pair.settle()
        // It was made up for at once.
        #expect(pair.client.transport.isIdle == true)
        #expect(pair.client.transport.sender.traffic.packets == 0)
    }

    @Test func anExchangeThatThePeerDoesNotFinishEndsTheConnection() throws {
        var pair = Pair()
        try pair.connect()
        pair.client.rekeyNow()
        pair.now = .seconds(5)
        _ = pair.client.takeOutput(maximum: 1 << 20, now: pair.now)
        let limit = Duration.seconds(5 + SSHLimits.keyExchangeSeconds)
        #expect(pair.client.nextDeadline == limit)
        pair.sendToClient(Ignore(data: []))
        #expect(pair.client.nextDeadline == limit)
        pair.client.handleDeadline(now: limit - .seconds(1))
        #expect(pair.client.nextDeadline == limit)
        pair.client.handleDeadline(now: limit)
        _ = pair.step()
        #expect(pair.clientEnd?.code == .keyExchangeFailed)
        #expect(pair.client.nextDeadline == nil)
    }

    /// A peer may begin again only once it has our NEWKEYS, so not while that waits to be sealed.
    @Test func anotherKexInitBeforeOurNewKeysEndsTheConnection() throws {
        var pair = Pair()
        try pair.connect()
        pair.client.rekeyNow()
        pair.server.receive(pair.client.takeOutput(maximum: 1 << 20, now: .zero)[...], now: .zero)
        pair.client.receive(pair.server.takeOutput(maximum: 1 << 20, now: .zero)[...], now: .zero)
        pair.server.receive(pair.client.takeOutput(maximum: 1 << 20, now: .zero)[...], now: .zero)
        // The server's reply and NEWKEYS, and at once a new KEXINIT; the client has not sent its
        // own NEWKEYS.
        pair.client.receive(pair.server.takeOutput(maximum: 1 << 20, now: .zero)[...], now: .zero)
        pair.sendToClient(
            pair.server.transport.offer.kexInit(
                cookie: Bytes(repeating: 0, count: 16), isInitial: false))
        #expect(pair.clientEnd?.code == .protocolViolation)
    }

    @Test func privateKeysAreNotDrawnFromThePaddingPool() {
        let random = SeededRandom(seed: 1)
        var pool = RandomPool { random.bytes($0) }
        let same = SeededRandom(seed: 1)
        _ = pool.take(10)
        _ = same.bytes(4096)
        let expected = same.bytes(32)
        let isDirect = pool.takeSecret(32).withSpan { span in
            span.indices.allSatisfy { span[$0] == expected[$0] }
        }
        #expect(isDirect)
    }

    @Test func thereAreNoNewKeysBeforeTheUserIsAuthenticated() throws {
        var pair = Pair(preferences: AlgorithmPreferences(), rekey: RekeyLimits(bytes: 1))
        try pair.exchangeKeys()
        pair.client.rekeyNow()
        pair.server.rekeyNow()
        pair.settle()
        #expect(pair.client.transport.isIdle == true)
        #expect(pair.server.transport.isIdle == true)
        let kexInit = pair.server.transport.offer.kexInit(
            cookie: Bytes(repeating: 0, count: 16), isInitial: false)
        pair.sendToClient(kexInit)
        #expect(pair.clientEnd?.code == .protocolViolation)
    }

    @Test func onlyTransportMessagesMayFollowAKexInit() throws {
        let forbidden: [any SSHMessage] = [
            GlobalRequest(name: "keepalive@openssh.com", wantReply: true),
            ChannelData(recipient: 0, data: [1]), Ping(data: []),
            ServiceRequest(service: "ssh-userauth"),
        ]
        for message in forbidden {
            var pair = Pair()
            try pair.connect()
            pair.sendToClient(
                pair.server.transport.offer.kexInit(
                    cookie: Bytes(repeating: 0, count: 16), isInitial: false))
            #expect(pair.clientEnd == nil)
            pair.sendToClient(Ignore(data: []))
            #expect(pair.clientEnd == nil)
            pair.sendToClient(message.payload[...])
            #expect(pair.clientEnd?.code == .protocolViolation, "\(message)")
        }
    }
}

@Suite struct RekeyPolicyTests {
    private func isDue(
        _ limits: RekeyLimits, packets: UInt64 = 1, bytes: UInt64 = 1, block: Int = 16,
        now: Duration = .zero
    ) -> Bool {
        var policy = RekeyPolicy(limits)
        policy.keysInstalled(now: .zero)
        let traffic = Traffic(packets: packets, bytes: bytes)
        let nothing = Traffic()
        let sent = policy.isDue(
            sent: traffic, sentBlock: block, received: nothing, receivedBlock: 16, now: now)
        let received = policy.isDue(
            sent: nothing, sentBlock: 16, received: traffic, receivedBlock: block, now: now)
        #expect(sent == received)
        return sent
    }

    @Test func limitsAreThoseOfOpenSSH() {
        let limits = RekeyLimits()
        #expect(!isDue(limits, bytes: (64 << 30) - 1))
        #expect(isDue(limits, bytes: 64 << 30))
        #expect(!isDue(limits, bytes: (1 << 30) - 1, block: 8))
        #expect(isDue(limits, bytes: 1 << 30, block: 8))
        #expect(!isDue(limits, packets: (1 << 31) - 1))
        #expect(isDue(limits, packets: 1 << 31))
    }

    @Test func theOwnersLimitOnlyLowersThem() {
        #expect(isDue(RekeyLimits(bytes: 1000), bytes: 1000))
        #expect(!isDue(RekeyLimits(bytes: 1000), bytes: 999))
        #expect(isDue(RekeyLimits(bytes: 1 << 40), bytes: 1 << 30, block: 8))
    }

    @Test func onePacketIsAlwaysAllowed() {
        #expect(!isDue(RekeyLimits(bytes: 1, interval: .zero), packets: 0, bytes: 0))
        #expect(isDue(RekeyLimits(bytes: 1)))
    }

    @Test func keysGetOld() {
        let limits = RekeyLimits(interval: .seconds(5))
        #expect(!isDue(limits, now: .seconds(4)))
        #expect(isDue(limits, now: .seconds(5)))
    }
}
