// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Synchronization
import Wire

@testable import SSHProtocol

/// Random bytes that are the same in each run (SplitMix64).
final class SeededRandom: Sendable {
    private let state: Mutex<UInt64>

    init(seed: UInt64) { state = Mutex(seed) }

    func bytes(_ count: Int) -> [UInt8] {
        state.withLock { state in
            (0..<count).map { _ in
                state &+= 0x9E37_79B9_7F4A_7C15
                var mixed = state
                mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
                mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
                return UInt8(truncatingIfNeeded: mixed ^ (mixed >> 31))
            }
        }
    }
}

/// The script of a test can't go on.
struct ScriptFailure: Error {
    var client: [SSHClientEvent]
    var server: [SSHServerEvent]
}

/// A client and a server that talk to each other in memory.
struct Pair: ~Copyable {
    var client: SSHClientConnection
    var server: SSHServerConnection
    var now: Duration = .zero
    var clientEvents: [SSHClientEvent] = []
    var serverEvents: [SSHServerEvent] = []
    /// How many bytes are handed over at a time; nil for all that there are.
    var chunk: Int?
    /// How much each side is asked to seal at a time.
    var maximumOutput = 256 * 1024
    /// Someone in the middle who may change what passes.
    var toServerFilter: (([UInt8]) -> [UInt8])?
    var toClientFilter: (([UInt8]) -> [UInt8])?

    /// How many bytes the client has received.
    var bytesToClient = 0

    /// Starts both sides; each closure may change what its side offers.
    init(
        client: SSHClientConfiguration = SSHClientConfiguration(user: "alice"),
        server: SSHServerConfiguration = SSHServerConfiguration(hostKeys: [TestKeys.ed25519]),
        clientOffer: (inout KeyExchangeOffer) -> Void = { _ in },
        serverOffer: (inout KeyExchangeOffer) -> Void = { _ in }
    ) {
        let clientRandom = SeededRandom(seed: 1)
        let serverRandom = SeededRandom(seed: 2)
        var offer = KeyExchangeOffer(role: .client, preferences: client.algorithms)
        clientOffer(&offer)
        self.client = SSHClientConnection(configuration: client, offer: offer, now: .zero) {
            clientRandom.bytes($0)
        }
        offer = KeyExchangeOffer(role: .server, preferences: server.offeredAlgorithms)
        serverOffer(&offer)
        self.server = SSHServerConnection(configuration: server, offer: offer, now: .zero) {
            serverRandom.bytes($0)
        }
    }

    /// A pair in which both sides have the same preferences.
    init(preferences: AlgorithmPreferences, rekey: RekeyLimits = RekeyLimits()) {
        self.init(
            client: SSHClientConfiguration(user: "alice", algorithms: preferences, rekey: rekey),
            server: SSHServerConfiguration(
                hostKeys: TestKeys.hostKeys, algorithms: preferences, rekey: rekey))
    }

    /// Moves bytes once in each direction.
    ///
    /// - Returns: whether there were any.
    mutating func step() -> Bool {
        let hasOutput = client.hasOutput || (client.nextDeadline.map { $0 <= now } ?? false)
        var toServer = client.takeOutput(maximum: maximumOutput, now: now)
        precondition(hasOutput || toServer.isEmpty, "output that was not announced")
        if let toServerFilter { toServer = toServerFilter(toServer) }
        for piece in pieces(toServer) { server.receive(piece, now: now) }
        var toClient = server.takeOutput(maximum: maximumOutput, now: now)
        if let toClientFilter { toClient = toClientFilter(toClient) }
        bytesToClient += toClient.count
        for piece in pieces(toClient) { client.receive(piece, now: now) }
        while let event = client.nextEvent() { clientEvents.append(event) }
        while let event = server.nextEvent() { serverEvents.append(event) }
        return !toServer.isEmpty || !toClient.isEmpty
    }

    private func pieces(_ bytes: [UInt8]) -> [Bytes] {
        guard let chunk else { return bytes.isEmpty ? [] : [bytes[...]] }
        return stride(from: 0, to: bytes.count, by: chunk).map {
            bytes[$0..<min($0 + chunk, bytes.count)]
        }
    }

    /// Moves bytes until both sides are quiet.
    mutating func settle() {
        while step() {}
    }
}

// Scripts for the parts of a session that most tests are not about.
extension Pair {
    /// Exchanges the first keys and accepts the host key.
    @discardableResult
    mutating func exchangeKeys() throws -> HostKey {
        settle()
        guard case .hostKeyVerificationRequired(let key)? = clientEvents.popLast() else {
            throw failure
        }
        client.acceptHostKey(now: now)
        settle()
        return key
    }

    /// Exchanges keys and lets the user in by a password.
    mutating func connect() throws {
        try exchangeKeys()
        client.authenticate(.password(Secret(copying: "secret".utf8)))
        settle()
        guard case .authenticationRequested? = serverEvents.popLast() else { throw failure }
        server.acceptAuthentication()
        settle()
        guard case .authenticated? = clientEvents.popLast(),
            case .authenticated? = serverEvents.popLast()
        else { throw failure }
        clientEvents = []
        serverEvents = []
    }

    var failure: ScriptFailure {
        ScriptFailure(client: clientEvents, server: serverEvents)
    }

    /// Opens a session with a subsystem on a connection; its number is the same on both sides.
    mutating func openSubsystem() throws -> ChannelID {
        let id = client.openSession()
        settle()
        guard case .sessionRequested(let serverID)? = serverEvents.popLast() else { throw failure }
        server.accept(serverID)
        settle()
        client.request(.subsystem(name: "sftp"), on: id)
        settle()
        guard
            case .request(serverID, .subsystem(name: "sftp"), wantsReply: true)? =
                serverEvents.popLast()
        else { throw failure }
        server.answerRequest(on: serverID, isSuccess: true)
        settle()
        guard case .channel(id, .requestAnswered(isSuccess: true))? = clientEvents.popLast(),
            id == serverID
        else { throw failure }
        clientEvents = []
        serverEvents = []
        return id
    }

    /// Why the client's connection ended.
    var clientEnd: SSHError? {
        if case .disconnected(let error)? = clientEvents.last { error } else { nil }
    }

    /// Why the server's connection ended.
    var serverEnd: SSHError? {
        if case .disconnected(let error)? = serverEvents.last { error } else { nil }
    }
}

// A peer that does not keep to the protocol: it knows the keys, and sends what it likes.
extension Pair {
    /// Has the server send a payload, whatever it is, at once.
    mutating func sendToClient(_ payload: Bytes) {
        var packet: [UInt8] = []
        server.transport.sender.seal([payload], into: &packet)
        client.receive(packet[...], now: now)
        while let event = client.nextEvent() { clientEvents.append(event) }
    }

    /// Has the client send a payload, whatever it is, at once.
    mutating func sendToServer(_ payload: Bytes) {
        var packet: [UInt8] = []
        client.transport.sender.seal([payload], into: &packet)
        server.receive(packet[...], now: now)
        while let event = server.nextEvent() { serverEvents.append(event) }
    }

    mutating func sendToClient(_ message: some SSHMessage) { sendToClient(message.payload[...]) }
    mutating func sendToServer(_ message: some SSHMessage) { sendToServer(message.payload[...]) }
}
