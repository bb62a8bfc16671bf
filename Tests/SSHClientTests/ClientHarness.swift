// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalSFTPServer
import SSHClient
import SSHConfig
import SSHCrypto
import Synchronization
import Testing
import Wire

/// Answers from a list, and remembers what was asked and shown.
final class ScriptedPrompter: Prompter {
    private struct State {
        var answers: [String]
        var questions: [Question] = []
        var messages: [String] = []
    }
    private let state: Mutex<State>

    init(_ answers: [String] = []) { state = Mutex(State(answers: answers)) }

    var questions: [String] { state.withLock { $0.questions.map(\.text) } }
    var kinds: [Question.Kind] { state.withLock { $0.questions.map(\.kind) } }
    var messages: [String] { state.withLock { $0.messages } }
    var transcript: String { (questions + messages).joined(separator: "\n") }

    func answer(to question: Question) async -> Secret? {
        state.withLock { state in
            state.questions.append(question)
            return state.answers.isEmpty ? nil : Secret(copying: state.answers.removeFirst().utf8)
        }
    }

    func show(_ message: String, level: LogLevel) {
        state.withLock { $0.messages.append(message) }
    }
}

/// Connects as a test wants it: everything from `-o` options, nothing from this machine's files.
struct ClientHarness {
    let loop: EpollLoop
    let home: Sandbox

    init() throws {
        loop = try EpollLoop()
        home = try Sandbox()
    }

    /// The name that the tests run under.
    static let user = Result { try run("id", "-un").output.dropLast() }

    func options(_ port: UInt16, _ options: [String]) throws -> ClientOptions {
        let local = LocalContext(
            userName: String(try Self.user.get()), userID: getuid(), homeDirectory: home.path)
        // What no test is about should not be in its transcript; an earlier option wins.
        let configuration = SSHConfiguration(
            commandLine: options + ["WarnWeakCrypto=no"], files: .none, local: local)
        return try configuration.resolve(host: "127.0.0.1", port: port)
    }

    /// The options for a server whose key need not be known, with a key that it takes.
    func trusting(_ port: UInt16, _ more: [String] = []) throws -> ClientOptions {
        try options(
            port,
            more + [
                "IdentityFile=\(try TestKeys.path("user-ed25519"))", "StrictHostKeyChecking=no",
                "UserKnownHostsFile=/dev/null", "GlobalKnownHostsFile=/dev/null",
                "IdentityAgent=none",
            ])
    }

    /// Connects, lets `body` use the session, and closes it.
    @discardableResult
    func connect<T: Sendable>(
        _ options: ClientOptions, through hops: [ClientOptions] = [],
        _ prompter: any Prompter = SilentPrompter(), world: SystemWorld? = nil,
        _ body: @escaping @Sendable (SSHSession) async throws -> T
    ) throws -> T {
        let (loop, world) = (loop, world ?? SystemWorld(loop: loop))
        defer { reapPrograms() }
        return try loop.run {
            let session = try await SSHClient.connect(
                hops + [options], loop: loop, world: world, prompter: prompter)
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

    /// Waits for the programs that led to a server: nobody would reap them once the loop rests.
    func reapPrograms() {
        let loop = loop
        try? loop.run {
            try await loop.withTimeout(.seconds(10)) { try await loop.waitForPrograms() }
        }
    }

    /// Connects and has some bytes sent back.
    func connectAndEcho(
        _ options: ClientOptions, through hops: [ClientOptions] = [],
        _ prompter: any Prompter = SilentPrompter(), size: Int = 100_000
    ) throws {
        try connect(options, through: hops, prompter) { session in
            try await echo(session, size: size)
        }
    }
}

/// Sends `size` bytes to the `echo` subsystem while reading them back, and compares.
func echo(_ session: SSHSession, size: Int) async throws {
    let channel = try await session.openSubsystem("echo")
    let sent = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
    let loop = session.loop
    let writer = loop.spawn {
        do {
            for start in stride(from: 0, to: size, by: 50_000) {
                try await channel.write([sent[start..<min(size, start + 50_000)]])
            }
            try await channel.finishWriting()
        } catch {
            Issue.record(error)
        }
    }
    var received: [UInt8] = []
    while let bytes = try await channel.read() { received += bytes }
    await writer.value
    #expect(received == sent)
    await channel.close()
}
