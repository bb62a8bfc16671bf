// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import SSHProtocol

/// Memory stays bounded, whatever the peer sends (CVE-2025-26466 and its kin).
@Suite struct FloodTests {
    private let keepalive = GlobalRequest(name: "keepalive@openssh.com", wantReply: true)

    @Test func messagesWithoutEffectLeaveNothingBehind() throws {
        var pair = Pair()
        try pair.connect()
        let messages: [any SSHMessage] = [
            Ignore(data: Bytes(repeating: 0, count: 1000)), Unimplemented(sequenceNumber: 1),
            GlobalRequest(name: "x@example.com", wantReply: false),
        ]
        for _ in 0..<2000 {
            for message in messages { pair.sendToClient(message.payload[...]) }
            pair.sendToClient([MessageNumber.debug.rawValue, 1, 2, 3][...])
        }
        #expect(pair.clientEvents.isEmpty)
        #expect(pair.client.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
    }

    /// How many of these a client takes before it gives the server up.
    private func endures(_ payload: Bytes, _ pair: inout Pair) -> Int {
        var count = 0
        while pair.clientEnd == nil, count < 100_000 {
            pair.sendToClient(payload)
            count += 1
        }
        #expect(pair.clientEnd?.code == .limitExceeded)
        return count
    }

    @Test func aPeerThatAsksAndDoesNotReadIsLeft() throws {
        let questions: [[UInt8]] = [
            keepalive.payload, Ping(data: Bytes(repeating: 0, count: 1000)).payload, [200],
            ChannelOpen(type: "x", sender: 0, initialWindow: 0, maximumPacket: 0).payload,
        ]
        for payload in questions {
            var pair = Pair()
            try pair.connect()
            #expect(endures(payload[...], &pair) < 10_000)
        }
    }

    @Test func aPeerThatReadsMayAskForEver() throws {
        var pair = Pair()
        try pair.connect()
        for _ in 0..<10_000 {
            pair.sendToClient(keepalive)
            _ = pair.client.takeOutput(maximum: 1 << 20, now: .zero)
        }
        #expect(pair.clientEnd == nil)
    }

    @Test func aPeerThatDelaysAKeyExchangeAndAsksIsLeft() throws {
        var pair = Pair()
        try pair.connect()
        pair.client.rekeyNow()
        var count = 0
        while pair.clientEnd == nil, count < 100_000 {
            pair.sendToClient(keepalive)
            // Taking output does not help: replies have to wait for the new keys.
            _ = pair.client.takeOutput(maximum: 1 << 20, now: .zero)
            count += 1
        }
        #expect(pair.clientEnd?.code == .limitExceeded)
        #expect(count < 10_000)
    }

    @Test func extInfoIsTakenAFewTimes() throws {
        var pair = Pair()
        try pair.exchangeKeys()
        let message = ExtInfo(extensions: [])
        // One has come after the server's NEWKEYS.
        for _ in 1..<SSHLimits.extInfoMessages { pair.sendToClient(message) }
        #expect(pair.clientEnd == nil)
        pair.sendToClient(message)
        #expect(pair.clientEnd?.code == .limitExceeded)
    }

    @Test func onlySoManyBannersAreShown() throws {
        var pair = Pair()
        try pair.exchangeKeys()
        pair.clientEvents = []
        for _ in 0..<1000 { pair.sendToClient(UserAuthBanner(message: "hi")) }
        #expect(pair.clientEvents.count == SSHLimits.banners)
        #expect(pair.clientEnd == nil)
    }

    @Test func advertisedHostKeysAreCounted() throws {
        func advertise(_ count: Int) throws -> Pair {
            var pair = Pair()
            try pair.connect()
            var writer = WireWriter()
            for _ in 0..<count { writer.writeString([1, 2, 3]) }
            pair.sendToClient(
                GlobalRequest(
                    name: "hostkeys-00@openssh.com", wantReply: false, data: writer.bytes[...]))
            return pair
        }
        let few = try advertise(SSHLimits.advertisedHostKeys)
        guard case .hostKeysAdvertised(let keys)? = few.clientEvents.last else {
            Issue.record("no host keys")
            return
        }
        #expect(keys.count == SSHLimits.advertisedHostKeys)
        let many = try advertise(SSHLimits.advertisedHostKeys + 1)
        #expect(many.clientEvents.isEmpty)
    }

    /// What can't be compressed grows a little: a reply must still fit into a packet.
    @Test func aPingThatIsTooLargeToAnswerEndsTheConnection() throws {
        let random = SeededRandom(seed: 6)
        let largest = SSHLimits.outgoingPayloadBytes - 5
        for compression in CompressionAlgorithm.allCases {
            for count in [largest - 1, largest, largest + 1, 262_000] {
                var pair = Pair(preferences: AlgorithmPreferences(compression: [compression]))
                try pair.connect()
                pair.sendToClient(Ping(data: random.bytes(count)[...]))
                let output = pair.client.takeOutput(maximum: 1 << 20, now: .zero)
                #expect(output.count > 32)
                #expect((pair.clientEnd?.code == .limitExceeded) == (count > largest))
            }
        }
    }

    @Test func answersOfTheOwnerCountForAPeerThatDoesNotRead() throws {
        var pair = Pair()
        try pair.connect()
        let id = try pair.openSubsystem()
        let request = ChannelRequest(
            recipient: id.number, wantReply: true, kind: .environment(name: "A", value: "b"))
        var count = 0
        while pair.serverEnd == nil, count < 100_000 {
            pair.sendToServer(request)
            if pair.serverEnd == nil { pair.server.answerRequest(on: id, isSuccess: true) }
            count += 1
        }
        #expect(pair.serverEnd?.code == .limitExceeded)
        #expect(count < 10_000)
    }

    @Test func openingAndClosingCountsForAPeerThatDoesNotRead() throws {
        var pair = Pair()
        try pair.connect()
        var number: UInt32 = 0
        while pair.serverEnd == nil, number < 100_000 {
            pair.sendToServer(
                ChannelOpen(type: "session", sender: 0, initialWindow: 1, maximumPacket: 1))
            guard case .sessionRequested(let id)? = pair.serverEvents.last else { break }
            pair.server.accept(id)
            pair.sendToServer(ChannelClose(recipient: id.number))
            number += 1
        }
        #expect(pair.serverEnd?.code == .limitExceeded)
        #expect(number < 10_000)
    }

    /// Whoever keeps a byte of data must not keep kilobytes with it.
    @Test(arguments: CompressionAlgorithm.allCases)
    func aSmallPieceOfDataHoldsLittleMemory(compression: CompressionAlgorithm) throws {
        var pair = Pair(preferences: AlgorithmPreferences(compression: [compression]))
        try pair.connect()
        let id = try pair.openSubsystem()
        pair.sendToClient(ChannelData(recipient: id.number, data: [7]))
        guard case .channel(id, .data(let data))? = pair.clientEvents.last else {
            Issue.record("no data")
            return
        }
        // What stands around the byte in the buffer that it keeps alive: its message, no more.
        #expect(data.startIndex <= 10)
        var whole = data
        pair.clientEvents = []
        // Growing in place would use up a larger buffer before taking a new one.
        #expect(whole.capacity <= 64)
        whole.append(1)
    }

    @Test func compressedDataThatGrowsBeyondAPacketEndTheConnection() throws {
        var pair = Pair(preferences: AlgorithmPreferences(compression: [.zlibOpenSSH]))
        try pair.connect()
        let largest = SSHLimits.inflatedPayloadBytes
        pair.sendToClient(Ignore(data: Bytes(repeating: 0, count: largest - 5)))
        #expect(pair.clientEnd == nil)
        pair.sendToClient(Ignore(data: Bytes(repeating: 0, count: largest - 4)))
        #expect(pair.clientEnd?.code == .compressionFailed)
    }

    @Test func unansweredRequestsOfAChannelAreCounted() throws {
        var pair = Pair()
        try pair.connect()
        let id = try pair.openSubsystem()
        let request = ChannelRequest(recipient: id.number, wantReply: true, kind: .shell)
        for _ in 0..<SSHLimits.unansweredRequests { pair.sendToServer(request) }
        #expect(pair.serverEnd == nil)
        pair.sendToServer(request)
        #expect(pair.serverEnd?.code == .limitExceeded)
    }
}
