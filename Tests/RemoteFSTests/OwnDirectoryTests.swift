// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import RemoteFS

/// What is known of directories that we have made, which others may fill as well.
@Suite struct OwnDirectoryTests {
    /// A server of one directory, which is there once it has been made.
    private final class Disk: Sendable {
        let names = Mutex<Set<[UInt8]>>([])
        /// Whether the end of a listing is not told.
        let holdsEnd = Mutex(false)
        private let isListed = Mutex(false)

        func answer(_ request: SFTPRequest) -> SFTPReply? {
            func name(_ path: Bytes) -> [UInt8] { Array(path.dropFirst("/srv/d/".utf8.count)) }
            switch request {
            case .lstat(let path):
                if name(path).isEmpty { return directory }
                return names.withLock { $0.contains(name(path)) } ? file() : noSuchFile
            case .open(let path, _, _):
                _ = names.withLock { $0.insert(name(path)) }
                return handle
            case .remove(let path):
                return names.withLock { $0.remove(name(path)) } == nil ? noSuchFile : ok
            case .opendir:
                isListed.withLock { $0 = false }
                return .handle(bytes("d")[...])
            case .readdir:
                if isListed.withLock({ $0 }) {
                    return holdsEnd.withLock { $0 } ? nil : .status(SFTPStatus(.eof))
                }
                isListed.withLock { $0 = true }
                return listing(names.withLock { Array($0) })
            default: return ok
            }
        }
    }

    private func serve(
        _ disk: Disk, ahead: Int = 16,
        body: @escaping @Sendable (RemoteFS, FakeServer, InodeNumber) async throws -> Void
    ) throws {
        try simulate(answer: { disk.answer($0) }) {
            $0.cache = MetadataCacheOptions()
            $0.cache.listingsAhead = ahead
        } body: { fileSystem, server in
            let made = try await fileSystem.mkdir(bytes("d"), in: rootInode, permissions: 0o755)
            await server.forgetRequests()
            try await body(fileSystem, server, made.status.inode)
        }
    }

    @Test func absenceHoldsForASecondOnly() throws {
        let disk = Disk()
        try serve(disk) { fileSystem, server, inode in
            for (seconds, requests) in [(0.9, 0), (0.2, 1)] {
                try await fileSystem.loop.sleep(for: .seconds(seconds))
                let found = try await fileSystem.lookup(bytes("x"), in: inode)
                #expect(found != .absent(validity: .zero))
                #expect(await server.requests.count == requests)
            }
            // A program on the server writes into it.
            disk.names.withLock { _ = $0.insert(bytes("x")) }
            try await fileSystem.loop.sleep(for: .seconds(1.1))
            guard case .found = try await fileSystem.lookup(bytes("x"), in: inode) else {
                Issue.record("x would be replaced unseen")
                return
            }
        }
    }

    /// Unpacking an archive asks for each name before it is made.
    @Test func namesThatAreMadeOneAfterTheOtherAreSeldomAskedFor() throws {
        try serve(Disk()) { fileSystem, server, inode in
            await server.answer(after: .milliseconds(20))
            var asked = 0
            for number in 0..<200 {
                let name = bytes("file-\(number)")
                let before = await server.requests.count { $0.isLstat }
                guard case .absent = try await fileSystem.lookup(name, in: inode) else {
                    throw Errno.EEXIST
                }
                asked += await server.requests.count { $0.isLstat } - before
                let (_, file) = try await fileSystem.create(
                    name, in: inode, permissions: 0o644, [.write])
                await fileSystem.release(file.handle)
            }
            // Some ten seconds, in each of which the names are listed once.
            #expect(asked < 60)
            #expect(fileSystem.loop.now > .seconds(5))
        }
    }

    /// Each directory is a step of many paths, and so not asked for again at every one.
    @Test func thatADirectoryIsThereIsBelievedUnlessItsListingWasWrong() throws {
        let disk = Disk()
        try serve(disk) { fileSystem, server, inode in
            disk.names.withLock { $0 = [bytes("f")] }
            try await fileSystem.loop.sleep(for: .seconds(18))
            _ = try await fileSystem.lookup(bytes("d"), in: rootInode)
            #expect(await server.requests.isEmpty)
            // The root, of which a listing has just been found to be wrong.
            await fileSystem.doubtNames(in: rootInode)
            _ = try await fileSystem.lookup(bytes("d"), in: rootInode)
            #expect(await server.requests.count == 1)
        }
    }

    @Test func aDirectoryThatIsNotListedAnyMoreIsNotThere() throws {
        try simulate { request in
            switch request {
            case .lstat: directory
            case .opendir: handle
            case .readdir: .status(SFTPStatus(.eof))
            default: ok
            }
        } configure: {
            $0.cache = MetadataCacheOptions()
        } body: { fileSystem, server in
            _ = try await fileSystem.lookup(bytes("d"), in: rootInode)
            try await fileSystem.loop.sleep(for: .seconds(2))
            try await fileSystem.list(rootInode)
            guard case .absent = try await fileSystem.lookup(bytes("d"), in: rootInode) else {
                Issue.record("nobody could make it")
                return
            }
        }
    }

    /// A listing that was fetched while we were at work knows nothing of what we have removed since.
    @Test func whatWeHaveRemovedIsNotThere() throws {
        let disk = Disk()
        try serve(disk) { fileSystem, server, inode in
            disk.names.withLock { $0 = [bytes("old"), bytes("other")] }
            try await fileSystem.loop.sleep(for: .seconds(2))
            disk.holdsEnd.withLock { $0 = true }
            for name in ["x", "y"] { _ = try await fileSystem.lookup(bytes(name), in: inode) }
            try await fileSystem.loop.sleep(for: .milliseconds(1))
            try await fileSystem.unlink(bytes("old"), in: inode)
            disk.holdsEnd.withLock { $0 = false }
            try await server.answer { disk.answer($0) }
            try await fileSystem.loop.sleep(for: .milliseconds(1))
            #expect(await fileSystem.look { $0[inode]?.details?.fetch == nil })
            guard case .absent = try await fileSystem.lookup(bytes("old"), in: inode) else {
                Issue.record("it is there again")
                return
            }
            guard case .found = try await fileSystem.lookup(bytes("other"), in: inode) else {
                Issue.record("what others have made is missing")
                return
            }
        }
    }
}

extension RemoteFS {
    fileprivate func doubtNames(in inode: InodeNumber) {
        nodes[inode]?.makeDetails().doubtedAt = loop.now
    }
}

extension SFTPRequest {
    fileprivate var isLstat: Bool { if case .lstat = self { true } else { false } }
}
