// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHCrypto
import Testing
import Wire

@testable import SSHServer

/// Messages of every type, at each step on the way in: none lets a client in or has anything done for
/// it, and what ends the connection is logged.
@Suite struct MessageTableTests {
    /// A body for each type: one that makes sense where that could do harm.
    private static func payload(_ type: UInt8) -> [UInt8] {
        var writer = WireWriter()
        writer.write(type)
        switch type {
        case 5: writer.writeString("ssh-connection")
        case 50:
            for text in ["me", "ssh-connection", "none"] { writer.writeString(text) }
        case 80:
            writer.writeString("tcpip-forward")
            writer.write(UInt8(1))
            writer.writeString("127.0.0.1")
            writer.write(UInt32(0))
        case 90:
            writer.writeString("session")
            for number in [0, 1 << 20, 1 << 15] as [UInt32] { writer.write(number) }
        case 94:
            writer.write(UInt32(0))
            // An INIT.
            writer.writeString([0, 0, 0, 5, 1, 0, 0, 0, 3] as [UInt8])
        case 98:
            writer.write(UInt32(0))
            writer.writeString("subsystem")
            writer.write(UInt8(1))
            writer.writeString("sftp")
        default: writer.writeBytes([UInt8](repeating: 0, count: 40))
        }
        return writer.bytes
    }

    private func client(_ setup: Setup, at step: MemoryClient.Step) -> ServedClient {
        let served = ServedClient(setup, key: setup.userKey, stopsAt: step)
        if step == .identification {
            served.client { $0.send(bytes: Array("SSH-2.0-test\r\n".utf8)) }
            served.loop.runUntilIdle()
        }
        return served
    }

    @Test(arguments: MemoryClient.Step.allCases.filter { $0 != .never })
    func noMessageGoesPastTheLogin(step: MemoryClient.Step) throws {
        for type in UInt8.min...UInt8.max {
            let setup = try Setup()
            let served = client(setup, at: step)
            // Some have to follow another to be of use.
            for payload in [type, 90, 98, 94].map(Self.payload) {
                served.client { $0.send(payload: payload) }
                served.loop.runUntilIdle()
            }
            let (user, channelCount, hasEnded) = served.connection.assumeIsolated {
                ($0.user, $0.channels.count, $0.hasEnded)
            }
            #expect(user == nil, "type \(type)")
            #expect(channelCount == 0, "type \(type)")
            #expect(hasEnded, "a session's channel before the login, and type \(type)")
            let log = setup.log
            #expect(!log.contains { $0.hasPrefix("Accepted") || $0.hasPrefix("Starting session") })
            #expect(log.contains { $0.hasSuffix("[preauth]") }, "type \(type): \(log)")
        }
    }

    @Test func whateverAUserSendsIsForFilesOnlyAndLoggedWhereItEndsTheConnection() throws {
        let setup = try Setup()
        var served = client(setup, at: .never)
        for type in UInt8.min...UInt8.max {
            served.client { $0.send(payload: Self.payload(type)) }
            served.loop.runUntilIdle()
            let hasEnded = served.connection.assumeIsolated { $0.hasEnded }
            if hasEnded {
                let end = ["Disconnecting user me", "Disconnected from user me"]
                let log = setup.log
                #expect(
                    log.contains { line in end.contains { line.hasPrefix($0) } },
                    "type \(type): \(log)")
                served = client(setup, at: .never)
            }
            #expect(!setup.log.contains { $0.contains("forward") })
        }
    }
}
