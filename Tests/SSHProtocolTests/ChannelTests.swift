// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import SSHProtocol

@Suite struct ChannelTests {
    /// A pair with one open session.
    private struct Session: ~Copyable {
        var pair: Pair
        let id: ChannelID

        init(channels: ChannelParameters = ChannelParameters()) throws {
            pair = Pair(
                client: SSHClientConfiguration(user: "alice", channels: channels),
                server: SSHServerConfiguration(hostKeys: [TestKeys.ed25519], channels: channels))
            try pair.connect()
            id = try pair.openSubsystem()
        }

        /// Sends a message to the client, and says what became of it.
        mutating func end(after message: some SSHMessage) -> SSHError.Code? {
            pair.sendToClient(message)
            return pair.clientEnd?.code
        }
    }

    private func data(_ session: borrowing Session, _ count: Int) -> ChannelData {
        ChannelData(recipient: session.id.number, data: Bytes(repeating: 0x61, count: count))
    }

    @Test func dataBeyondTheWindowEndsTheConnection() throws {
        var session = try Session(channels: ChannelParameters(window: 1000))
        #expect(session.end(after: data(session, 1000)) == nil)
        // OpenSSH bears with a tenth, and so do we: some peers count wrongly.
        #expect(session.end(after: data(session, 60)) == nil)
        #expect(session.end(after: data(session, 40)) == nil)
        #expect(session.end(after: data(session, 1)) == .protocolViolation)
    }

    @Test func whatCameBeyondTheWindowIsNotGrantedAgain() throws {
        var session = try Session(channels: ChannelParameters(window: 1000))
        let id = session.id
        #expect(session.end(after: data(session, 1100)) == nil)
        session.pair.client.consumed(1100, on: id)
        session.pair.settle()
        // The window is what it was, and nothing beyond it is left to be borne with.
        #expect(session.end(after: data(session, 1000)) == nil)
        #expect(session.end(after: data(session, 1)) == .protocolViolation)
    }

    @Test func extendedDataCountsTowardsTheWindow() throws {
        var session = try Session(channels: ChannelParameters(window: 1000))
        let message = ChannelExtendedData(
            recipient: session.id.number, dataType: 1, data: Bytes(repeating: 1, count: 600))
        #expect(session.end(after: message) == nil)
        guard
            case .channel(session.id, .extendedData(type: 1, let bytes))? =
                session.pair.clientEvents.last
        else {
            Issue.record("no extended data")
            return
        }
        #expect(bytes.count == 600)
        #expect(session.end(after: message) == .protocolViolation)
    }

    @Test func theWindowOpensOnlyForWhatIsConsumed() throws {
        var session = try Session(channels: ChannelParameters(window: 1000))
        #expect(session.end(after: data(session, 1000)) == nil)
        #expect(session.pair.client.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
        session.pair.client.consumed(1000, on: session.id)
        #expect(!session.pair.client.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
        #expect(session.end(after: data(session, 1000)) == nil)
        #expect(session.end(after: data(session, 101)) == .protocolViolation)
    }

    @Test func packetsBeyondTheAgreedSizeEndTheConnection() throws {
        var session = try Session(channels: ChannelParameters(maximumPacket: 500))
        #expect(session.end(after: data(session, 500)) == nil)
        #expect(session.end(after: data(session, 501)) == .protocolViolation)
    }

    /// CVE-2025-54804: an adjustment that overflows.
    @Test func aWindowPastItsLargestEndsTheConnection() throws {
        var session = try Session()
        let most = UInt32.max - ChannelParameters().window
        let id = session.id.number
        #expect(session.end(after: ChannelWindowAdjust(recipient: id, bytesToAdd: most)) == nil)
        #expect(
            session.end(after: ChannelWindowAdjust(recipient: id, bytesToAdd: 1))
                == .protocolViolation)
    }

    @Test func messagesForUnknownChannelsEndTheConnection() throws {
        let messages: [any SSHMessage] = [
            ChannelData(recipient: 7, data: [1]), ChannelEOF(recipient: 7),
            ChannelClose(recipient: 7), ChannelWindowAdjust(recipient: 7, bytesToAdd: 1),
            ChannelSuccess(recipient: 7), ChannelFailure(recipient: 7),
            ChannelExtendedData(recipient: 7, dataType: 1, data: [1]),
            ChannelRequest(recipient: 7, wantReply: false, kind: .shell),
            ChannelOpenFailure(recipient: 7, reason: .connectFailed, description: ""),
            ChannelOpenConfirmation(recipient: 7, sender: 0, initialWindow: 1, maximumPacket: 1),
        ]
        for message in messages {
            var session = try Session()
            session.pair.sendToClient(message.payload[...])
            #expect(session.pair.clientEnd?.code == .protocolViolation, "\(message)")
        }
    }

    @Test func messagesInTheWrongStateEndTheConnection() throws {
        let messages: [(UInt32) -> any SSHMessage] = [
            { ChannelSuccess(recipient: $0) }, { ChannelFailure(recipient: $0) },
            { ChannelOpenFailure(recipient: $0, reason: .connectFailed, description: "") },
            {
                ChannelOpenConfirmation(
                    recipient: $0, sender: 0, initialWindow: 1, maximumPacket: 1)
            },
        ]
        for message in messages {
            var session = try Session()
            session.pair.sendToClient(message(session.id.number).payload[...])
            #expect(session.pair.clientEnd?.code == .protocolViolation)
        }
    }

    @Test func whatComesAfterEOFIsDropped() throws {
        var session = try Session()
        let eof = ChannelEOF(recipient: session.id.number)
        #expect(session.end(after: eof) == nil)
        #expect(session.end(after: data(session, 1)) == nil)
        #expect(session.end(after: eof) == nil)
        #expect(session.pair.clientEvents.count == 1)
    }

    @Test func aChannelThatIsNotConfirmedTakesNothing() throws {
        var session = try Session()
        let id = session.pair.client.openSession()
        let message = ChannelData(recipient: id.number, data: [1])
        #expect(session.end(after: message) == .protocolViolation)
    }

    @Test func lateDataAfterOurCloseIsDropped() throws {
        var session = try Session()
        let id = session.id
        session.pair.client.close(id, discardingUnsentData: true)
        _ = session.pair.client.takeOutput(maximum: 1 << 20, now: .zero)
        #expect(session.end(after: data(session, 10)) == nil)
        #expect(session.end(after: ChannelEOF(recipient: id.number)) == nil)
        #expect(session.pair.clientEvents.isEmpty)
        #expect(session.end(after: ChannelClose(recipient: id.number)) == nil)
        guard case .channel(id, .closed)? = session.pair.clientEvents.last else {
            Issue.record("not closed")
            return
        }
        // Some servers answer requests, or send EOF, after the last CLOSE.
        #expect(session.end(after: data(session, 10)) == nil)
        #expect(session.end(after: ChannelSuccess(recipient: id.number)) == nil)
        #expect(session.end(after: ChannelEOF(recipient: id.number + 1)) == .protocolViolation)
    }

    @Test func aMaximumPacketOfZeroIsAFailureToOpen() throws {
        var pair = Pair()
        try pair.connect()
        let id = pair.client.openSession()
        _ = pair.client.takeOutput(maximum: 1 << 20, now: .zero)
        pair.sendToClient(
            ChannelOpenConfirmation(
                recipient: id.number, sender: 9, initialWindow: 1, maximumPacket: 0))
        guard case .channel(id, .openFailed(.connectFailed, _))? = pair.clientEvents.last else {
            Issue.record("opened")
            return
        }
        pair.sendToClient(ChannelClose(recipient: id.number))
        #expect(pair.clientEvents.count == 1)
        // The same for a server, which answers so.
        pair = Pair()
        try pair.connect()
        pair.sendToServer(
            ChannelOpen(type: "session", sender: 0, initialWindow: 1, maximumPacket: 0))
        #expect(pair.serverEvents.isEmpty)
        #expect(!pair.server.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
    }

    @Test func aClientOpensNothingForAServer() throws {
        var session = try Session()
        let message = ChannelOpen(
            type: "forwarded-tcpip", sender: 0, initialWindow: 1, maximumPacket: 1)
        #expect(session.end(after: message) == nil)
        #expect(session.pair.clientEvents.isEmpty)
        #expect(!session.pair.client.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
    }

    @Test func aServerTakesNoMoreSessionsThanConfigured() throws {
        var pair = Pair(
            server: SSHServerConfiguration(hostKeys: [TestKeys.ed25519], maximumSessions: 2))
        try pair.connect()
        for _ in 0..<2 { _ = try pair.openSubsystem() }
        let id = pair.client.openSession()
        pair.settle()
        guard case .channel(id, .openFailed(.resourceShortage, _))? = pair.clientEvents.last else {
            Issue.record("opened")
            return
        }
    }

    @Test func aServerMayRefuseASession() throws {
        var pair = Pair()
        try pair.connect()
        let id = pair.client.openSession()
        pair.settle()
        pair.server.refuse(id, reason: .administrativelyProhibited, description: "not today")
        pair.settle()
        guard
            case .channel(id, .openFailed(.administrativelyProhibited, "not today"))? =
                pair.clientEvents.last
        else {
            Issue.record("opened")
            return
        }
    }

    @Test func aChannelClosedBeforeItOpensIsClosedOnceItDoes() throws {
        var pair = Pair()
        try pair.connect()
        let id = pair.client.openSession()
        pair.client.close(id, discardingUnsentData: true)
        pair.settle()
        pair.server.accept(id)
        pair.settle()
        guard case .channel(id, .closed)? = pair.clientEvents.last else {
            Issue.record("\(pair.clientEvents)")
            return
        }
        #expect(pair.clientEvents.count == 1)
    }

    @Test func answersKeepTheOrderOfTheRequests() throws {
        var session = try Session()
        let id = session.id
        session.pair.sendToServer(
            ChannelRequest(recipient: id.number, wantReply: true, kind: .shell))
        session.pair.sendToServer(
            ChannelRequest(
                recipient: id.number, wantReply: true, kind: .other(name: "pty-req", data: [])))
        // The second could be refused at once, but its answer would be taken for the first one's.
        #expect(session.pair.server.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
        // The client's own count, since its messages went around it.
        for _ in 0..<2 {
            session.pair.client.request(.shell, on: id)
            session.pair.client.transport.sender.outbox.removeAll()
        }
        session.pair.server.answerRequest(on: id, isSuccess: true)
        session.pair.settle()
        let answers = session.pair.clientEvents.compactMap { event -> Bool? in
            if case .channel(id, .requestAnswered(let isSuccess)) = event {
                isSuccess
            } else {
                nil
            }
        }
        #expect(answers == [true, false])
    }

    @Test func unknownRequestsAreRefusedAndUnaskedOnesIgnored() throws {
        var session = try Session()
        let id = session.id.number
        let quiet = ChannelRequest(
            recipient: id, wantReply: false, kind: .other(name: "x@example.com", data: []))
        #expect(session.end(after: quiet) == nil)
        #expect(session.pair.client.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
        let asking = ChannelRequest(
            recipient: id, wantReply: true, kind: .other(name: "keepalive@openssh.com", data: []))
        #expect(session.end(after: asking) == nil)
        #expect(!session.pair.client.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
        #expect(session.pair.clientEvents.isEmpty)
    }

    @Test func aWindowThatStartsAtZeroHoldsDataBack() throws {
        var pair = Pair()
        try pair.connect()
        let id = pair.client.openSession()
        _ = pair.client.takeOutput(maximum: 1 << 20, now: .zero)
        pair.sendToClient(
            ChannelOpenConfirmation(
                recipient: id.number, sender: 0, initialWindow: 0, maximumPacket: 32_768))
        pair.client.send([Bytes(repeating: 1, count: 100_000)], on: id)
        #expect(pair.client.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
        #expect(pair.client.queuedBytes(on: id) == 100_000)
        pair.sendToClient(ChannelWindowAdjust(recipient: id.number, bytesToAdd: 40_000))
        let output = pair.client.takeOutput(maximum: 1 << 20, now: .zero)
        #expect(output.count > 40_000 && output.count < 41_000)
        #expect(pair.client.queuedBytes(on: id) == 60_000)
    }

    @Test func smallMessagesGoBeforeBulkData() throws {
        var session = try Session()
        let id = session.id
        session.pair.client.send([Bytes(repeating: 1, count: 5_000_000)], on: id)
        _ = session.pair.client.takeOutput(maximum: 100_000, now: .zero)
        session.pair.client.sendKeepalive()
        let queued = session.pair.client.queuedBytes(on: id)
        // One byte of room makes one packet: the keepalive.
        let output = session.pair.client.takeOutput(maximum: 1, now: .zero)
        #expect(output.count < 100)
        #expect(session.pair.client.queuedBytes(on: id) == queued)
    }

    @Test func channelsTakeTurns() throws {
        var session = try Session()
        let first = session.id
        let second = try session.pair.openSubsystem()
        for id in [first, second] {
            session.pair.client.send([Bytes(repeating: 1, count: 320_000)], on: id)
        }
        _ = session.pair.client.takeOutput(maximum: 320_000, now: .zero)
        let left = [first, second].map { session.pair.client.queuedBytes(on: $0) }
        #expect(abs(left[0] - left[1]) <= 32_768)
    }

    @Test func closingMaySendOrDropWhatIsQueued() throws {
        for discards in [false, true] {
            var session = try Session()
            let id = session.id
            session.pair.client.send([Bytes(repeating: 1, count: 1000)], on: id)
            session.pair.client.close(id, discardingUnsentData: discards)
            session.pair.settle()
            let received = session.pair.serverEvents.reduce(0) { sum, event in
                if case .channel(id, .data(let data)) = event { sum + data.count } else { sum }
            }
            #expect(received == (discards ? 0 : 1000))
            guard case .channel(id, .closed)? = session.pair.clientEvents.last else {
                Issue.record("not closed")
                return
            }
        }
    }

    @Test func commandsForChannelsThatAreGoneDoNothing() throws {
        var session = try Session()
        let id = session.id
        session.pair.server.close(id, discardingUnsentData: true)
        session.pair.settle()
        session.pair.client.send([[1]], on: id)
        session.pair.client.request(.shell, on: id)
        session.pair.client.sendEndOfData(on: id)
        session.pair.client.consumed(5, on: id)
        session.pair.client.close(id, discardingUnsentData: false)
        #expect(session.pair.client.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
        #expect(session.pair.client.queuedBytes(on: id) == 0)
    }

    @Test func tellsHowTheProgramEnded() throws {
        var session = try Session()
        let id = session.id
        let signal = ExitSignal(name: "KILL", dumpedCore: true, message: "killed")
        session.pair.server.sendExitStatus(7, on: id)
        session.pair.server.sendExitSignal(signal, on: id)
        session.pair.sendToClient(
            ChannelRequest(recipient: id.number, wantReply: false, kind: .endOfWrite))
        session.pair.settle()
        let events = session.pair.clientEvents.compactMap { event -> ChannelEvent? in
            if case .channel(id, let event) = event { event } else { nil }
        }
        #expect(events.contains(.exitStatus(7)))
        #expect(events.contains(.exitSignal(signal)))
        #expect(events.contains(.peerStoppedReading))
    }

    @Test func keepalivesAreMatchedInOrder() throws {
        var session = try Session()
        session.pair.client.sendKeepalive()
        session.pair.client.sendKeepalive()
        session.pair.server.sendKeepalive()
        session.pair.settle()
        #expect(session.pair.clientEvents.count == 2)
        #expect(session.pair.serverEvents.count == 1)
        #expect(session.end(after: RequestFailure()) == .protocolViolation)
    }

    @Test func nothingIsSentAfterADisconnect() throws {
        var session = try Session()
        session.pair.client.send([Bytes(repeating: 1, count: 100_000)], on: session.id)
        session.pair.client.disconnect(reason: "bye")
        session.pair.client.send([[1]], on: session.id)
        session.pair.client.sendKeepalive()
        #expect(session.pair.client.takeOutput(maximum: 1 << 20, now: .zero).count < 200)
        #expect(session.pair.client.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
    }
}
