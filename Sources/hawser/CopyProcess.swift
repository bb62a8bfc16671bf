// SPDX-License-Identifier: Apache-2.0

import CopyEngine
import EventLoop
import Glibc
import MountOptions
import SFTPClient
import SSHClient
import SSHConfig
import Wire

/// Makes the connections of a copy, copies, and says how it went.
actor CopyProcess {
    /// scp's exit status where a connection could not be made.
    private static let connectionStatus: CInt = 255
    /// How long a copy that is interrupted may take to clean up behind itself.
    private static let cleanUpTime = Duration.seconds(3)
    /// How long the end of a connection may take.
    private static let goodbyeTime = Duration.seconds(1)

    private let loop: EpollLoop
    private let command: Copy
    private let prompter: TerminalPrompter
    private let engine: CopyEngine
    private let meter: CopyMeter
    private var clients: [CopyArgument.Host?: RemoteStore] = [:]
    private var closings: [@Sendable () async -> Void] = []
    private var signal: CInt?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    private init(_ options: CopyOptions, _ command: Copy, _ loop: EpollLoop) {
        self.loop = loop
        self.command = command
        prompter = TerminalPrompter(loop: loop, environment: LocalContext.environmentVariables)
        meter = CopyMeter(isQuiet: command.isQuiet, writesJSON: command.json)
        engine = CopyEngine(options: options, observer: meter, loop: loop)
    }

    /// Copies the first arguments to the last.
    ///
    /// - Returns: the exit status.
    static func run(
        _ arguments: [CopyArgument], options: CopyOptions, connection command: Copy
    ) -> CInt {
        Glibc.signal(SIGPIPE, SIG_IGN)
        do {
            let loop = try EpollLoop()
            let process = CopyProcess(options, command, loop)
            try loop.handleSignals([SIGINT, SIGTERM, SIGHUP, SIGUSR1]) { signal in
                process.assumeIsolated { $0.take(signal) }
            }
            return try loop.run { await process.run(arguments) }
        } catch {
            complain("\(error)")
            return 1
        }
    }

    private func take(_ signal: CInt) {
        if signal == SIGUSR1 { return meter.tellState(engine.assumeIsolated { $0.progress }) }
        if self.signal != nil || clients.isEmpty { exit(signal) }
        self.signal = signal
        engine.assumeIsolated { $0.stop() }
        _ = loop.schedule(at: loop.now + Self.cleanUpTime) {
            self.assumeIsolated { $0.exit(signal) }
        }
    }

    /// Ends as a program that the signal has ended, as far as its caller sees.
    private func exit(_ signal: CInt) {
        prompter.restoreTerminal()
        meter.finish(engine.assumeIsolated { $0.progress })
        Glibc.exit(128 + signal)
    }

    private func run(_ arguments: [CopyArgument]) async -> CInt {
        var operands: [CopyOperand] = []
        do {
            for argument in arguments { operands.append(try await operand(argument)) }
        } catch {
            meter.say("\(error)")
            await hangUp()
            return Self.connectionStatus
        }
        guard let target = operands.popLast() else { return 1 }
        showProgress()
        await engine.copy(operands, to: target)
        let progress = await engine.progress
        meter.finish(progress)
        if let signal {
            meter.say("interrupted; the same command with --skip-existing copies what is missing")
            await hangUp()
            return 128 + signal
        }
        await hangUp()
        return progress.problems == 0 ? 0 : 1
    }

    private func showProgress() {
        _ = loop.schedule(at: loop.now + meter.interval) {
            self.assumeIsolated { process in
                guard !process.meter.isFinished else { return }
                process.meter.draw(
                    process.engine.assumeIsolated { $0.progress }, now: process.loop.now)
                process.showProgress()
            }
        }
    }

    // MARK: Connections

    private func operand(_ argument: CopyArgument) async throws -> CopyOperand {
        guard argument.host != nil else {
            let path = argument.path.isEmpty ? Array(".".utf8) : argument.path
            return CopyOperand(store: LocalStore(loop: loop), path: path[...])
        }
        let store = try await store(on: argument)
        do {
            let path = try await store.expand(argument.path[...])
            return CopyOperand(store: store, path: path, label: argument.label)
        } catch {
            throw MountProblem(
                "\(argument.label)\(String(keepingBytesOf: argument.path)): \(error)")
        }
    }

    private func store(on argument: CopyArgument) async throws -> RemoteStore {
        // One program serves for all hosts.
        let key = command.serverProgram == nil ? argument.host : nil
        if let store = clients[key] { return store }
        let store = RemoteStore(client: try await connect(argument))
        clients[key] = store
        return store
    }

    private func connect(_ argument: CopyArgument) async throws -> SFTPClient {
        let world = SystemWorld(loop: loop, environment: LocalContext.environmentVariables)
        if let program = command.serverProgram {
            let channel = try await world.connect(to: .program([program])) { [meter] in
                meter.say($0)
            }
            return try await SFTPClient.open(over: channel, loop: loop)
        }
        guard let host = argument.host else { preconditionFailure("a connection to nowhere") }
        let dialing = Dialing(
            options: try mountOptions(for: host), world: world, loop: loop, prompter: prompter,
            memory: DialingMemory())
        let connection = try await Connection.open(dialing)
        closings.append { await connection.close() }
        return connection.client
    }

    /// The connection, as a mount would make it.
    private func mountOptions(for host: CopyArgument.Host) throws -> MountOptions {
        let login = (host.user.map { "\($0)@" } ?? "") + host.bracketedName
        var options = MountOptions(
            source: try RemoteSource(parsing: login + ":"), mountPoint: "",
            sshKeywords: SSHConfiguration.keywords)
        options.sshConfigFile = command.configFile
        options.sshOptions = command.connectionOptions(to: host).map {
            MountOptions.SSHOption(name: $0.name, value: $0.value)
        }
        if let program = command.sshProgram { options.transport = .program([program]) }
        return options
    }

    private func hangUp() async {
        let closings = closings
        try? await loop.withTimeout(Self.goodbyeTime) {
            for close in closings { await close() }
        }
    }
}
