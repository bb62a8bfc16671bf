// SPDX-License-Identifier: Apache-2.0

import CopyEngine
import EventLoop
import Glibc
import SSHClient
import SSHConfig

/// Makes the connections of a copy, copies, and says how it went.
actor CopyProcess {
    /// scp's exit status where a connection could not be made.
    private static let connectionStatus: CInt = 255
    /// How long a copy that is interrupted may take to clean up behind itself.
    private static let cleanUpTime = Duration.seconds(3)
    /// How long the end of a connection may take.
    private static let goodbyeTime = Duration.seconds(1)

    let loop: EpollLoop
    let command: Copy
    let prompter: TerminalPrompter
    private let engine: CopyEngine
    let meter: CopyMeter
    var stores: [CopyArgument.Host?: RemoteStore] = [:]
    var closings: [@Sendable () async -> Void] = []
    private var signal: CInt?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    init(_ options: CopyOptions, _ command: Copy, _ loop: EpollLoop) {
        self.loop = loop
        self.command = command
        prompter = TerminalPrompter(loop: loop, environment: LocalContext.environmentVariables)
        meter = CopyMeter(isQuiet: command.isQuiet, writesJSON: command.json, now: loop.now)
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
            let loop = try EpollLoop(threadPatience: .seconds(1))
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
        if self.signal != nil || stores.isEmpty { exit(signal) }
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
        meter.tellHowToGoOn(engine.assumeIsolated { $0.progress }, isInterrupted: true)
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
        meter.tellHowToGoOn(progress, isInterrupted: signal != nil)
        if let signal {
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

    func hangUp() async {
        let closings = closings
        try? await loop.withTimeout(Self.goodbyeTime) {
            for close in closings { await close() }
        }
    }
}
