// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import SSHConfig
import SSHCrypto
import SSHProtocol
import Wire

/// An SSH connection: what the transport hands over goes through the state machine, and its output
/// back to the transport, once a turn.
///
/// All of it runs on the loop. Receiving never waits for sending. ``SSHClient`` makes sessions.
public actor SSHSession: LoopActor {
    /// The server.
    public nonisolated var endpoint: Endpoint { context.endpoint }
    /// The loop that everything here runs on.
    public nonisolated var loop: any EventLoop { context.loop }
    /// The loop: every call runs on its thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe context.loop.asUnownedSerialExecutor()
    }

    /// Whether the caller is on the loop's thread.
    public nonisolated var isOnLoop: Bool { loop.isCurrent }

    /// Why the connection has ended; nil while it stands.
    public internal(set) var endReason: SSHClientError?

    let context: ConnectContext
    /// The server's address in numbers; nil where somebody else has made the connection.
    var serverAddress: String?
    /// Where it goes now: what an end means depends on it.
    var step = SSHClientError.Step.handshake
    var channels: [ChannelID: ChannelState] = [:]
    /// What has come on a channel and is handed over together with what follows it at once.
    var arrivals: (channel: ChannelID, pieces: [Bytes])?
    private var isHandlingEvents = false
    var keepAlive = KeepAlive()
    /// When data last came or went on a channel that is watched.
    var lastChannelActivity = Duration.zero

    /// The state machine, which only synchronous code touches: no await lies within a change.
    var connection: SSHClientConnection
    let transport: any ByteChannel
    /// The connection that this one goes through, and which ends with it.
    let carrier: SSHSession?

    /// What happened while logging in, for ``login(_:)`` to read in order.
    private var loginEvents: [SSHClientEvent] = []
    private let loginWaiters: WaitQueue
    private let endWaiters: WaitQueue
    let closeWaiters: WaitQueue
    var isTransportClosed = false
    /// Whether the server is not to get what it has not received yet.
    var isGivenUp = false

    var sending = Sending.idle

    /// The key by which the server was found to be the host, where further keys of it may be learned,
    /// and its address, where that is to be remembered.
    var updatableHost: (key: PublicKey, address: String?)?
    /// What the server has proved to hold, once it has been asked and has answered.
    var provedHostKeys: [PublicKey]?
    let proofWaiters: WaitQueue

    var deadlineTimer: (deadline: Duration, timer: TimerID)?
    var lingerTimer: TimerID?

    init(
        _ context: ConnectContext, transport: any ByteChannel, carrier: SSHSession? = nil,
        configuration: SSHClientConfiguration
    ) {
        self.context = context
        self.transport = transport
        self.carrier = carrier
        let loop = context.loop
        connection = SSHClientConnection(
            configuration: configuration, now: loop.now, random: context.world.random)
        loginWaiters = WaitQueue(loop: loop)
        endWaiters = WaitQueue(loop: loop)
        proofWaiters = WaitQueue(loop: loop)
        closeWaiters = WaitQueue(loop: loop)
    }

    /// Waits until the connection has ended, and says why.
    ///
    /// - Throws: `CancellationError`.
    public func waitUntilEnd() async throws -> SSHClientError {
        while true {
            if let endReason { return endReason }
            try await endWaiters.wait()
        }
    }

    /// Tells the server goodbye and closes the connection; closing twice is harmless.
    public func close() {
        guard endReason == nil else { return }
        end(.closed(endpoint))
        connection.disconnect(reason: "disconnected by user")
        stateChanged()
    }

    /// Tells the server goodbye, and returns once the connection is closed, and with it what it went
    /// through: a proxy's program, other sessions.
    public func finish() async {
        close()
        while !isTransportClosed {
            // Whoever is cancelled does not wait; the connection closes by itself.
            do { try await closeWaiters.wait() } catch { return }
        }
    }

    /// Ends the connection without a word, and returns once it is closed.
    ///
    /// What the server has not received yet it never gets: it could come long after what is sent over
    /// another connection.
    public func abandon() async {
        giveUp(.closed(endpoint))
        await finish()
    }

    /// Ends the connection to a server that is not heard of.
    private func giveUp(_ reason: SSHClientError) {
        isGivenUp = true
        sending = .finished
        if endReason == nil { end(reason) } else { closeTransport() }
    }

    /// Takes in what an input or a command has led to; to be called after each of them.
    ///
    /// Where it is called while events are handled, the handling that is under way goes on with the new
    /// ones: events are handled in their order.
    func stateChanged() {
        guard !isHandlingEvents else { return }
        isHandlingEvents = true
        repeat {
            while let event = connection.nextEvent() {
                if case .channel(let id, .data(let bytes)) = event, collect(bytes, id) { continue }
                handOver()
                handle(event)
            }
        } while handOver()
        isHandlingEvents = false
        if connection.hasOutput || endReason != nil { scheduleOutput() }
        scheduleDeadline()
    }

    private func handle(_ event: SSHClientEvent) {
        switch event {
        case .channel(let id, let event): handle(event, on: id)
        case .banner(let text): context.show(text, level: .info)
        case .disconnected(let error): end(.ended(endpoint, step, error))
        case .keepaliveAnswered:
            // It counts as every other sign of life: `lastReceived`.
            break
        case .hostKeysAdvertised(let keys): hostKeysAdvertised(keys)
        case .hostKeysProved(let keys): hostKeysProved(keys)
        case .hostKeyVerificationRequired, .authenticationRequired, .signatureRequired,
            .questionsAsked, .authenticated:
            loginEvents.append(event)
            loginWaiters.wakeAll()
        }
    }

    /// Waits for the next event of logging in.
    ///
    /// - Throws: ``SSHClientError`` when the connection ends or nothing comes in time, or
    ///   `CancellationError`.
    func nextLoginEvent(until deadline: Duration) async throws -> SSHClientEvent {
        while loginEvents.isEmpty {
            if let endReason { throw endReason }
            do {
                try await loginWaiters.wait(until: deadline)
            } catch is TimeoutError {
                throw timedOut()
            }
        }
        return loginEvents.removeFirst()
    }

    /// Ends the connection because the server does not answer.
    func timedOut() -> SSHClientError {
        let error = SSHClientError.timedOut(endpoint, step)
        giveUp(error)
        return error
    }

    /// Marks the connection as ended, once, and lets everyone who waits find out.
    func end(_ reason: SSHClientError) {
        guard endReason == nil else { return }
        endReason = reason
        keepAlive.stop(loop)
        if let deadlineTimer { loop.cancel(deadlineTimer.timer) }
        deadlineTimer = nil
        for channel in channels.values {
            channel.idle?.stop(loop)
            channel.wakeAll()
            endDeliveryIfDone(channel)
        }
        loginWaiters.wakeAll()
        endWaiters.wakeAll()
        proofWaiters.wakeAll()
        linger()
    }
}
