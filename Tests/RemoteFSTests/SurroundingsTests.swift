// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Testing

@testable import RemoteFS

/// What a change of this machine's network means to a link, and a server that says nothing.
@Suite struct SurroundingsTests {
    private static let answer: FakeServer.Answer = { request in
        switch request {
        case .lstat, .stat: file()
        default: ok
        }
    }

    private static func noteChange(_ fileSystem: RemoteFS) async {
        await fileSystem.serverLink.noteChangeOfNetwork()
    }

    @Test func asksAtOnceAfterAChangeThoughNothingWaits() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            try await network.fallSilent()
            await Self.noteChange(fileSystem)
            #expect(await network.questions == 1)
            try await network.loop.sleep(for: .seconds(4))
            // Nobody has answered: there is another connection by now.
            #expect(await network.servers.count == 2)
            #expect(await !fileSystem.isCutOff)
        }
    }

    @Test func keepsAConnectionThatAnswersAfterAChange() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            await Self.noteChange(fileSystem)
            try await network.loop.sleep(for: .milliseconds(100))
            _ = try await fileSystem.find("f")
            try await network.loop.sleep(for: .seconds(60))
            #expect(await network.servers.count == 1)
            #expect(await network.questions == 1)
        }
    }

    @Test func asksAtMostOnceASecondHoweverOftenTheNetworkChanges() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            for _ in 0..<50 {
                await Self.noteChange(fileSystem)
                try await network.loop.sleep(for: .milliseconds(100))
                _ = try await fileSystem.find("f")
            }
            #expect((3...6).contains(await network.questions))
            #expect(await network.servers.count == 1)
        }
    }

    @Test func connectsAtOnceAfterAChange() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            await network.refuse(LinkFailure(.unreachable, "no route"))
            await network.cut()
            try await network.loop.sleep(for: .seconds(100))
            await network.refuse(nil)
            let before = await network.attempts.count
            // No two attempts are less than a second apart.
            try await network.loop.sleep(for: .milliseconds(10))
            await Self.noteChange(fileSystem)
            try await network.loop.sleep(for: .seconds(1))
            #expect(await network.attempts.count == before + 1)
            #expect(await !fileSystem.isCutOff)
        }
    }

    /// Its pauses are for its sake: our network has nothing to do with them.
    @Test func leavesAServerAloneThatRefusesUs() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            await network.refuse(LinkFailure(.refused, "too many"))
            await network.cut()
            try await network.loop.sleep(for: .seconds(100))
            let before = await network.attempts.count
            for _ in 0..<10 {
                await Self.noteChange(fileSystem)
                try await network.loop.sleep(for: .milliseconds(100))
            }
            #expect(await network.attempts.count <= before + 1)
        }
    }

    /// A server that carries one request out after the other, and never ends one of them: what waits
    /// behind it is asked again, and that one fails in the end.
    @Test func connectsAgainWhereTheSFTPServerSaysNothing() throws {
        try simulateLink { request in
            if case .lstat(let path) = request, path == bytes("/srv/stuck")[...] {
                nil
            } else {
                Self.answer(request)
            }
        } body: { fileSystem, network in
            let keepingAlive = network.loop.spawn {
                // The connection itself is alive.
                while !Task.isCancelled {
                    await network.giveSignOfLife()
                    try? await network.loop.sleep(for: .seconds(1))
                }
            }
            let (time, result) = await network.loop.timed {
                try await fileSystem.find("stuck")
            }
            #expect(throws: Errno.ETIMEDOUT) { try result.get() }
            #expect((.seconds(120)...(.seconds(190))).contains(time))
            _ = try await fileSystem.find("f")
            keepingAlive.cancel()
        }
    }
}
