// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHCrypto
import SSHProtocol
import Testing
import Wire

@testable import SSHServer

/// One connection in virtual time, with a client in memory.
@Suite struct ConnectionTests {
    @Test func theKeyInTheFileLetsIn() throws {
        let setup = try Setup()
        let pair = ServedClient(setup, key: setup.userKey)
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
        let unknown = ServedClient(setup, user: "you", key: setup.userKey)
        let wrongKey = ServedClient(setup, key: try Setup.key())
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
        let pair = ServedClient(setup, key: nil)
        pair.loop.advance(by: setup.settings.loginGraceTime - .seconds(1))
        #expect(pair.ended == nil)
        pair.loop.advance(by: .seconds(10))
        #expect(pair.ended == .tooSlow)
        #expect(setup.log.contains { $0.hasPrefix("Timeout before authentication") })
    }

    @Test func aClientThatAnswersMayBeIdleForEver() throws {
        let setup = try Setup()
        let pair = ServedClient(setup, key: setup.userKey)
        pair.loop.advance(by: .seconds(24 * 3600))
        #expect(pair.ended == nil)
    }

    @Test func aClientThatFallsSilentIsGivenUp() throws {
        let setup = try Setup()
        let pair = ServedClient(setup, key: setup.userKey)
        pair.client { $0.fallSilent() }
        pair.loop.advance(by: .seconds(600))
        #expect(pair.ended == .orderly)
        #expect(setup.log.contains { $0.hasPrefix("Timeout, client not responding from user me") })
    }

    @Test func commandsAreToldThatThereAreFilesOnly() throws {
        let setup = try Setup()
        let pair = ServedClient(setup, key: setup.userKey)
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
        let pair = ServedClient(setup, key: setup.userKey)
        pair.client { $0.open(.subsystem(name: "sftp")) }
        pair.loop.runUntilIdle()
        pair.connection.assumeIsolated { $0.stop() }
        pair.loop.advance(by: .seconds(3))
        #expect(pair.ended == .orderly)
        #expect(pair.client { $0.end } != nil)
    }
}
