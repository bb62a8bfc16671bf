// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Testing
import Wire

@testable import RemoteFS

/// Small files, which are read as soon as they are open.
@Suite struct SmallFileTests {
    private func run(
        size: Int, _ body: @escaping @Sendable (RemoteFS, FakeServer, FakeDisk) async throws -> Void
    ) throws {
        let disk = FakeDisk()
        disk["/srv/file"] = FakeDisk.File(data: [UInt8](repeating: 7, count: size))
        try simulate(answer: disk.answers()) { fileSystem, server in
            try await body(fileSystem, server, disk)
        }
    }

    private static func reads(_ server: FakeServer) async -> Int {
        await server.requests.count { if case .read = $0 { true } else { false } }
    }

    private static func all(
        _ handle: HandleID, _ fileSystem: RemoteFS
    ) async throws -> [UInt8] {
        try await fileSystem.read(handle, offset: 0, count: 131_072).flatMap { Array($0) }
    }

    @Test func smallFileIsReadOnceAndByItsOpen() throws {
        try run(size: 100) { fileSystem, server, _ in
            let (_, handle) = try await open(fileSystem, "file", .read)
            try await fileSystem.loop.sleep(for: .milliseconds(10))
            #expect(await Self.reads(server) == 1)
            #expect(try await Self.all(handle, fileSystem).count == 100)
            #expect(await Self.reads(server) == 1)
            await fileSystem.release(handle)
            #expect(await fileSystem.smallFileReadCount == 0)
        }
    }

    @Test func largeFileAndOneToBeWrittenAreNotReadByTheirOpen() throws {
        try run(size: 65_537) { fileSystem, server, disk in
            _ = try await open(fileSystem, "file", .read)
            disk["/srv/file"]?.data = [1]
            try await fileSystem.loop.sleep(for: .seconds(60))
            _ = try await open(fileSystem)
            try await fileSystem.loop.sleep(for: .milliseconds(10))
            #expect(await Self.reads(server) == 0)
        }
    }

    @Test func whatWasReadByAnOpenIsNotBelievedAfterAChange() throws {
        try run(size: 4) { fileSystem, _, disk in
            let (inode, reader) = try await open(fileSystem, "file", .read)
            try await fileSystem.loop.sleep(for: .milliseconds(10))
            let writer = try await fileSystem.open(inode, .write).handle
            _ = try await fileSystem.write(writer, offset: 0, data: [9, 9, 9, 9])
            #expect(try await Self.all(reader, fileSystem) == [9, 9, 9, 9])
            await fileSystem.release(reader)
            // Nor what is a second old.
            let late = try await fileSystem.open(inode, .read).handle
            try await fileSystem.loop.sleep(for: .seconds(1))
            disk["/srv/file"]?.data = [8, 8, 8, 8]
            #expect(try await Self.all(late, fileSystem) == [8, 8, 8, 8])
        }
    }

    /// Their pages are the same: what the first one reads late, the second one would see.
    @Test func whatWasReadByAnOpenIsNotBelievedAfterAnother() throws {
        try run(size: 4) { fileSystem, _, disk in
            let (inode, first) = try await open(fileSystem, "file", .read)
            try await fileSystem.loop.sleep(for: .milliseconds(10))
            disk["/srv/file"]?.data = [8, 8, 8, 8]
            _ = try await fileSystem.open(inode, .read)
            #expect(try await Self.all(first, fileSystem) == [8, 8, 8, 8])
        }
    }

    @Test func fileThatIsClosedUnreadLeavesNothing() throws {
        try run(size: 4) { fileSystem, _, _ in
            let (_, handle) = try await open(fileSystem, "file", .read)
            #expect(await fileSystem.smallFileReadCount == 1)
            await fileSystem.release(handle)
            #expect(await fileSystem.smallFileReadCount == 0)
        }
    }
}
