// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHClient
import SSHConfig
import SSHCrypto
import SSHProtocol
import Synchronization
import Testing
import Wire

/// A machine in memory: files in a dictionary, and a server behind every connection.
final class SimulatedWorld: ClientWorld {
    /// What serves one connection, given its other end.
    typealias Server = @Sendable (InMemoryPipe) async -> Void

    private struct State {
        var files: [String: FileContent] = [:]
        var failuresLeft = 0
        var connections = 0
        var seed: UInt64 = 1
        var serverAddress: String?
        var isLoopback = false
        var commandOutput = ""
        var commands: [[String]] = []
    }

    let loop: SimulatedLoop
    let environment = ["HOME": "/home/alice"]
    private let state = Mutex(State())
    private let server: Server
    private let agent: Server?
    private let readLimit: Int

    init(
        _ loop: SimulatedLoop, readLimit: Int = .max, agent: Server? = nil,
        _ server: @escaping Server
    ) {
        self.loop = loop
        self.readLimit = readLimit
        self.agent = agent
        self.server = server
    }

    var connections: Int { state.withLock { $0.connections } }

    /// The address at which every server is; nil behind a proxy.
    var serverAddress: String? {
        get { state.withLock(\.serverAddress) }
        set { state.withLock { $0.serverAddress = newValue } }
    }

    /// Whether that is this machine's own.
    var isLoopback: Bool {
        get { state.withLock(\.isLoopback) }
        set { state.withLock { $0.isLoopback = newValue } }
    }

    /// What each program prints, and the arguments of those that were run.
    var commandOutput: String {
        get { state.withLock(\.commandOutput) }
        set { state.withLock { $0.commandOutput = newValue } }
    }
    var commands: [[String]] { state.withLock(\.commands) }

    func failNextDials(_ count: Int) { state.withLock { $0.failuresLeft = count } }

    func setFile(_ path: String, _ content: [UInt8]) {
        state.withLock { $0.files[path] = FileContent(bytes: content) }
    }

    func file(_ path: String) -> String? {
        state.withLock { state in
            state.files[path].map { String(decoding: $0.bytes, as: UTF8.self) }
        }
    }

    func dial(_ request: DialRequest) async throws -> DialedConnection {
        let fails = state.withLock { state in
            state.connections += 1
            defer { state.failuresLeft = max(0, state.failuresLeft - 1) }
            return state.failuresLeft > 0
        }
        if fails {
            throw DialError.notConnected([
                .init(address: "192.0.2.1", error: SystemError(call: "connect", code: 111))
            ])
        }
        return DialedConnection(
            channel: connect(to: server), isLoopback: isLoopback, address: serverAddress)
    }

    func connectAgent(_ path: String) async throws -> any ByteChannel {
        guard let agent else { throw SystemError(call: "connect", code: 2) }
        return connect(to: agent)
    }

    private func connect(to server: @escaping Server) -> any ByteChannel {
        let (ours, theirs) = InMemoryPipe.makePair(loop: loop, readLimit: readLimit)
        loop.spawn { await server(theirs) }
        return ours
    }

    func readFile(_ path: String, limit: Int) throws(FileProblem) -> FileContent? {
        state.withLock { $0.files[path] }
    }

    func readFile(
        _ path: String, pieces body: (Bytes) throws(FileProblem) -> Void
    ) throws(FileProblem) -> Bool {
        guard let file = state.withLock({ $0.files[path] }) else { return false }
        for byte in file.bytes { try body([byte]) }
        return true
    }

    func output(of command: CommandRequest) async throws -> [UInt8] {
        state.withLock { state in
            state.commands.append(command.arguments)
            return Array(state.commandOutput.utf8)
        }
    }

    func fingerprintsInDNS(of host: String) async throws -> SSHFPRecords {
        throw LookupError("there is no DNS here")
    }

    func replaceFile(_ path: String, _ content: [UInt8]) throws(FileProblem) {
        state.withLock { $0.files[path] = FileContent(bytes: content) }
    }

    func appendLine(_ line: String, to path: String) throws(FileProblem) {
        state.withLock { state in
            let old = state.files[path]?.bytes ?? []
            state.files[path] = FileContent(bytes: old + Array((line + "\n").utf8))
        }
    }

    /// The first of June 2026.
    var secondsSince1970: UInt64 { 1_780_272_000 }

    /// The same numbers in every run (SplitMix64).
    var random: RandomSource {
        { count in
            (0..<count).map { _ in
                self.state.withLock { state in
                    state.seed &+= 0x9E37_79B9_7F4A_7C15
                    var mixed = state.seed
                    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
                    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
                    return UInt8(truncatingIfNeeded: mixed ^ (mixed >> 31))
                }
            }
        }
    }
}

/// One client and one server of ours, in memory and virtual time.
struct Simulation {
    let loop = SimulatedLoop()
    let world: SimulatedWorld
    var options: ClientOptions
    let prompter: ScriptedPrompter

    static let serverKey = Result { () throws -> PrivateKey in
        let text = try TestKeys.privateText("host-ed25519")
        return try PrivateKeyFile(Array(text.utf8).span).privateKey()
    }

    init(
        _ options: [String] = [], answers: [String] = ["correct horse"], readLimit: Int = .max,
        behaviour: MemoryServer.Behaviour = .init(),
        configure: (inout SSHServerConfiguration) -> Void = { _ in },
        agent: SimulatedWorld.Server? = nil,
        wrap: @escaping @Sendable (InMemoryPipe, SimulatedLoop) -> any ByteChannel = { pipe, _ in
            pipe
        }
    ) throws {
        var configuration = SSHServerConfiguration(hostKeys: [try Self.serverKey.get()])
        configure(&configuration)
        let (loop, fixed) = (loop, configuration)
        // The server's numbers must differ from the client's.
        let numbers = SimulatedWorld(loop) { _ in }
        _ = numbers.random(1000)
        let random = numbers.random
        world = SimulatedWorld(loop, readLimit: readLimit, agent: agent) { pipe in
            let server = MemoryServer(loop, wrap(pipe, loop), fixed, behaviour, random: random)
            await server.start()
        }
        self.options = try Self.options(options)
        prompter = ScriptedPrompter(answers)
    }

    /// A server that is none of ours.
    init(_ options: [String] = [], server: @escaping SimulatedWorld.Server) throws {
        world = SimulatedWorld(loop, server)
        self.options = try Self.options(options)
        prompter = ScriptedPrompter()
    }

    private static func options(_ options: [String]) throws -> ClientOptions {
        let local = LocalContext(userName: "alice", userID: 1000, homeDirectory: "/home/alice")
        let configuration = SSHConfiguration(
            commandLine: options + ["StrictHostKeyChecking=accept-new"], files: .none, local: local)
        return try configuration.resolve(host: "server.example")
    }

    /// Connects, lets `body` use the session, and closes it.
    @discardableResult
    func run<T: Sendable>(
        limit: Duration = .seconds(86_400),
        _ body: @escaping @Sendable (SSHSession) async throws -> T
    ) throws -> T {
        let (options, loop, world, prompter) = (options, loop, world, prompter)
        return try loop.run(limit: limit) {
            let session = try await SSHClient.connect(
                [options], loop: loop, world: world, prompter: prompter)
            do {
                let result = try await body(session)
                await session.close()
                return result
            } catch {
                await session.close()
                throw error
            }
        }
    }
}

/// Ends a stream after so many bytes, as a broken link does.
actor CutChannel: ByteChannel {
    private let loop: any EventLoop
    private let inner: any ByteChannel
    private var writable: Int

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    init(_ inner: any ByteChannel, loop: any EventLoop, after count: Int) {
        self.inner = inner
        self.loop = loop
        writable = count
    }

    func read() async throws -> Bytes? { try await inner.read() }

    func deliver(to receiver: any ByteReceiver) { deliver(to: receiver, by: loop) }

    nonisolated func enqueue(_ pieces: [Bytes]) throws -> Bool {
        try assumeIsolated { try $0.pass(pieces) }
    }

    private func pass(_ pieces: [Bytes]) throws -> Bool {
        var hasRoom = true
        for piece in pieces {
            let part = piece.prefix(writable)
            writable -= part.count
            hasRoom = try inner.enqueue([part])
            if part.count < piece.count || writable == 0 {
                loop.spawn { [inner] in await inner.close() }
                throw ChannelError.closedByPeer
            }
        }
        return hasRoom
    }

    func waitForRoom() async throws { try await inner.waitForRoom() }

    func finishWriting() async throws { try await inner.finishWriting() }

    func close() async { await inner.close() }
}
