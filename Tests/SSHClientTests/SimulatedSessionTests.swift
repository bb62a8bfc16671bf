// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHClient
import SSHProtocol
import Synchronization
import Testing
import Wire

/// The client against our own server core, in memory and virtual time.
@Suite struct SimulatedSessionTests {
    @Test(arguments: [1, 7, .max])
    func sessionIsTheSameHoweverTheStreamIsCut(_ readLimit: Int) throws {
        let simulation = try Simulation(readLimit: readLimit)
        try simulation.run { try await echo($0, size: readLimit == 1 ? 20_000 : 300_000) }
        #expect(simulation.prompter.questions == ["alice@server.example's password: "])
    }

    @Test(arguments: [false, true], [false, true])
    func sessionSurvivesNewKeysAtEveryPacket(_ byClient: Bool, _ compressed: Bool) throws {
        var options = byClient ? ["RekeyLimit=16"] : []
        if compressed { options.append("Compression=yes") }
        let simulation = try Simulation(options) {
            if !byClient { $0.rekey.bytes = 16 }
        }
        try simulation.run { try await echo($0, size: 200_000) }
    }

    @Test func runsAreRepeatable() throws {
        let lengths = try (0..<2).map { _ in
            let simulation = try Simulation()
            try simulation.run { session in
                try await echo(session, size: 50_000)
                try await session.loop.sleep(for: .seconds(5))
            }
            return "\(simulation.loop.now) \(simulation.loop.turn)"
        }
        #expect(lengths[0] == lengths[1])
    }

    @Test func wrongPasswordsAreAskedForAgainAndThenRefused() throws {
        let good = try Simulation(answers: ["wrong", "correct horse"])
        try good.run { try await echo($0, size: 10) }
        #expect(good.prompter.questions.count == 2)
        #expect(good.prompter.messages.contains("Permission denied, please try again."))

        let bad = try Simulation(["NumberOfPasswordPrompts=2"], answers: ["1", "2", "3"])
        #expect {
            try bad.run { _ in }
        } throws: { error in
            "\(error)".hasPrefix("alice@server.example port 22: Permission denied (")
        }
        #expect(bad.prompter.questions.count == 2)
    }

    @Test(arguments: [
        "BatchMode=yes", "PasswordAuthentication=no", "PreferredAuthentications=publickey",
    ])
    func passwordIsNotAskedForWhereNotWanted(_ option: String) throws {
        let simulation = try Simulation([option])
        #expect(throws: SSHClientError.self) { try simulation.run { _ in } }
        #expect(simulation.prompter.questions.isEmpty)
    }

    @Test func keyAndPasswordCanBothBeWanted() throws {
        var behaviour = MemoryServer.Behaviour()
        (behaviour.acceptsKeys, behaviour.wantsBoth) = (true, true)
        let simulation = try Simulation(["IdentityFile=/keys/one"], behaviour: behaviour)
        simulation.world.setFile(
            "/keys/one", Array(try TestKeys.privateText("user-ed25519").utf8))
        try simulation.run { try await echo($0, size: 10) }
        #expect(simulation.prompter.questions.count == 1)
    }

    @Test func newHostKeyIsWrittenOnceAndThenKnown() throws {
        let simulation = try Simulation(answers: ["correct horse", "correct horse"])
        try simulation.run { _ in }
        let known = try #require(simulation.world.file("/home/alice/.ssh/known_hosts"))
        #expect(known.hasPrefix("server.example ssh-ed25519 "))
        try simulation.run { _ in }
        #expect(simulation.world.file("/home/alice/.ssh/known_hosts") == known)
    }

    // MARK: Channels

    @Test func serverCannotSendMoreThanTheWindowAhead() throws {
        var behaviour = MemoryServer.Behaviour()
        let size = 40 << 20
        behaviour.greeting = [UInt8](repeating: 9, count: size)
        let sent = Counter()
        let simulation = try Simulation(
            behaviour: behaviour,
            wrap: { pipe, loop in CountingChannel(pipe, loop: loop, counter: sent) })
        try simulation.run { session in
            let channel = try await session.openSubsystem("echo")
            // Nothing is read: what comes stops at the window, and the connection stays alive.
            try await session.loop.sleep(for: .seconds(10))
            let window = Int(ChannelParameters().window)
            #expect(sent.value >= window && sent.value < window + window / 50)
            var count = 0
            while count < size, let bytes = try await channel.read() { count += bytes.count }
            #expect(count == size)
            await channel.close()
        }
    }

    @Test func writerWaitsForAServerThatDoesNotRead() throws {
        var behaviour = MemoryServer.Behaviour()
        behaviour.readsChannels = false
        let simulation = try Simulation(behaviour: behaviour)
        try simulation.run { session in
            let channel = try await session.openSubsystem("echo")
            let piece = [UInt8](repeating: 1, count: 1 << 20)
            let writer = Counter()
            let task = session.loop.spawn {
                while (try? await channel.write([piece[...]])) != nil { writer.add() }
            }
            try await session.loop.sleep(for: .seconds(5))
            let window = Int(ChannelParameters().window) >> 20
            let queue = SSHSession.sendQueueLimit >> 20
            #expect(writer.value >= window && writer.value <= window + queue + 1)
            // The end of the channel ends the wait.
            await channel.close()
            await task.value
        }
    }

    @Test func refusedChannelSaysWhyWithoutEscapes() throws {
        var behaviour = MemoryServer.Behaviour()
        behaviour.refusesSessions = true
        let simulation = try Simulation(behaviour: behaviour)
        try simulation.run { session in
            await #expect {
                _ = try await session.openSubsystem("echo")
            } throws: { error in
                "\(error)".contains("not \\u{1B}[1mtoday")
            }
        }
    }

    @Test func subsystemThatNeverStartsTimesOut() throws {
        var behaviour = MemoryServer.Behaviour()
        behaviour.answersSubsystems = false
        let simulation = try Simulation(behaviour: behaviour)
        try simulation.run { session in
            let start = session.loop.now
            await #expect {
                _ = try await session.openSubsystem("echo")
            } throws: { error in
                "\(error)" == "server.example port 22: timed out while opening a channel"
            }
            #expect(session.loop.now - start == .seconds(60))
        }
    }

    @Test func closingTheSessionEndsWhatWaits() throws {
        let simulation = try Simulation()
        try simulation.run { session in
            let channel = try await session.openSubsystem("echo")
            let reader = session.loop.spawn {
                await #expect(throws: SSHClientError.self) { try await channel.read() }
            }
            let watcher = session.loop.spawn {
                let reason = try? await session.waitUntilEnd()
                #expect(
                    reason.map { "\($0)" } == "server.example port 22: the connection was closed")
            }
            await session.close()
            await reader.value
            await watcher.value
            await #expect(throws: SSHClientError.self) { try await channel.write([[1]]) }
            await #expect(throws: SSHClientError.self) { try await session.openSubsystem("echo") }
            await channel.close()
        }
    }
}

/// Counts in a task.
private final class Counter: Sendable {
    private let state = Atomic(0)
    var value: Int { state.load(ordering: .relaxed) }
    func add(_ count: Int = 1) { state.add(count, ordering: .relaxed) }
}

/// Counts what is written.
private actor CountingChannel: ByteChannel {
    private let loop: any EventLoop
    private let inner: any ByteChannel
    private let counter: Counter

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    init(_ inner: any ByteChannel, loop: any EventLoop, counter: Counter) {
        (self.inner, self.loop, self.counter) = (inner, loop, counter)
    }

    func read() async throws -> Bytes? { try await inner.read() }

    func deliver(to receiver: any ByteReceiver) { deliver(to: receiver, by: loop) }

    nonisolated func enqueue(_ pieces: [Bytes]) throws -> Bool {
        for piece in pieces { counter.add(piece.count) }
        return try inner.enqueue(pieces)
    }

    func waitForRoom() async throws { try await inner.waitForRoom() }

    func finishWriting() async throws { try await inner.finishWriting() }

    func close() async { await inner.close() }
}
