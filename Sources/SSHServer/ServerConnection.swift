// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPServer
import SSHCrypto
import SSHProtocol
import Wire

/// One client's connection, from its first byte to its last; all of it runs on one loop.
///
/// Receiving never waits for sending.
actor ServerConnection: LoopActor {
    /// What a connection reports to whom it was made by.
    struct Observer: Sendable {
        /// The user has logged in.
        var authenticated: @Sendable () -> Void = {}
    }

    let settings: ServerSettings
    let client: ClientAddress
    nonisolated let loop: any EventLoop
    private let transport: any ByteChannel
    private let observer: Observer

    /// The state machine, which only synchronous code touches: no await lies within a change.
    var ssh: SSHServerConnection
    var channels: [ChannelID: ServerChannelState] = [:]
    /// How many SFTP sessions run.
    var sessionCount = 0
    /// The number of the next session, for the log.
    var nextSession = 0
    /// The name that the client gave, once it has given one, and the user once it is logged in.
    var claimedUser: String?
    var user: String?
    /// How many attempts to log in have been refused.
    var refusals = 0
    /// Whether a password is being checked, on another thread.
    var isChecking = false
    var ending = Admission.Ending.noAttempt
    /// Whether the state machine's last event has come.
    var hasEnded = false
    /// Whether no more bytes will come.
    private var hasInputEnded = false
    /// Whether the connection is to end as soon as nobody has a file open.
    private var isStopping = false
    private var isTransportClosed = false
    private var unansweredKeepalives = 0

    /// For the one that sends; and for those who wait for the end.
    let senders: WaitQueue
    private let ends: WaitQueue
    private var deadlineTimer: (deadline: Duration, timer: TimerID)?
    /// For the end of the login time, then for the next look at the client's silence, then for the end
    /// of its farewell.
    private var timer: TimerID?

    /// The loop: every call runs on its thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Whether the caller is on the loop's thread.
    nonisolated var isOnLoop: Bool { loop.isCurrent }

    /// How much is sealed at once: enough for one large system call.
    private static let outputAtOnce = 256 << 10
    /// How long a client that was told of the end may take to go.
    private static let lingerTime = Duration.seconds(2)

    init(
        _ settings: ServerSettings, _ transport: any ByteChannel, from client: ClientAddress,
        loop: any EventLoop, observer: Observer = Observer()
    ) {
        self.settings = settings
        self.transport = transport
        self.client = client
        self.loop = loop
        self.observer = observer
        ssh = SSHServerConnection(
            configuration: settings.ssh, now: loop.now, random: { SecureRandom.bytes($0) })
        senders = WaitQueue(loop: loop)
        ends = WaitQueue(loop: loop)
    }

    var log: ServerLog { settings.log }

    /// Serves the client, and returns when nothing of it is left.
    func serve() async -> Admission.Ending {
        log.log(.verbose, "Connection from \(client.logText)")
        loop.spawn { await self.sendAll() }
        after(settings.loginGraceTime) { $0.loginTimeIsOver() }
        await transport.deliver(to: self)
        while !isTransportClosed || sessionCount > 0 || isChecking { await ends.waitThroughout() }
        return ending
    }

    /// Ends the connection once nobody has a file open; at once if nobody has.
    func stop() {
        isStopping = true
        senders.wakeAll()
    }

    /// Ends the connection now.
    func disconnect(_ reason: String) {
        guard !hasEnded else { return }
        ssh.disconnect(reason: reason)
        stateChanged()
    }

    // MARK: Time

    /// Runs something later, in place of what was to be run before.
    private func after(
        _ time: Duration, _ body: @escaping @Sendable (isolated ServerConnection) -> Void
    ) {
        if let timer { loop.cancel(timer) }
        timer = loop.schedule(at: loop.now + time) { [weak self] in self?.assumeIsolated(body) }
    }

    private func loginTimeIsOver() {
        guard user == nil else { return }
        ending = .tooSlow
        log.log(.info, "Timeout before authentication for connection from \(client.logText)")
        disconnect("no login in time")
    }

    private func watchForLife() {
        after(settings.keepaliveInterval) { connection in
            let silence = connection.loop.now - connection.ssh.lastReceived
            if silence < connection.settings.keepaliveInterval {
                connection.unansweredKeepalives = 0
            } else if connection.unansweredKeepalives < connection.settings.keepalivesUnanswered {
                connection.unansweredKeepalives += 1
                connection.ssh.sendKeepalive()
            } else {
                connection.log.log(
                    .info, "Timeout, client not responding from \(connection.peerText)")
                return connection.disconnect("no sign of life")
            }
            connection.watchForLife()
            connection.stateChanged()
        }
    }

    private func scheduleDeadline() {
        let deadline = hasEnded ? nil : ssh.nextDeadline
        guard deadline != deadlineTimer?.deadline else { return }
        if let deadlineTimer { loop.cancel(deadlineTimer.timer) }
        deadlineTimer = deadline.map { deadline in
            let timer = loop.schedule(at: deadline) { [weak self] in
                self?.assumeIsolated { $0.deadlineReached() }
            }
            return (deadline, timer)
        }
    }

    private func deadlineReached() {
        deadlineTimer = nil
        ssh.handleDeadline(now: loop.now)
        stateChanged()
    }

    // MARK: Sending

    private func sendAll() async {
        while await sendSome() {}
        try? await transport.finishWriting()
        // What comes after our goodbye is not wanted, but closing at once could cost the client it.
        while !hasInputEnded { await senders.waitThroughout() }
        await transport.close()
        if let timer { loop.cancel(timer) }
        isTransportClosed = true
        ends.wakeAll()
    }

    /// Sends what there is, or waits for something; false once nothing more is to be sent.
    private func sendSome() async -> Bool {
        let output = ssh.takeOutput(maximum: Self.outputAtOnce, now: loop.now)
        scheduleDeadline()
        releaseWriters()
        do {
            if !output.isEmpty {
                try await transport.write([output[...]])
                return true
            }
            if hasEnded { return false }
            if isStopping, isQuiet {
                disconnect("the server stops")
            } else {
                try await senders.wait()
            }
            return true
        } catch {
            // The receiver notices the end, and gets what the client may have said before it.
            return false
        }
    }

    /// Whether nobody has a file open, and all that was answered has been sealed.
    private var isQuiet: Bool {
        channels.allSatisfy { id, state in
            state.session?.assumeIsolated { $0.openHandleCount } ?? 0 == 0
                && ssh.queuedBytes(on: id) == 0
        }
    }

    /// Takes in what an input or a command has led to; to be called after each of them.
    func stateChanged() {
        while let event = ssh.nextEvent() { handle(event) }
        senders.wakeAll()
    }

    // MARK: Events

    private func handle(_ event: SSHServerEvent) {
        switch event {
        case .authenticationRequested(let attempt): decide(attempt)
        case .authenticated(let name):
            user = name
            ending = .orderly
            observer.authenticated()
            watchForLife()
        case .sessionRequested(let id): open(id)
        case .request(let id, let request, let wantsReply):
            let isSuccess = start(request, on: id)
            if wantsReply { ssh.answerRequest(on: id, isSuccess: isSuccess) }
        case .channel(let id, let event): handle(event, on: id)
        case .keepaliveAnswered: unansweredKeepalives = 0
        case .disconnected(let error): end(error)
        }
    }

    private func open(_ id: ChannelID) {
        guard !isStopping else {
            return ssh.refuse(
                id, reason: .resourceShortage, description: "the server is about to stop")
        }
        channels[id] = ServerChannelState(loop: loop)
        ssh.accept(id)
    }

    private func end(_ error: SSHError) {
        hasEnded = true
        logEnd(error)
        if case .connectionLost = error.code { hasInputEnded = true }
        if case .disconnectedByPeer = error.code { hasInputEnded = true }
        for state in channels.values { state.end() }
        scheduleDeadline()
        after(Self.lingerTime) { $0.lingeredEnough() }
    }

    private func lingeredEnough() {
        hasInputEnded = true
        senders.wakeAll()
        // Ends a write that the client does not take.
        loop.spawn { await self.transport.close() }
    }

    private func inputEnded() {
        hasInputEnded = true
        ssh.receiveEnd(now: loop.now)
        stateChanged()
    }

    /// A password has been checked.
    func checked() {
        stateChanged()
        ends.wakeAll()
    }

    /// A session on a channel has ended.
    func sessionEnded() {
        sessionCount -= 1
        ends.wakeAll()
    }
}

extension ServerConnection: ByteReceiver {
    nonisolated func receive(_ bytes: Bytes) {
        assumeIsolated { connection in
            connection.ssh.receive(bytes, now: connection.loop.now)
            connection.stateChanged()
        }
    }

    nonisolated func receiveEnd(_ error: (any Error)?) {
        assumeIsolated { $0.inputEnded() }
    }
}
