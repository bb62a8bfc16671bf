// SPDX-License-Identifier: Apache-2.0

public import EventLoop

/// Further SFTP channels beside a client's own, on the same login, for data that one channel can't carry.
///
/// A server takes so many bytes ahead on each channel, 2 MiB where it is OpenSSH's: over a long link one
/// channel carries no more than that in a round trip. Channels are opened when that makes them pay, and
/// closed once nobody has used them for a while. Each has a server program of its own: nothing orders what
/// is sent on two of them.
///
/// If one of them ends while they are used, so does the client's connection: what has become of its requests
/// is found out as after every loss.
public actor FurtherChannels: LoopActor {
    /// When they pay.
    public struct Terms: Sendable {
        /// What a server takes ahead of its answers on one channel, in bytes: as OpenSSH's does.
        public var channelWindow = 2 << 20
        /// The shortest round trip for which they are opened: below it, one channel of OpenSSH's carries
        /// 400 MB/s.
        public var leastRoundTrip = Duration.milliseconds(5)

        /// The usual terms.
        public init() {}
    }

    /// The most channels that are opened beside the client's own: OpenSSH lets ten sessions share a login.
    static let maximumCount = 3
    /// How long they are kept when nobody uses them.
    static let idleTime = Duration.seconds(60)
    /// How long the server may take to open them.
    static let openingTime = Duration.seconds(30)

    /// What is known of a server for as long as there are connections to it.
    public final class Memory: @unchecked Sendable {
        /// How often they could not be had, or were lost, for reasons that may pass.
        private var doubtfulRefusals = 0
        /// Whether it is not to be asked again; on the loop.
        fileprivate private(set) var isRefused = false

        /// Nothing is known.
        public init() {}

        /// - Parameter mayPass: whether it is since a connection is lost: by chance, or because of them.
        fileprivate func noteRefusal(mayPass: Bool) {
            doubtfulRefusals += 1
            isRefused = isRefused || !mayPass || doubtfulRefusals > FurtherChannels.maximumCount
        }

        /// They have been used, and nothing was wrong.
        fileprivate func noteUse() { doubtfulRefusals = 0 }
    }

    /// Opens one of them.
    public typealias Opener = @Sendable () async throws -> SFTPClient

    /// When they pay.
    public nonisolated let terms: Terms
    /// The channels that are open.
    private var clients: [SFTPClient] = []
    private let main: SFTPClient
    private let memory: Memory
    /// The loop that everything here runs on.
    public nonisolated let loop: any EventLoop
    private let open: Opener
    private let onClose: @Sendable (Bool) -> Void
    private var opening: Task<Void, Never>?
    private var userCount = 0
    private var idleTimer: TimerID?
    private var isEnding = false

    /// The loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Whether the caller is on the loop's thread.
    public nonisolated var isOnLoop: Bool { loop.isCurrent }

    /// No channels yet.
    ///
    /// - Parameters:
    ///   - main: the client whose login they share.
    ///   - terms: when they pay.
    ///   - memory: what is known of the server, and found out here.
    ///   - loop: the loop of `main`.
    ///   - onClose: told when all of them have been closed, and whether since the connection is lost; where
    ///     it is not, nothing was under way on them.
    ///   - open: opens a channel and begins SFTP on it, with the number of `main`.
    public init(
        beside main: SFTPClient, terms: Terms = Terms(), memory: Memory, loop: any EventLoop,
        onClose: @escaping @Sendable (_ isLost: Bool) -> Void = { _ in }, open: @escaping Opener
    ) {
        self.terms = terms
        self.main = main
        self.memory = memory
        self.loop = loop
        self.onClose = onClose
        self.open = open
    }

    /// Whether data that came to so many bytes in some time are held up by what a channel takes ahead, and
    /// would go faster over several.
    public func pay(for byteCount: Int, in time: Duration) -> Bool {
        guard !memory.isRefused, !isEnding, let trip = main.leastRoundTrip,
            trip >= terms.leastRoundTrip, time > .zero
        else { return false }
        // Half the window each round trip: a link that carries less is not held up by it.
        return Double(byteCount) / (time / trip) >= Double(terms.channelWindow / 2)
    }

    /// The channels, for somebody who begins to use them and says when he does no more.
    ///
    /// - Returns: none where the server wants none.
    public func acquire() async -> [SFTPClient] {
        userCount += 1
        if let idleTimer { loop.cancel(idleTimer) }
        idleTimer = nil
        if let opening {
            await opening.value
        } else if clients.isEmpty, !memory.isRefused, !isEnding {
            await openAll()
        }
        return clients
    }

    /// Ends a use.
    public func release() {
        userCount -= 1
        precondition(userCount >= 0, "released more often than acquired")
        guard userCount == 0, !clients.isEmpty else { return }
        idleTimer = loop.schedule(at: loop.now + Self.idleTime) { [weak self] in
            self?.assumeIsolated { $0.closeIdle() }
        }
    }

    // MARK: Opening

    private func openAll() async {
        let task = loop.spawn { await self.openEach() }
        opening = task
        await task.value
        opening = nil
    }

    private func openEach() async {
        let attempts = (0..<Self.maximumCount).map { _ in
            loop.spawn { await self.openOne() }
        }
        for attempt in attempts { await attempt.value }
        // Where there are some, they do.
        if clients.isEmpty { memory.noteRefusal(mayPass: main.hasEnded) }
        if main.hasEnded || clients.isEmpty { closeAll(reason: "the connection is lost") }
    }

    private func openOne() async {
        do {
            let client = try await loop.withTimeout(Self.openingTime) { [open] in try await open() }
            precondition(client.generation == main.generation, "a channel of another connection")
            clients.append(client)
            loop.spawn { [weak self] in
                let reason = try? await client.waitUntilClosed()
                await self?.noteEnd(of: client, reason)
            }
        } catch {
            // Whatever the reason: the others have to do.
        }
    }

    // MARK: Ending

    /// Takes note that a channel has ended.
    private func noteEnd(of client: SFTPClient, _ reason: SFTPError?) {
        guard clients.contains(where: { $0 === client }) else { return }
        clients.removeAll { $0 === client }
        // Where nobody uses them, nothing waits for an answer on it.
        guard userCount > 0 else { return closeAll(reason: "another channel has ended") }
        giveUp(reason.map { "\($0)" } ?? "a channel has ended")
    }

    private func closeIdle() {
        memory.noteUse()
        closeAll(reason: "not needed any more")
    }

    /// Ends the whole connection, since what was sent on one of the channels gets no answer; at once, so
    /// that whoever misses it finds the connection lost.
    public func giveUp(_ reason: String) {
        if !main.hasEnded {
            // It may have been its connection that was lost, and only the first to be missed.
            memory.noteRefusal(mayPass: true)
            main.assumeIsolated { $0.disconnect(reason: reason) }
        }
        closeAll(reason: "the connection is lost")
    }

    /// Closes all of them.
    public func closeAll(reason: String) {
        isEnding = isEnding || main.hasEnded
        let closing = clients
        clients = []
        for client in closing { client.assumeIsolated { $0.disconnect(reason: reason) } }
        onClose(main.hasEnded)
    }
}

extension SFTPClient {
    /// Whether the connection is lost; on the loop.
    fileprivate nonisolated var hasEnded: Bool { assumeIsolated { $0.closeReason != nil } }

    /// The shortest round trip so far; nil before one has been measured; on the loop.
    fileprivate nonisolated var leastRoundTrip: Duration? {
        assumeIsolated { $0.traffic.leastRoundTrip }
    }
}
