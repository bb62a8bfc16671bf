// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Testing
import Wire

@testable import RemoteFS

/// Writes of one file over several channels of a long link.
@Suite struct WriteLanesTests {
    /// Pieces of which none follows the one before, so that each is a request of its own.
    private static let pieces = 2000
    private static let pieceBytes = 1000

    /// Runs `body` over a disk with an empty file `/srv/f`, open to write, on a link of 20 ms.
    private func write(
        _ flags: OpenFlags = .write,
        _ body: @escaping @Sendable (RemoteFS, FakeNetwork, FakeDisk, HandleID) async throws -> Void
    ) throws {
        let disk = FakeDisk()
        disk["/srv/f"] = FakeDisk.File()
        try simulateLink(
            answer: disk.answers(),
            prepare: { network in
                var terms = FurtherChannels.Terms()
                terms.channelWindow = 16 << 10
                await network.offerFurther(terms) { disk.answers() }
                await network.answer(after: .milliseconds(20))
            },
            body: { fileSystem, network in
                let file = try await fileSystem.open(try await fileSystem.find("f"), flags)
                try await body(fileSystem, network, disk, file.handle)
            })
    }

    /// Writes pieces from the end to the beginning.
    ///
    /// - Returns: the content.
    @discardableResult
    private func fill(_ fileSystem: RemoteFS, _ handle: HandleID) async throws -> [UInt8] {
        var content = [UInt8](repeating: 0, count: Self.pieces * Self.pieceBytes)
        for index in (0..<Self.pieces).reversed() {
            let data = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: Self.pieceBytes)
            let offset = index * Self.pieceBytes
            content.replaceSubrange(offset..<offset + data.count, with: data)
            _ = try await fileSystem.write(handle, offset: UInt64(offset), data: data[...])
        }
        return content
    }

    private func writeCount(_ server: FakeServer) async -> Int {
        await server.requests.count { if case .write = $0 { true } else { false } }
    }

    @Test func aLongLinkIsFilledOverSeveralChannels() throws {
        try write { fileSystem, network, disk, handle in
            let content = try await fill(fileSystem, handle)
            try await fileSystem.settle(handle)
            #expect(disk["/srv/f"]?.data == content)
            #expect(await network.furtherServers.count == 3)
            for server in await network.furtherServers {
                #expect(await writeCount(server) > Self.pieces / 10)
                let opens = await server.requests.compactMap {
                    if case .open(_, let flags, _) = $0 { flags } else { nil }
                }
                #expect(opens == [.write])
            }
            // Let go with the end of the data, and closed once nobody has used them for a while.
            try await network.loop.sleep(for: .seconds(1))
            for server in await network.furtherServers {
                let closes = await server.requests.count {
                    if case .close = $0 { true } else { false }
                }
                #expect(closes == 1)
            }
        }
    }

    @Test func theyAreUsedAgain() throws {
        try write { fileSystem, network, disk, handle in
            try await fill(fileSystem, handle)
            try await fileSystem.settle(handle)
            try await network.loop.sleep(for: .seconds(30))
            try await fill(fileSystem, handle)
            try await fileSystem.settle(handle)
            #expect(await network.furtherAttempts == 3)
            try await network.loop.sleep(for: .seconds(61))
            try await fill(fileSystem, handle)
            try await fileSystem.settle(handle)
            #expect(await network.furtherAttempts == 6)
        }
    }

    @Test func aServerThatRefusesThemIsNotAskedAgain() throws {
        try write { fileSystem, network, disk, handle in
            await network.refuseFurther()
            for _ in 0..<2 {
                let content = try await fill(fileSystem, handle)
                try await fileSystem.settle(handle)
                #expect(disk["/srv/f"]?.data == content)
            }
            #expect(await network.furtherAttempts == 3)
            #expect(network.lines.isEmpty)
        }
    }

    @Test func anotherFileOfThatNameIsNotWritten() throws {
        try write { fileSystem, network, disk, handle in
            // The path leads to another file for the further channels, as after a rename there.
            let other = FakeDisk()
            other["/srv/f"] = FakeDisk.File(data: bytes("another"))
            await network.offerFurther(FurtherChannels.Terms()) { other.answers() }
            try await fill(fileSystem, handle)
            try await fileSystem.settle(handle)
            #expect(await network.furtherServers.count == 3)
            for server in await network.furtherServers { #expect(await writeCount(server) == 0) }
            #expect(other["/srv/f"]?.data == bytes("another"))
        }
    }

    @Test func theLossOfOneIsThatOfTheConnection() throws {
        try write { fileSystem, network, disk, handle in
            let writing = network.loop.spawn { _ = try? await fill(fileSystem, handle) }
            while await network.furtherServers.isEmpty {
                try await network.loop.sleep(for: .milliseconds(10))
            }
            let server = await network.furtherServers[0]
            while await writeCount(server) < 50 {
                try await network.loop.sleep(for: .milliseconds(10))
            }
            await server.hangUp()
            await writing.value
            try await fileSystem.settle(handle)
            var content: [UInt8] = []
            for index in 0..<Self.pieces {
                content += [UInt8](
                    repeating: UInt8(truncatingIfNeeded: index), count: Self.pieceBytes)
            }
            #expect(disk["/srv/f"]?.data == content)
            #expect(await network.servers.count == 2)
            // That was no reason to do without from then on.
            try await fill(fileSystem, handle)
            try await fileSystem.settle(handle)
            #expect(await network.furtherAttempts == 6)
        }
    }

    @Test func oneThatEndsWhileNobodyWritesCostsNoConnection() throws {
        try write { fileSystem, network, disk, handle in
            try await fill(fileSystem, handle)
            try await fileSystem.settle(handle)
            let content = disk["/srv/f"]?.data
            await network.furtherServers[0].hangUp()
            try await network.loop.sleep(for: .seconds(1))
            #expect(await network.servers.count == 1)
            try await fill(fileSystem, handle)
            try await fileSystem.settle(handle)
            #expect(await network.servers.count == 1)
            #expect(disk["/srv/f"]?.data == content)
        }
    }

    @Test func timesAreNotSetBehindWritesOnOtherChannels() throws {
        try write { fileSystem, network, disk, handle in
            let inode = try await fileSystem.find("f")
            try await fill(fileSystem, handle)
            var changes = AttributeChanges()
            changes.mtime = .at(FileTime(seconds: 5))
            _ = try await fileSystem.setattr(inode, changes, handle: handle)
            #expect(await fileSystem.unwritten.bytes == 0)
        }
    }

    @Test func whatIsAppendedStaysOnOneChannel() throws {
        try write([.write, .append]) { fileSystem, network, disk, handle in
            for _ in 0..<50 {
                let data = [UInt8](repeating: 1, count: 10_000)
                _ = try await fileSystem.write(handle, offset: 0, data: data[...])
            }
            #expect(await network.furtherAttempts == 0)
        }
    }
}
