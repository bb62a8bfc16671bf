// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Synchronization
import Wire

@testable import RemoteFS

/// What lies between a file system and its server, in memory, under virtual time: connections can be
/// lost, and what comes of each attempt to make another is a test's to say.
actor FakeNetwork {
    nonisolated let loop: SimulatedLoop
    /// What each attempt to connect comes to; nil for a connection.
    private var failure: LinkFailure?
    private var answer: FakeServer.Answer
    private let extensions: [SFTPExtension]
    private let isExact: Bool
    /// The servers so far, one for each connection.
    private(set) var servers: [FakeServer] = []
    /// When there was an attempt to connect.
    private(set) var attempts: [Duration] = []
    private let log = Mutex<[String]>([])
    /// How often a sign of life has been asked for.
    private(set) var questions = 0
    private var isSilent = false
    private var endsOlderSessions = false
    /// When further channels pay, and how the server behind each answers; nil for a server without.
    private var further: (terms: FurtherChannels.Terms, answers: @Sendable () -> FakeServer.Answer)?
    private let furtherMemory = FurtherChannels.Memory()
    /// The servers behind further channels.
    private(set) var furtherServers: [FakeServer] = []
    /// How often a further channel has been asked for.
    private(set) var furtherAttempts = 0
    private var refusesFurther = false
    private var latency = Duration.zero
    private var lastSign = Duration.zero

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    init(
        _ loop: SimulatedLoop, extensions: [SFTPExtension], isExact: Bool = false,
        answer: @escaping FakeServer.Answer
    ) {
        self.loop = loop
        self.extensions = extensions
        self.isExact = isExact
        self.answer = answer
    }

    /// The server that the present connection leads to.
    var server: FakeServer { servers[servers.count - 1] }

    /// All requests so far, to whichever server.
    var requests: [SFTPRequest] {
        get async {
            var all: [SFTPRequest] = []
            for server in servers { all += await server.requests }
            return all
        }
    }

    /// What attempts to connect come to from now on.
    func refuse(_ failure: LinkFailure?) { self.failure = failure }

    /// How the next servers answer.
    func answer(_ answer: @escaping FakeServer.Answer) { self.answer = answer }

    /// Loses the present connection.
    func cut() async { await server.hangUp() }

    /// Leaves everything unanswered from now on, and questions whether somebody is there too.
    func fallSilent() async throws {
        isSilent = true
        try await server.answer { _ in nil }
    }

    /// Has the next servers say that no older session runs any more.
    func endOlderSessions() { endsOlderSessions = true }

    /// Lets the next connections have further channels.
    func offerFurther(
        _ terms: FurtherChannels.Terms, _ answers: @escaping @Sendable () -> FakeServer.Answer
    ) {
        further = (terms, answers)
    }

    /// Opens no further channel any more.
    func refuseFurther() { refusesFurther = true }

    /// How long the next servers take to answer.
    func answer(after latency: Duration) { self.latency = latency }

    private func openFurther(_ generation: UInt64) async throws -> SFTPClient {
        furtherAttempts += 1
        guard !refusesFurther, let further else { throw ChannelError.closedByPeer }
        let (ours, theirs) = InMemoryPipe.makePair(loop: loop)
        let server = FakeServer(theirs, loop, extensions.map { .init($0) }, further.answers())
        await server.answer(after: latency)
        furtherServers.append(server)
        loop.spawn { await server.run() }
        return try await SFTPClient.open(over: ours, generation: generation, loop: loop)
    }

    /// What the link has said.
    nonisolated var lines: [String] { log.withLock { $0 } }

    nonisolated func say(_ line: String) { log.withLock { $0.append(line) } }

    func noteQuestion() { questions += 1 }

    /// Lets the connection show that it is alive, though the server behind it need not be.
    func giveSignOfLife() { lastSign = loop.now }

    func connect(_ generation: UInt64) async throws -> ServerLink.Connection {
        attempts.append(loop.now)
        if let failure { throw failure }
        isSilent = false
        let (ours, theirs) = InMemoryPipe.makePair(loop: loop)
        let session = SessionAnswer(place: [1], olderHaveEnded: true).pair
        let pairs =
            extensions.map { .init($0) } + (isExact ? [ExactExtension.pair] : [])
            + (endsOlderSessions ? [session] : [])
        let server = FakeServer(theirs, loop, pairs, answer)
        await server.answer(after: latency)
        servers.append(server)
        loop.spawn { await server.run() }
        let name = [UInt8](repeating: 1, count: SessionExtension.nameBytes)
        let client = try await SFTPClient.open(
            over: ours, generation: generation, session: SessionRequest(name: name[...]), loop: loop
        )
        return ServerLink.Connection(
            client: client,
            furtherChannels: further.map { further in
                FurtherChannels(
                    beside: client, terms: further.terms, memory: furtherMemory, loop: loop
                ) { try await self.openFurther(generation) }
            },
            lastReceived: {
                max(
                    client.assumeIsolated { $0.lastActivity },
                    self.assumeIsolated { $0.lastSign })
            },
            ask: { self.assumeIsolated { $0.noteQuestion() } }
        ) { await client.disconnect() }
    }
}

/// Runs `body` with a file system whose link to a fake server can be lost.
func simulateLink(
    timeout: Duration? = .seconds(60),
    extensions: [SFTPExtension] = [
        .posixRename, .hardlink, .statvfs, .lsetstat, .fsync, .copyData,
    ],
    isExact: Bool = false, answer: @escaping FakeServer.Answer,
    configure: @escaping @Sendable (inout RemoteFSOptions) -> Void = { _ in },
    prepare: @escaping @Sendable (FakeNetwork) async -> Void = { _ in },
    body: @escaping @Sendable (RemoteFS, FakeNetwork) async throws -> Void
) throws {
    let loop = SimulatedLoop()
    let network = FakeNetwork(loop, extensions: extensions, isExact: isExact, answer: answer)
    try loop.run {
        await prepare(network)
        var options = RemoteFSOptions(wallClock: { 1_000_000 }, log: { _ in })
        options.rootPath = bytes("/srv")
        options.cache.attributeTimeout = .seconds(1)
        options.cache.listingTimeout = .seconds(1)
        options.cache.listingsAhead = 0
        configure(&options)
        var linkOptions = LinkOptions(random: { 0 }, log: { network.say($0) })
        linkOptions.timeout = timeout
        let link = ServerLink(
            try await network.connect(0), options: linkOptions, loop: loop
        ) { generation, _ in try await network.connect(generation) }
        let fileSystem = RemoteFS(link: link, options: options, loop: loop)
        // No connection that a test loses is one that was lost at once.
        try await loop.sleep(for: .seconds(10))
        do {
            try await body(fileSystem, network)
        } catch {
            await fileSystem.disconnect()
            throw error
        }
        await fileSystem.disconnect()
    }
}

extension RemoteFS {
    /// Looks a file up, and returns its number.
    func find(_ name: String, in parent: InodeNumber = rootInode) async throws -> InodeNumber {
        guard case .found(let entry) = try await lookup(bytes(name), in: parent) else {
            throw Errno.ENOENT
        }
        return entry.status.inode
    }
}

extension SimulatedLoop {
    /// How long an operation takes, and what comes of it.
    func timed<T: Sendable>(
        _ operation: @Sendable () async throws -> T
    ) async -> (time: Duration, result: Result<T, any Error>) {
        let start = now
        do {
            let value = try await operation()
            return (now - start, .success(value))
        } catch {
            return (now - start, .failure(error))
        }
    }
}
