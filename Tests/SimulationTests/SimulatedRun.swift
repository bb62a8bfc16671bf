// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RemoteFS
import SFTPClient
import SFTPProtocol
import SSHClient
import SSHConfig
import SSHCrypto
import SSHProtocol

/// A whole mount without its kernel, and a server, over a network that breaks: all of it on one
/// simulated loop, and decided by one seed.
struct SimulatedRun {
    /// When a run begins, in seconds since 1970: the first of June 2026.
    private static let beginning: UInt32 = 1_780_272_000
    /// How many programs work in the mount.
    private static let programs = 3
    /// How many operations each of them makes.
    private static let operations = 60
    /// For how long a run may go on: far longer than all operations may wait together.
    private static let limit = Duration.seconds(3600 * 24)

    let seed: UInt64
    let trace = Trace()
    private let loop = SimulatedLoop()
    private let numbers: SeededNumbers
    private let weather: SimulatedWeather
    private let tree: SimulatedTree
    private let sessions = SimulatedSessions()
    /// How often the mount has connected to the server; further connections beside one do not count.
    private let dials = Counter()

    init(seed: UInt64) {
        self.seed = seed
        numbers = SeededNumbers(seed: seed)
        weather = SimulatedWeather(numbers)
        tree = SimulatedTree { [loop] in Self.beginning + UInt32(loop.now.components.seconds) }
    }

    /// Runs it to its end; what must not happen stands in the ``trace``.
    func run() throws {
        trace.note("seed \(seed): \(weather)")
        for program in 0..<Self.programs {
            try tree.makeDirectory(Array("w\(program)".utf8)[...], permissions: 0o755)
        }
        try tree.makeDirectory(SimulatedProgram.sharedDirectory[...], permissions: 0o755)
        try SimulatedArchive.make(in: tree, mtime: Self.beginning - 1_000_000)
        let network = try network()
        let machine = SimulatedMachine(network, numbers.branch())
        do {
            try loop.run(limit: Self.limit) { [self] in try await work(machine, network) }
        } catch {
            trace.violation("the run did not end: \(error)")
        }
    }

    private func network() throws -> SimulatedNetwork {
        let chance = numbers.branch()
        let configurations = (
            server: try configuration(HostKey.server, chance),
            other: try configuration(HostKey.other, chance)
        )
        let (loop, tree, trace, weather, sessions) = (loop, tree, trace, weather, sessions)
        return SimulatedNetwork(loop, numbers.branch(), weather) { pipe, isOther in
            let server = SimulatedServer(
                loop, pipe, isOther ? configurations.other : configurations.server,
                sessions, chance.branch(), weather
            ) {
                SimulatedSession(
                    tree, number: sessions.nextNumber(), weather.faults, chance.branch(),
                    note: trace.violation)
            }
            await server.run(isOther: isOther, note: trace.violation)
        }
    }

    private func configuration(
        _ key: Result<PrivateKey, any Error>, _ chance: SeededNumbers
    ) throws -> SSHServerConfiguration {
        var configuration = SSHServerConfiguration(hostKeys: [try key.get()])
        if weather.rekeysOften {
            configuration.rekey.bytes = 16 << 10 + UInt64(chance.below(40_000))
        }
        if let window = weather.window { configuration.channels.window = window }
        return configuration
    }

    private func work(_ machine: SimulatedMachine, _ network: SimulatedNetwork) async throws {
        let fileSystem = try await fileSystem(machine)
        let isOver = Counter()
        if weather.hasRival {
            let rival = SimulatedRival(tree, numbers.branch(), loop)
            loop.spawn { await rival.run(programs: Self.programs, until: isOver) }
        }
        if weather.breaks { breakThings(of: network, until: isOver) }
        await withTaskGroup { group in
            for index in 0..<Self.programs {
                let program = SimulatedProgram(
                    index, fileSystem, tree, numbers.branch(), trace, loop, weather)
                group.addTask { await program.run(Self.operations) }
            }
        }
        _ = isOver.next()
        await network.heal()
        await checkLeftovers(fileSystem)
        await fileSystem.disconnect()
    }

    /// Nothing is kept of what has been closed, and no connection is lost that nothing broke.
    private func checkLeftovers(_ fileSystem: RemoteFS) async {
        let usage = await fileSystem.usage
        if usage.openFiles + usage.openDirectories > 0 {
            trace.violation(
                "\(usage.openFiles) files and \(usage.openDirectories) directories are open")
        }
        // A session that is held up for long is given up, too.
        if !weather.breaks, !weather.sticks, dials.value > 1 {
            trace.violation("connected \(dials.value) times, though nothing broke")
        }
    }

    private func breakThings(of network: SimulatedNetwork, until isOver: Counter) {
        let pauses = numbers.branch()
        loop.spawn { [loop] in
            while isOver.value == 0 {
                try? await loop.sleep(for: .milliseconds(20 + pauses.below(4_000)))
                if isOver.value == 0 { await network.breakSomething() }
            }
        }
    }

    private func fileSystem(_ machine: SimulatedMachine) async throws -> RemoteFS {
        let options = try clientOptions()
        let terms = weather.widensAtOnce ? Self.lowTerms : nil
        // Often the further channels are on further connections.
        let limit = weather.rekeysOften ? 1 : 3
        let dial: ServerLink.Dialer = { [loop, dials] generation, _ in
            _ = dials.next()
            return try await Self.connect(options, generation, loop, machine, terms, limit)
        }
        let (trace, random) = (trace, numbers.branch())
        var first: ServerLink.Connection?
        while first == nil { first = try? await dial(0, 0) }
        guard let first else { preconditionFailure("no connection after all") }
        var linkOptions = LinkOptions(
            random: { UInt32(truncatingIfNeeded: random.next()) }, log: { trace.note($0) })
        linkOptions.timeout = weather.patience
        var fileSystemOptions = RemoteFSOptions(
            wallClock: { [loop] in Int64(Self.beginning) + loop.now.components.seconds },
            log: { trace.note($0) })
        fileSystemOptions.rootPath = Array("/".utf8)
        return RemoteFS(
            link: ServerLink(first, options: linkOptions, loop: loop, dial: dial),
            options: fileSystemOptions, loop: loop)
    }

    private static func connect(
        _ options: ClientOptions, _ generation: UInt64, _ loop: SimulatedLoop,
        _ machine: SimulatedMachine, _ terms: FurtherChannels.Terms?,
        _ limit: Int
    ) async throws -> ServerLink.Connection {
        do {
            let session = try await SSHClient.connect(
                [options], loop: loop, world: machine, prompter: SimulatedUser())
            do {
                let channel = try await session.open(.subsystem("sftp"))
                let request = machine.nextSession()
                let client = try await SFTPClient.open(
                    over: channel, generation: generation, session: request, loop: loop)
                machine.note(client.sessionAnswer, to: request)
                let sessions = FurtherSessions(
                    beside: session, limit: limit,
                    memory: machine.furtherSessions, loop: loop, log: { _ in }
                ) {
                    try await SSHClient.connect(
                        [options], loop: loop, world: machine, prompter: SimulatedUser())
                }
                return ServerLink.Connection(
                    client: client,
                    furtherChannels: terms.map { terms in
                        FurtherChannels(
                            beside: client, terms: terms, memory: machine.furtherChannels,
                            loop: loop,
                            onClose: { isLost in
                                loop.spawn {
                                    await isLost ? sessions.abandon() : sessions.close()
                                }
                            }
                        ) {
                            try await Self.openFurther(sessions.next(), generation, loop, machine)
                        }
                    }, lastReceived: { session.assumeIsolated { $0.lastReceived } },
                    ask: { session.assumeIsolated { $0.askForLife() } },
                    close: {
                        await channel.close()
                        await session.finish()
                        await sessions.end()
                    },
                    abandon: {
                        await session.abandon()
                        await sessions.abandon()
                    })
            } catch {
                await session.close()
                throw error
            }
        } catch SSHClientError.notConnected(let endpoint, _) {
            throw LinkFailure(.unreachable, "\(endpoint)")
        } catch SSHClientError.hostKeyRefused(let endpoint, _) {
            throw LinkFailure(.hostKey, "\(endpoint)")
        }
    }

    /// Terms by which even what the programs here write is worth several channels.
    private static var lowTerms: FurtherChannels.Terms {
        var terms = FurtherChannels.Terms()
        terms.channelWindow = 100
        terms.leastRoundTrip = .nanoseconds(1)
        return terms
    }

    private static func openFurther(
        _ session: SSHSession, _ generation: UInt64, _ loop: SimulatedLoop,
        _ machine: SimulatedMachine
    ) async throws -> SFTPClient {
        let channel = try await session.open(.subsystem("sftp"))
        let request = machine.furtherSession()
        let client = try await SFTPClient.open(
            over: channel, generation: generation, session: request, loop: loop)
        machine.note(client.sessionAnswer, to: request)
        return client
    }

    private func clientOptions() throws -> ClientOptions {
        var lines = [
            "StrictHostKeyChecking=accept-new", "WarnWeakCrypto=no", "IdentityAgent=none",
            "PreferredAuthentications=password", "ConnectTimeout=10",
        ]
        if weather.rekeysOften { lines.append("RekeyLimit=48K") }
        let local = LocalContext(userName: "alice", userID: 1000, homeDirectory: "/home/alice")
        return try SSHConfiguration(commandLine: lines, files: .none, local: local)
            .resolve(host: "server.example")
    }
}
