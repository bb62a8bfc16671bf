// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalFiles
import SFTPProtocol
import SFTPServer
import SSHCrypto
import SSHProtocol
import Synchronization
import Testing
import Wire

@testable import SSHServer

/// One connection in virtual time, with a client in memory.
@Suite struct ConnectionTests {
    /// A server's settings with one key that lets in, the file of which goes with its object.
    private final class Setup: Sendable {
        let userKey: PrivateKey
        let settings: ServerSettings
        private let authorizedKeys: String
        private let lines = Lines()

        private final class Lines: Sendable {
            let value = Mutex<[String]>([])
        }

        init() throws {
            var template = Array("/var/tmp/hawser-keys.XXXXXX".utf8CString)
            let descriptor = unsafe mkstemp(&template)
            try #require(descriptor >= 0)
            Glibc.close(descriptor)
            authorizedKeys = String(
                decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
            let userKey = try Self.key()
            self.userKey = userKey
            let path = Array(authorizedKeys.utf8)[...]
            let line = "ssh-ed25519 \(Base64.encode(userKey.publicKey.blob))\n"
            try LocalFile(opening: path, flags: .write, permissions: 0)
                .write([Array(line.utf8)[...]], at: 0)
            let lines = lines
            settings = ServerSettings(
                ssh: SSHServerConfiguration(
                    hostKeys: [try Self.key()], authentication: .init(methods: [.publicKey])),
                login: LoginRules(userName: Array("me".utf8)[...], authorizedKeys: path),
                log: ServerLog(level: .info) { _, line in lines.value.withLock { $0.append(line) } }
            )
        }

        var log: [String] { lines.value.withLock { $0 } }

        static func key() throws -> PrivateKey {
            try PrivateKey.makeEd25519(
                seed: SecureRandom.secret(PrivateKey.ed25519SeedBytes), comment: "")
        }

        deinit { _ = unsafe unlink(authorizedKeys) }
    }

    /// A connection that is served, and its client.
    private struct Pair {
        let loop = SimulatedLoop()
        let connection: ServerConnection
        let client: MemoryClient
        let ending = Ending()

        final class Ending: Sendable {
            let value = Mutex<Admission.Ending?>(nil)
        }

        init(_ setup: Setup, user: String = "me", key: PrivateKey?) {
            let loop = loop
            let (near, far) = InMemoryPipe.makePair(loop: loop)
            let connection = ServerConnection(
                setup.settings, near,
                from: ClientAddress(text: "192.0.2.7", bytes: [192, 0, 2, 7], port: 4711),
                loop: loop)
            self.connection = connection
            let ending = ending
            loop.spawn {
                let value = await connection.serve()
                ending.value.withLock { $0 = value }
            }
            client = MemoryClient(loop, far, user: user, key: key)
            loop.runUntilIdle()
        }

        var ended: Admission.Ending? { ending.value.withLock { $0 } }
        func client<T: Sendable>(_ body: @Sendable (isolated MemoryClient) -> T) -> T {
            client.assumeIsolated(body)
        }
    }

    @Test func theKeyInTheFileLetsIn() throws {
        let setup = try Setup()
        let pair = Pair(setup, key: setup.userKey)
        #expect(pair.client { $0.isLoggedIn })
        #expect(
            setup.log.contains {
                $0.hasPrefix(
                    "Accepted publickey for me from 192.0.2.7 port 4711 ssh2: ED25519 SHA256:")
            })
        #expect(pair.ended == nil)
    }

    @Test func anUnknownUserIsAnsweredAsAKnownOneWithAnotherKey() throws {
        let setup = try Setup()
        let unknown = Pair(setup, user: "you", key: setup.userKey)
        let wrongKey = Pair(setup, key: try Setup.key())
        for pair in [unknown, wrongKey] {
            #expect(!pair.client { $0.isLoggedIn })
            pair.loop.advance(by: .seconds(5))
            #expect(pair.ended == .authenticationFailed)
        }
        #expect(unknown.client { $0.refusals } == wrongKey.client { $0.refusals })
        #expect(unknown.client { $0.end } == wrongKey.client { $0.end })
        #expect(setup.log.contains("Invalid user you from 192.0.2.7 port 4711"))
    }

    @Test func whoDoesNotLogInInTimeIsSentAway() throws {
        let setup = try Setup()
        let pair = Pair(setup, key: nil)
        pair.loop.advance(by: setup.settings.loginGraceTime - .seconds(1))
        #expect(pair.ended == nil)
        pair.loop.advance(by: .seconds(10))
        #expect(pair.ended == .tooSlow)
        #expect(setup.log.contains { $0.hasPrefix("Timeout before authentication") })
    }

    @Test func aClientThatAnswersMayBeIdleForEver() throws {
        let setup = try Setup()
        let pair = Pair(setup, key: setup.userKey)
        pair.loop.advance(by: .seconds(24 * 3600))
        #expect(pair.ended == nil)
    }

    @Test func aClientThatFallsSilentIsGivenUp() throws {
        let setup = try Setup()
        let pair = Pair(setup, key: setup.userKey)
        pair.client { $0.fallSilent() }
        pair.loop.advance(by: .seconds(600))
        #expect(pair.ended == .orderly)
        #expect(setup.log.contains { $0.hasPrefix("Timeout, client not responding from user me") })
    }

    @Test func commandsAreToldThatThereAreFilesOnly() throws {
        let setup = try Setup()
        let pair = Pair(setup, key: setup.userKey)
        pair.client { $0.open(.exec(command: "rm -rf /")) }
        pair.loop.runUntilIdle()
        let events = pair.client { $0.events }
        let text = Array("This service allows sftp connections only.\n".utf8)[...]
        #expect(events.contains(.data(text)))
        #expect(events.contains(.exitStatus(1)))
        #expect(events.last == .closed)
        #expect(pair.ended == nil)
    }

    @Test func stoppingEndsWhoHasNoFileOpen() throws {
        let setup = try Setup()
        let pair = Pair(setup, key: setup.userKey)
        pair.client { $0.open(.subsystem(name: "sftp")) }
        pair.loop.runUntilIdle()
        pair.connection.assumeIsolated { $0.stop() }
        pair.loop.advance(by: .seconds(3))
        #expect(pair.ended == .orderly)
        #expect(pair.client { $0.end } != nil)
    }
}
