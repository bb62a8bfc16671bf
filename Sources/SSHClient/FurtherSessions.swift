// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import SSHCrypto
import SSHProtocol

/// Connections to a server beside a first one, for channels that are to have a TCP connection and a server
/// process of their own.
///
/// They are made when somebody asks for a place for a channel, and shared out in turn with the first one.
/// Where the server lets in no more of them, or several attempts in a row have failed, those that there are
/// have to do from then on.
public actor FurtherSessions: LoopActor {
    /// Makes one, without asking anybody for anything.
    public typealias Dialer = @Sendable () async throws -> SSHSession

    /// What is known of a server for as long as there are connections to it.
    public final class Memory: @unchecked Sendable {
        /// How many connections it lets us have, with the first one; nil while that is not known; on the loop.
        public fileprivate(set) var limit: Int?
        /// How many attempts in a row have failed.
        fileprivate var failures = 0
        /// The largest number of connections that has been told of.
        fileprivate var toldCount = 1

        /// Nothing is known.
        public init() {}
    }

    /// How long one may take to be made: the first and the others behind it, before whoever waits for a
    /// channel gives up.
    static let dialTime = Duration.seconds(10)
    /// After how many failures that may pass none is tried any more.
    static let bearableFailures = 3

    private let main: SSHSession
    private let limit: Int
    private let memory: Memory
    /// The loop that everything here runs on.
    public nonisolated let loop: any EventLoop
    private let log: @Sendable (String) -> Void
    private let dial: Dialer
    /// The attempts at them, by their place.
    private var attempts: [Int: Task<Void, Never>] = [:]
    private var sessions: [Int: SSHSession] = [:]
    private var asked = 0
    /// Counts how often all were closed.
    private var round = 0
    private var isEnded = false

    /// The loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Whether the caller is on the loop's thread.
    public nonisolated var isOnLoop: Bool { loop.isCurrent }

    /// None yet.
    ///
    /// - Parameters:
    ///   - main: the first connection.
    ///   - limit: how many connections there may be, with the first one.
    ///   - memory: what is known of the server, and found out here.
    ///   - loop: the loop of `main`.
    ///   - log: takes what is to be told: how many there are, and once why there are no more.
    ///   - dial: makes one.
    public init(
        beside main: SSHSession, limit: Int, memory: Memory, loop: any EventLoop,
        log: @escaping @Sendable (String) -> Void, dial: @escaping Dialer
    ) {
        self.main = main
        self.limit = limit
        self.memory = memory
        self.loop = loop
        self.log = log
        self.dial = dial
    }

    /// How many connections stand, with the first one.
    public var count: Int { 1 + sessions.values.count(where: { $0.hasNotEnded }) }

    /// The connection for one more channel.
    public func next() async -> SSHSession {
        asked += 1
        let place = asked % min(limit, memory.limit ?? limit)
        guard place > 0, !isEnded else { return main }
        if attempts[place] == nil {
            attempts[place] = loop.spawn { [round] in await self.connect(place, round) }
        }
        await attempts[place]?.value
        return sessions[place] ?? main
    }

    private func connect(_ place: Int, _ round: Int) async {
        // One is tried before the others: a server that refuses it is to see no more.
        if place > 1 {
            await attempts[1]?.value
            guard sessions[1] != nil else { return }
        }
        guard round == self.round else { return }
        do {
            let session = try await loop.withTimeout(Self.dialTime) { [dial] in try await dial() }
            guard round == self.round else { return await session.abandon() }
            guard session.leadsToServer(of: main) else {
                await session.abandon()
                throw FurtherSessionProblem.otherMachine
            }
            sessions[place] = session
            memory.failures = 0
            memory.limit = memory.limit.map { max($0, count) }
            if count > memory.toldCount {
                memory.toldCount = count
                log("\(count) connections")
            }
        } catch {
            // What fails since the connection is lost says nothing of the next one.
            guard round == self.round, main.hasNotEnded else { return }
            noteFailure(error)
        }
    }

    private func noteFailure(_ error: any Error) {
        memory.failures += 1
        let mayPass = (error as? SSHClientError)?.mayPass ?? true
        guard !mayPass || memory.failures >= Self.bearableFailures else { return }
        let isNews = memory.limit != count
        memory.limit = count
        let reason = error is TimeoutError ? "the server did not let us in" : "\(error)"
        if isNews { log("no further connection, going on with \(count): \(reason)") }
    }

    // MARK: Ending

    /// Closes them: nobody needs them for now.
    public func close() async {
        let closing = takeAll()
        // All take leave before one is waited for.
        for session in closing { await session.close() }
        for session in closing { await session.finish() }
    }

    /// Ends them for good together with the first one, which is closed.
    public func end() async {
        isEnded = true
        await close()
    }

    /// Ends them for good together with the first one, which is lost: the server never gets what has not
    /// reached it.
    public func abandon() async {
        isEnded = true
        for session in takeAll() { await session.abandon() }
    }

    private func takeAll() -> [SSHSession] {
        round += 1
        attempts = [:]
        asked = 0
        defer { sessions = [:] }
        return Array(sessions.values)
    }
}

/// Why a connection that was made is of no use.
private enum FurtherSessionProblem: Error, CustomStringConvertible {
    /// A name may stand for several machines.
    case otherMachine

    var description: String { "it leads to another machine" }
}

extension SSHSession {
    /// Whether the connection stands; on the loop.
    fileprivate nonisolated var hasNotEnded: Bool { assumeIsolated { $0.endReason == nil } }

    /// Whether another connection's server has the same address, where we have dialled it, and the same
    /// host key; on the loop.
    fileprivate nonisolated func leadsToServer(of other: SSHSession) -> Bool {
        let server = assumeIsolated { (address: $0.serverAddress, key: $0.connection.hostKey) }
        return other.assumeIsolated {
            $0.serverAddress == server.address
                && $0.connection.hostKey?.key.blob == server.key?.key.blob
        }
    }
}
