// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Testing

@testable import RemoteFS

/// What a user can order of a link and of a file system.
@Suite struct LinkOrderTests {
    private static let answer: FakeServer.Answer = { request in
        switch request {
        case .lstat, .stat, .fstat: file()
        case .open: handle
        // An error is an answer as well.
        case .realpath: failure
        default: ok
        }
    }

    private static func link(of fileSystem: RemoteFS) async -> ServerLink {
        await fileSystem.serverLink
    }

    @Test func keepsAConnectionOnWhichTheServerAnswers() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            let link = await Self.link(of: fileSystem)
            let result = try await link.reconnect()
            #expect(result == .wasConnected)
            #expect(await network.attempts.count == 1)
        }
    }

    @Test func givesUpAConnectionOnWhichNobodyAnswers() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            let link = await Self.link(of: fileSystem)
            try await network.fallSilent()
            let (time, result) = await network.loop.timed { try await link.reconnect() }
            #expect(try result.get() == .isConnected)
            #expect(time == .seconds(5))
            #expect(await network.servers.count == 2)
        }
    }

    @Test func connectsAtOnceHoweverLongThePauseIs() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            let link = await Self.link(of: fileSystem)
            await network.refuse(LinkFailure(.refused, "too many"))
            await network.cut()
            try await network.loop.sleep(for: .seconds(100))
            let refusal = try await link.reconnect()
            #expect(refusal == .failed("too many"))
            #expect(await link.lastFailure?.description == "too many")
            await network.refuse(nil)
            let (time, result) = await network.loop.timed { try await link.reconnect() }
            #expect(try result.get() == .isConnected)
            #expect(time == .zero)
            #expect(await link.lastFailure == nil)
        }
    }

    @Test(arguments: [LinkFailure.Kind.login, .hostKey])
    func connectsAtOnceWhereItHadStopped(kind: LinkFailure.Kind) throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            let link = await Self.link(of: fileSystem)
            await network.refuse(LinkFailure(kind, "no"))
            await network.cut()
            try await network.loop.sleep(for: .seconds(1))
            let refusal = try await link.reconnect()
            #expect(refusal == .failed("no"))
            await network.refuse(nil)
            let result = try await link.reconnect()
            #expect(result == .isConnected)
        }
    }

    /// Whether a server that can't be reached would still refuse us is not known: it is tried again soon.
    @Test func connectsByItselfOnceAServerThatRefusedUsHasGone() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            let link = await Self.link(of: fileSystem)
            await network.refuse(LinkFailure(.login, "no"))
            await network.cut()
            try await network.loop.sleep(for: .seconds(1))
            await network.refuse(LinkFailure(.unreachable, "nobody"))
            let refusal = try await link.reconnect()
            #expect(refusal == .failed("nobody"))
            await network.refuse(nil)
            try await network.loop.sleep(for: .seconds(1))
            #expect(await !link.isDown)
        }
    }

    @Test func saysThatThereIsToBeNoOtherConnection() throws {
        let loop = SimulatedLoop()
        try loop.run { () async throws -> Void in
            let network = FakeNetwork(loop, extensions: [], answer: Self.answer)
            let connection = try await network.connect(0)
            let link = ServerLink(only: connection.client, loop: loop)
            await network.cut()
            try await loop.sleep(for: .seconds(1))
            let result = try await link.reconnect()
            #expect(result == .failed("the connection has ended, and there is to be no other"))
        }
    }

    // MARK: Flushing

    @Test func flushesEachFileThatIsOpenToBeWritten() throws {
        try simulateLink(answer: Self.answer) { fileSystem, network in
            let inode = try await fileSystem.find("f")
            _ = try await fileSystem.open(inode, .read)
            _ = try await fileSystem.open(inode, .write)
            #expect(await fileSystem.flush() == [])
            let requests = await network.requests
            #expect(requests.count { if case .fsync = $0 { true } else { false } } == 1)
        }
    }

    @Test func namesTheFilesThatCanNotBeFlushed() throws {
        try simulateLink { request in
            if case .fsync = request { failure } else { Self.answer(request) }
        } body: { fileSystem, _ in
            _ = try await fileSystem.open(try await fileSystem.find("f"), .write)
            let failures = await fileSystem.flush()
            #expect(failures == [FlushFailure(name: "f", error: .EIO)])
            #expect(failures.first?.description == "f: Input/output error")
        }
    }

    @Test func countsWhatIsNotAcknowledged() throws {
        try simulateLink { request in
            if case .write = request { nil } else { Self.answer(request) }
        } body: { fileSystem, network in
            let file = try await fileSystem.open(try await fileSystem.find("f"), .write)
            let writing = network.loop.spawn {
                _ = try? await fileSystem.write(
                    file.handle, offset: 0, data: bytes("12345")[...])
                try? await fileSystem.settle(file.handle)
            }
            try await network.loop.sleep(for: .seconds(1))
            #expect(await fileSystem.unwritten == UnwrittenData(files: 1, bytes: 5))
            try await network.server.answer(Self.answer)
            await writing.value
            #expect(await fileSystem.unwritten == UnwrittenData(files: 0, bytes: 0))
        }
    }
}
