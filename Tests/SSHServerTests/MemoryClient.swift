// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHCrypto
import Wire

@testable import SSHProtocol

/// A client of our own core on a channel in memory, for tests in virtual time.
actor MemoryClient {
    /// Whether the user is logged in.
    private(set) var isLoggedIn = false
    /// How many methods have been refused.
    private(set) var refusals = 0
    /// What came on channels.
    private(set) var events: [ChannelEvent] = []
    private(set) var end: SSHError?

    /// Where a client stops to do what it should.
    enum Step: CaseIterable {
        case identification
        case keyExchange
        case authentication
        case signature
        case never
    }

    private let loop: SimulatedLoop
    private let channel: any ByteChannel
    private let key: PrivateKey?
    private var ssh: SSHClientConnection
    private let senders: WaitQueue
    private let stop: Step
    private var isSilent: Bool
    /// What is to be asked for on each channel once it is open.
    private var requests: [ChannelID: SessionRequest] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - key: what it logs in by; nil for a client that does not try.
    ///   - stop: the step before which it waits for what it is told to send.
    init(
        _ loop: SimulatedLoop, _ channel: any ByteChannel, user: String, key: PrivateKey?,
        stopsAt stop: Step = .never
    ) {
        self.loop = loop
        self.stop = stop
        isSilent = stop == .identification
        self.channel = channel
        self.key = key
        ssh = SSHClientConnection(
            configuration: SSHClientConfiguration(user: user), now: loop.now,
            random: { SecureRandom.bytes($0) })
        senders = WaitQueue(loop: loop)
        loop.spawn { await self.receiveAll() }
        loop.spawn { await self.sendAll() }
    }

    /// Says nothing any more, not even in answer.
    func fallSilent() { isSilent = true }

    /// Sends bytes as they are.
    func send(bytes: [UInt8]) {
        loop.spawn { try? await self.channel.write([bytes[...]]) }
    }

    /// Sends a message that the state machine would not send.
    func send(payload: [UInt8]) {
        var packet: [UInt8] = []
        ssh.transport.sender.seal([payload[...]], into: &packet)
        send(bytes: packet)
    }

    /// Opens a session and asks for something there.
    func open(_ request: SessionRequest) {
        requests[ssh.openSession()] = request
        stateChanged()
    }

    private func receiveAll() async {
        while let bytes = try? await channel.read() {
            ssh.receive(bytes, now: loop.now)
            stateChanged()
        }
        ssh.receiveEnd(now: loop.now)
        stateChanged()
    }

    private func sendAll() async {
        while true {
            let output = isSilent ? [] : ssh.takeOutput(maximum: 64 << 10, now: loop.now)
            if !output.isEmpty {
                if (try? await channel.write([output[...]])) == nil { break }
            } else if end != nil {
                break
            } else {
                try? await senders.wait()
            }
        }
        await channel.close()
    }

    private func stateChanged() {
        while let event = ssh.nextEvent() { handle(event) }
        senders.wakeAll()
    }

    private func handle(_ event: SSHClientEvent) {
        switch event {
        case .hostKeyVerificationRequired:
            if stop != .keyExchange { ssh.acceptHostKey(now: loop.now) }
        case .authenticationRequired(let status):
            if stop != .authentication { tryKey(status) }
        case .signatureRequired(let request):
            if stop == .signature { return }
            guard let signature = try? key?.sign(request.data, algorithm: request.algorithm) else {
                return ssh.declineSignature()
            }
            ssh.provideSignature(signature[...])
        case .authenticated: isLoggedIn = true
        case .channel(let id, let event):
            events.append(event)
            if event == .opened, let request = requests[id] { ssh.request(request, on: id) }
        case .disconnected(let error): end = error
        case .banner, .questionsAsked, .hostKeysAdvertised, .hostKeysProved, .keepaliveAnswered:
            break
        }
    }

    private func tryKey(_ status: AuthenticationStatus) {
        if status.cause != .start { refusals += 1 }
        guard let key, let algorithm = key.publicKey.type.signatureAlgorithms.first else { return }
        ssh.authenticate(
            .publicKey(
                blob: key.publicKey.blob[...], algorithm: PublicKeyAlgorithm(algorithm),
                probesFirst: true))
    }
}
