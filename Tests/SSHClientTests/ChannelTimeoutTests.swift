// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHClient
import Testing

/// Channels on which nothing comes or goes (`ChannelTimeout`), in virtual time.
@Suite struct ChannelTimeoutTests {
    @Test(arguments: [
        "session=30", "session:subsystem:echo=30", "session:*=30", "global=30",
        "direct-tcpip=5 session=30 global=1h", "session=1h global=30", "*=1h global=30",
    ])
    func channelWithoutDataIsClosedInTime(_ value: String) throws {
        let simulation = try Simulation(["ChannelTimeout=\(value)"])
        try simulation.run { session in
            let loop = session.loop
            let channel = try await session.openSubsystem("echo")
            // What comes and goes keeps it open.
            for _ in 0..<5 {
                try await loop.sleep(for: .seconds(20))
                try await channel.write([[1]])
                #expect(try await channel.read() == [1])
            }
            let start = loop.now
            await #expect {
                _ = try await channel.read()
            } throws: { error in
                "\(error)"
                    == "server.example port 22: the subsystem \"echo\" was closed after 30 seconds "
                    + "without data (ChannelTimeout)"
            }
            #expect(loop.now - start == .seconds(30))
            await #expect(throws: (any Error).self) { try await channel.write([[1]]) }
            await channel.close()
            // The connection is as good as before.
            try await echo(session, size: 1000)
        }
    }

    @Test(arguments: [
        "none", "session=0", "session:command=5", "session:subsystem:sftp=5", "direct-tcpip=5",
        "agent-connection=5", "session:subsystem:echo=0 session=5", "global=0",
    ])
    func otherChannelsStayOpen(_ value: String) throws {
        let simulation = try Simulation(["ChannelTimeout=\(value)"])
        try simulation.run { session in
            let channel = try await session.openSubsystem("echo")
            try await session.loop.sleep(for: .seconds(36_000))
            try await channel.write([[1]])
            #expect(try await channel.read() == [1])
            await channel.close()
        }
    }

    /// Data on one channel keeps all of them, as far as `global` is concerned.
    @Test func dataOnOneChannelCountsForAll() throws {
        let simulation = try Simulation(["ChannelTimeout=global=30"])
        try simulation.run { session in
            let quiet = try await session.openSubsystem("echo")
            let busy = try await session.openSubsystem("echo")
            for _ in 0..<10 {
                try await session.loop.sleep(for: .seconds(20))
                try await busy.write([[1]])
                #expect(try await busy.read() == [1])
            }
            try await quiet.write([[2]])
            #expect(try await quiet.read() == [2])
            try await session.loop.sleep(for: .seconds(31))
            for channel in [quiet, busy] {
                await #expect(throws: SSHClientError.self) { _ = try await channel.read() }
                await channel.close()
            }
        }
    }
}
