// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization
import Testing

@testable import RemoteFS

/// A server that tells what version 3 leaves out.
@Suite struct ExactTests {
    private func exact(
        _ inode: UInt64, device: UInt64 = 1, linkCount: UInt32 = 1, size: UInt64 = 10,
        ctime: Int64 = 0
    ) -> FileAttributes {
        var attributes = fileAttributes(size: size)
        attributes.exact = ExactAttributes(
            identity: .init(device: device, inode: inode), linkCount: linkCount, blocks: 24,
            atime: FileTime(seconds: 1, nanoseconds: 5), mtime: FileTime(seconds: -3),
            ctime: FileTime(nanoseconds: ctime))
        return attributes
    }

    private func lookUp(_ fileSystem: RemoteFS, _ name: String) async throws -> FileStatus {
        guard case .found(let entry) = try await fileSystem.lookup(bytes(name), in: rootInode)
        else { throw Errno.ENOENT }
        return entry.status
    }

    @Test func whatItTellsIsShown() throws {
        let attributes = exact(77, linkCount: 3, ctime: 9)
        try simulate(isExact: true) { _ in
            .attributes(attributes)
        } body: { fileSystem, _ in
            let status = try await lookUp(fileSystem, "f")
            #expect(status.number == 77 && status.linkCount == 3 && status.blocks == 24)
            #expect(status.atime == FileTime(seconds: 1, nanoseconds: 5))
            #expect(status.mtime == FileTime(seconds: -3))
            #expect(status.ctime == FileTime(nanoseconds: 9))
            // From memory, too.
            #expect(try await fileSystem.getattr(status.inode, handle: nil).status == status)
        }
    }

    @Test func numbersOfOtherFileSystemsAreOthers() throws {
        try simulate(isExact: true) { request in
            if case .lstat(let path) = request, path.last == UInt8(ascii: "b") {
                return .attributes(exact(2, device: 9))
            }
            return .attributes(exact(2))
        } body: { fileSystem, _ in
            let (first, second) = (
                try await lookUp(fileSystem, "a"), try await lookUp(fileSystem, "b")
            )
            #expect(first.number == 2 && second.number != 2)
        }
    }

    @Test func namesOfOneFileAreOneNode() throws {
        let answer: @Sendable (UInt32) -> FakeServer.Answer = { linkCount in
            { request in
                switch request {
                case .open: handle
                case .lstat, .fstat: .attributes(exact(5, linkCount: linkCount))
                default: ok
                }
            }
        }
        try simulate(isExact: true, answer: answer(2)) { fileSystem, server in
            let (first, second) = (
                try await lookUp(fileSystem, "a"), try await lookUp(fileSystem, "b")
            )
            #expect(first.inode == second.inode)
            try await fileSystem.loop.sleep(for: .seconds(2))
            #expect(try await lookUp(fileSystem, "b").inode == first.inode)
            // The one name goes, the other stays.
            try await server.answer(answer(1))
            try await fileSystem.unlink(bytes("a"), in: rootInode)
            #expect(try await fileSystem.getattr(first.inode, handle: nil).status.linkCount == 1)
            #expect(try await lookUp(fileSystem, "b").inode == first.inode)
            await fileSystem.forget(first.inode, count: 4)
            #expect(await fileSystem.look { $0[first.inode] == nil })
        }
    }

    /// A number that has become another file's.
    @Test func aNumberThatIsUsedAgainIsNoLink() throws {
        try simulate(isExact: true) { _ in
            .attributes(exact(5))
        } body: { fileSystem, _ in
            let (first, second) = (
                try await lookUp(fileSystem, "a"), try await lookUp(fileSystem, "b")
            )
            #expect(first.inode != second.inode)
        }
    }

    @Test func aFileWithAnotherNumberIsAnotherNode() throws {
        try simulate(isExact: true) { _ in
            .attributes(exact(5))
        } body: { fileSystem, server in
            let old = try await lookUp(fileSystem, "f")
            try await server.answer { _ in .attributes(exact(6)) }
            try await fileSystem.loop.sleep(for: .seconds(2))
            #expect(try await lookUp(fileSystem, "f").inode != old.inode)
            // After a new start of the server its file systems may have other numbers.
            let new = try await lookUp(fileSystem, "f")
            try await server.answer { _ in .attributes(exact(6, device: 8)) }
            try await fileSystem.loop.sleep(for: .seconds(2))
            #expect(try await lookUp(fileSystem, "f").inode == new.inode)
        }
    }

    /// Somebody may work in it, and some file systems' numbers change.
    @Test func aDirectoryWithAnotherNumberIsTheSameNode() throws {
        let answer: @Sendable (UInt64) -> FakeServer.Answer = { inode in
            { _ in
                var attributes = exact(inode)
                attributes.permissions = 0o040755
                return .attributes(attributes)
            }
        }
        try simulate(isExact: true, answer: answer(5)) { fileSystem, server in
            let inode = try await lookUp(fileSystem, "d").inode
            try await server.answer(answer(6))
            try await fileSystem.loop.sleep(for: .seconds(2))
            #expect(try await lookUp(fileSystem, "d").inode == inode)
        }
    }

    /// The same size and time, in the same second: by version 3 nobody could tell.
    @Test func aFileThatNobodyHasOpenBecomesTheOneThatIsThere() throws {
        let answer: @Sendable (UInt64) -> FakeServer.Answer = { inode in
            { request in
                switch request {
                case .open: handle
                case .close: ok
                default: .attributes(exact(inode))
                }
            }
        }
        try simulate(isExact: true, answer: answer(5)) { fileSystem, server in
            let (inode, first) = try await open(fileSystem)
            await fileSystem.release(first)
            try await fileSystem.loop.sleep(for: .seconds(3))
            await fileSystem.release(try await fileSystem.open(inode, .read).handle)
            let kept = try await fileSystem.open(inode, .read)
            #expect(kept.keepsPages)
            await fileSystem.release(kept.handle)
            try await server.answer(answer(6))
            let other = try await fileSystem.open(inode, .read)
            #expect(!other.keepsPages)
            #expect(try await fileSystem.getattr(inode, handle: nil).status.number == 6)
            await close(fileSystem, inode, other.handle)
        }
    }

    @Test func anOpenSeesAReplacedFileByItsNumber() throws {
        try simulate(isExact: true) { request in
            if case .open = request { handle } else { .attributes(exact(5)) }
        } body: { fileSystem, server in
            let (inode, first) = try await open(fileSystem)
            try await server.answer { request in
                switch request {
                case .open: handle
                case .fstat: .attributes(exact(5))
                default: .attributes(exact(6))
                }
            }
            #expect(
                await fails(.ESTALE) { () async throws(Errno) in
                    try await fileSystem.open(inode, .read)
                })
            await close(fileSystem, inode, first)
        }
    }

    @Test func timesAreSentExactlyAndOnlyThoseThatChange() throws {
        let sent = Mutex<[FileAttributes]>([])
        try simulate(isExact: true) { request in
            if case .setstat(_, let attributes) = request {
                sent.withLock { $0.append(attributes) }
                return ok
            }
            return .attributes(exact(5))
        } body: { fileSystem, server in
            let inode = try await lookUp(fileSystem, "f").inode
            await server.forgetRequests()
            var changes = AttributeChanges()
            changes.mtime = .at(FileTime(seconds: -1, nanoseconds: 7))
            _ = try await fileSystem.setattr(inode, changes, handle: nil)
            // The change and a look at what has come of it; nothing had to be asked before.
            #expect(await server.requests.count == 2)
            (changes.atime, changes.mtime) = (.now, .now)
            _ = try await fileSystem.setattr(inode, changes, handle: nil)
        }
        #expect(
            sent.withLock { $0 } == [
                FileAttributes(
                    timeChanges: .init(
                        atime: .omit, mtime: .at(FileTime(seconds: -1, nanoseconds: 7)))),
                FileAttributes(timeChanges: .init(atime: .now, mtime: .now)),
            ])
    }

    @Test func aDenialIsNotGuessedAt() throws {
        try simulate(isExact: true) { request in
            if case .setstat = request {
                return .status(SFTPStatus(errno: .EACCES, isReported: true))
            }
            return .attributes(exact(5))
        } body: { fileSystem, server in
            let inode = try await lookUp(fileSystem, "f").inode
            await server.forgetRequests()
            var changes = AttributeChanges()
            changes.permissions = 0o600
            #expect(
                await fails(.EACCES) { () async throws(Errno) in
                    _ = try await fileSystem.setattr(inode, changes, handle: nil)
                })
            #expect(await server.requests.count == 2)
        }
    }

    @Test func aVersionIsToldByItsChangeTime() {
        var pages = CachedPages(exact(5), now: .seconds(0))
        _ = pages.reopen(exact(5), now: .seconds(3))
        var isKept = pages.reopen(exact(5), now: .seconds(6))
        #expect(isKept)
        isKept = pages.reopen(exact(5, ctime: 1), now: .seconds(9))
        #expect(!isKept)
    }
}
