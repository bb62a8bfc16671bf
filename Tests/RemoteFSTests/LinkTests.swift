// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Synchronization
import Testing

@testable import RemoteFS

/// Hard links, of which SFTP tells nothing, and targets of symbolic ones.
@Suite struct LinkTests {
    @Test func aChangeUnderOneNameIsSeenUnderTheOther() throws {
        try simulate { request in
            if case .open = request { handle } else { file(size: 10) }
        } body: { fileSystem, server in
            let (inode, handle) = try await open(fileSystem)
            try await server.answer(Self.answerToLink)
            let linked = try await fileSystem.link(inode, as: bytes("l"), in: rootInode)
            #expect(linked.status.inode == inode)
            let other = try await separate(fileSystem)
            #expect(other != inode)

            let told = Mutex<[InodeNumber]>([])
            await fileSystem.onStaleStatus { inode in told.withLock { $0.append(inode) } }
            _ = try await fileSystem.write(handle, offset: 0, data: [1])
            #expect(told.withLock { $0 } == [other])
            #expect(await fileSystem.cachedAttributes(of: other) == nil)
            // Nothing has been shown since, which could be wrong.
            _ = try await fileSystem.write(handle, offset: 0, data: [1])
            #expect(told.withLock { $0 } == [other])

            try await server.answer { _ in file(size: 99) }
            #expect(try await fileSystem.getattr(other, handle: nil).status.size == 99)
            try await server.answer(Self.answerToLink)
            var changes = AttributeChanges()
            changes.size = 10
            _ = try await fileSystem.setattr(inode, changes, handle: handle)
            #expect(told.withLock { $0 } == [other, other])
            await fileSystem.forget(inode, count: 1)
            await close(fileSystem, inode, handle)
            #expect(await fileSystem.look { $0[other]?.twins } == [])
        }
    }

    /// Lets names of one file be looked up after all that was known of them has expired.
    private func separate(_ fileSystem: RemoteFS) async throws -> InodeNumber {
        try await fileSystem.loop.sleep(for: .seconds(2))
        guard case .found(let entry) = try await fileSystem.lookup(bytes("l"), in: rootInode)
        else { throw Errno.ENOENT }
        return entry.status.inode
    }

    private static let answerToLink: FakeServer.Answer = { request in
        switch request {
        case .lstat, .fstat: file(size: 10)
        default: ok
        }
    }

    enum Knowledge: CaseIterable {
        case nothing, sameAttributes
    }

    /// rename(2) does nothing to two names of one file.
    @Test(arguments: Knowledge.allCases)
    func renamingALinkOntoAnotherLeavesBoth(knowledge: Knowledge) throws {
        try simulate { request in
            if case .lstat = request { file(size: 10) } else { ok }
        } body: { fileSystem, _ in
            let old = try #require(try await lookUp("old", fileSystem))
            let new = try #require(try await lookUp("new", fileSystem))
            if knowledge == .nothing {
                var changes = AttributeChanges()
                changes.permissions = 0o600
                _ = try? await fileSystem.setattr(old, changes, handle: nil)
            }
            try await rename(fileSystem)
            #expect(try await lookUp("old", fileSystem) == old)
            #expect(try await lookUp("new", fileSystem) == new)
            #expect(await fileSystem.look { $0[old]?.twins } == [new])
        }
    }

    @Test func renamingOntoAnotherFileTakesTheOldNameAway() throws {
        let isRenamed = Mutex(false)
        try simulate { request in
            switch request {
            case .lstat(let path) where path.elementsEqual("/srv/old".utf8):
                return isRenamed.withLock { $0 } ? noSuchFile : file(size: 10)
            case .lstat: return file(size: 10)
            case .posixRename:
                isRenamed.withLock { $0 = true }
                return ok
            default: return ok
            }
        } body: { fileSystem, _ in
            let old = try await lookUp("old", fileSystem)
            _ = try await lookUp("new", fileSystem)
            try await rename(fileSystem)
            #expect(try await lookUp("new", fileSystem) == old)
            #expect(try await lookUp("old", fileSystem) == nil)
        }
    }

    private func lookUp(_ name: String, _ fileSystem: RemoteFS) async throws -> InodeNumber? {
        guard case .found(let entry) = try await fileSystem.lookup(bytes(name), in: rootInode)
        else { return nil }
        return entry.status.inode
    }

    private func rename(_ fileSystem: RemoteFS) async throws {
        try await fileSystem.rename(
            Rename(
                oldParent: rootInode, oldName: bytes("old"), newParent: rootInode,
                newName: bytes("new"), mayReplace: true))
    }

    @Test func refusesALinkTargetWithANUL() throws {
        try simulate { request in
            switch request {
            case .lstat: .attributes(FileAttributes(permissions: 0o120777))
            default: names([0x61, 0, 0x62])
            }
        } body: { fileSystem, _ in
            let inode = try #require(try await lookUp("link", fileSystem))
            #expect(
                await fails(.EIO) { () async throws(Errno) in
                    try await fileSystem.readlink(inode)
                })
        }
    }
}
