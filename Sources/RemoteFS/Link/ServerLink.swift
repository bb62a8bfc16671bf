// SPDX-License-Identifier: Apache-2.0

public import EventLoop
public import SFTPClient
public import SFTPProtocol

/// The way to the server: one connection after the other, each made when the one before is lost.
///
/// A lost connection is made anew in the background, for as long as the mount lives. What waits for the
/// link waits here, and for ``LinkOptions/timeout`` at most. Nothing of an old connection is taken over:
/// each has a number of its own, its ``generation``, and what was open on an older one has to be opened
/// again.
public actor ServerLink: LoopActor {
    /// One connection to the server.
    public struct Connection: Sendable {
        /// The SFTP on it.
        public let client: SFTPClient
        /// Further channels beside the client's own; nil where there can be none.
        public let furtherChannels: FurtherChannels?
        /// When the server was last heard of, in the loop's time; on the loop.
        let lastReceived: @Sendable () -> Duration
        /// Asks the server for a sign of life, whatever it is busy with; nil where it can't be asked.
        let ask: (@Sendable () -> Void)?
        /// Ends the connection; returns once that is done.
        let close: @Sendable () async -> Void
        /// Ends the connection once it is lost: the server never gets what has not reached it.
        let abandon: @Sendable () async -> Void

        /// Describes a connection of which SFTP is all that is known.
        public init(client: SFTPClient, close: @escaping @Sendable () async -> Void) {
            self.init(
                client: client, lastReceived: { client.assumeIsolated { $0.lastActivity } },
                ask: nil, close: close)
        }

        /// Describes a connection.
        public init(
            client: SFTPClient, furtherChannels: FurtherChannels? = nil,
            lastReceived: @escaping @Sendable () -> Duration,
            ask: (@Sendable () -> Void)?, close: @escaping @Sendable () async -> Void,
            abandon: (@Sendable () async -> Void)? = nil
        ) {
            self.client = client
            self.furtherChannels = furtherChannels
            self.lastReceived = lastReceived
            self.ask = ask
            self.close = close
            self.abandon = abandon ?? close
        }
    }

    /// Makes another connection, whose client has the number `generation`, without asking anybody for
    /// anything.
    ///
    /// It is told how many attempts have failed since the last connection. What it throws, if not a ``LinkFailure``, counts as a server that did not want us.
    public typealias Dialer =
        @Sendable (_ generation: UInt64, _ failures: Int) async throws -> Connection

    /// How things stand.
    public enum State: Sendable {
        /// There is a connection.
        case connected
        /// It has been lost, and another one is being made.
        case reconnecting(since: Duration, reason: String)
        /// It has been lost, and no other can be made before somebody has done something about the
        /// failure; each operation gets its error.
        case blocked(since: Duration, LinkFailure)
        /// It has been lost or ended for good.
        case ended
    }

    /// How things stand.
    public internal(set) var state = State.connected {
        didSet { stateSince = loop.now }
    }
    /// Since when they have stood so, in the loop's time.
    public private(set) var stateSince: Duration
    /// Which connection in a row the present one is, or was.
    public internal(set) var generation: UInt64
    /// The present connection's client, or that of the last one, of which every call fails.
    public internal(set) var client: SFTPClient

    let options: LinkOptions
    let dial: Dialer?
    let loop: any EventLoop
    var connection: Connection
    /// Those who wait for a connection, or for what becomes of an attempt.
    let waiters: WaitQueue
    var onReturn: (@Sendable () -> Void)?

    // What ServerLink+Dialing.swift keeps.

    var backOff = BackOff()
    /// How many attempts have failed since the last connection.
    var failures = 0
    /// What has become of the last of them.
    public internal(set) var lastFailure: LinkFailure?
    /// How many attempts there have been.
    var attemptCount: UInt64 = 0
    var dialling: Task<Void, Never>?
    /// Whether the present attempt is to begin anew.
    var redials = false
    var nextAttempt: (at: Duration, timer: TimerID)?
    var lastAttempt = Duration.longAgo
    /// When the present connection was made.
    var connectedAt: Duration
    /// Until when operations wait for a connection; nil for as long as it takes.
    var patienceEnd: Duration?

    // What ServerLink+Silence.swift keeps.

    /// How many operations are under way.
    var operationCount = 0
    /// Since when there has been one under way all the time.
    var busySince = Duration.zero
    var silenceTimer: TimerID?
    /// When the server was asked for a sign of life that has not come, and until when it has to.
    var question: (askedAt: Duration, answerBy: Duration)?
    /// When something has last happened that may have ended the connection.
    var lastDoubt = Duration.longAgo
    /// When the last connection was given up since its SFTP server said nothing.
    var lastMuteness = Duration.longAgo
    /// How many bytes are on their way to the server.
    var bytesUnderWay: @Sendable () -> Int = { 0 }

    /// The loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Whether the caller is on the loop's thread.
    public nonisolated var isOnLoop: Bool { loop.isCurrent }

    /// A link that begins with a connection that stands.
    ///
    /// - Parameters:
    ///   - connection: the one that stands; the link ends it.
    ///   - options: how the link is kept up.
    ///   - loop: the loop of the link and of its connections.
    ///   - dial: makes the next one; nil where the first is the only one.
    public init(
        _ connection: Connection, options: LinkOptions, loop: any EventLoop, dial: Dialer?
    ) {
        self.connection = connection
        self.options = options
        self.loop = loop
        self.dial = dial
        client = connection.client
        generation = connection.client.generation
        connectedAt = loop.now
        stateSince = loop.now
        waiters = WaitQueue(loop: loop)
    }

    /// A link that is a connection and nothing more.
    public init(only client: SFTPClient, loop: any EventLoop) {
        self.init(
            Connection(client: client) { await client.disconnect() },
            options: LinkOptions(random: { 0 }, log: { _ in }), loop: loop, dial: nil)
    }

    /// Begins to look after the connection.
    ///
    /// - Parameters:
    ///   - onReturn: called on the loop when there is another connection.
    ///   - bytesUnderWay: how many bytes are on their way to the server, which has to be given time for
    ///     them.
    public func start(
        onReturn: @escaping @Sendable () -> Void, bytesUnderWay: @escaping @Sendable () -> Int
    ) {
        self.onReturn = onReturn
        self.bytesUnderWay = bytesUnderWay
        watch(connection.client)
    }

    /// Further channels of the present connection; nil where there can be none.
    public var furtherChannels: FurtherChannels? { connection.furtherChannels }

    /// When the server was last heard of, in the loop's time.
    public var lastReceived: Duration { connection.lastReceived() }

    /// Whether there is no connection now.
    public var isDown: Bool {
        noteLoss()
        if case .connected = state { return false }
        return true
    }

    /// Ends the link for good: all that waits for the server fails.
    public func end() {
        finish()
        client.assumeIsolated { $0.disconnect() }
    }

    /// Ends the link for good, and returns once the connection is closed.
    public func close() async {
        finish()
        await connection.close()
    }

    private func finish() {
        state = .ended
        dialling?.cancel()
        cancelNextAttempt()
        stopListening()
        waiters.wakeAll()
    }

    // MARK: Waiting

    /// Waits until there is a connection.
    ///
    /// - Throws: `ETIMEDOUT` once it has been lost for too long, `EINTR` when the task is cancelled,
    ///   `EKEYREJECTED` or `EACCES` where the server or we refuse another one, `EIO` after the end.
    public func waitForConnection() async throws(Errno) {
        noteLoss()
        hasten()
        while true {
            switch state {
            case .connected: return
            case .ended: throw .EIO
            // What was wrong may have been put right.
            case .blocked where dialling != nil: try await waitForChange(until: nil)
            case .blocked(_, let failure): throw failure.errno
            case .reconnecting: try await waitForChange(until: patienceEnd)
            }
            noteLoss()
        }
    }

    private func waitForChange(until deadline: Duration?) async throws(Errno) {
        if let deadline, loop.now >= deadline { throw .ETIMEDOUT }
        do {
            try await waiters.wait(until: deadline)
        } catch is TimeoutError {
            throw .ETIMEDOUT
        } catch {
            throw .EINTR
        }
    }

    // MARK: Losing

    /// Whether the connection of a generation is there no more.
    func isLost(_ generation: UInt64) -> Bool { isDown || generation != self.generation }

    func watch(_ client: SFTPClient) {
        loop.spawn { [weak self] in
            _ = try? await client.waitUntilClosed()
            await self?.noteLoss()
        }
    }

    /// Takes note that the connection is lost, if it is.
    func noteLoss() {
        guard case .connected = state,
            let reason = client.assumeIsolated({ $0.closeReason })
        else { return }
        let now = loop.now
        stopListening()
        loop.spawn { [connection] in await connection.abandon() }
        guard dial != nil else {
            state = .ended
            options.log("\(reason)")
            return waiters.wakeAll()
        }
        state = .reconnecting(since: now, reason: "\(reason)")
        // It has been alive when it said so; but nobody has to pay for a silence that nobody listened to.
        let alive = max(connection.lastReceived(), now - options.silence)
        patienceEnd = options.timeout.map { alive + $0 }
        options.log("\(reason); connecting again")
        if now < connectedAt + Self.shortLife {
            // It was lost as soon as it was there: a server that can do no more must not be flooded.
            attempt(after: backOff.afterRefusal(options.random()))
        } else {
            backOff = BackOff()
            attempt(after: .zero)
        }
    }

    /// A connection that lives no longer than this counts as one that failed.
    private static let shortLife = Duration.milliseconds(250)
}
