// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Testing

@testable import RemoteFS

/// Which errno a program sees where the server's status does not tell.
@Suite struct ErrorTests {
    @Test(arguments: [
        (file(), OpenFlags.exclusive, Errno.EEXIST), (file(), .read, .EIO),
        (directory, .read, .EISDIR),
        (noSuchFile, .exclusive, .EIO),
    ])
    func onlyAnExclusiveCreateFailsBecauseTheFileExists(
        present: SFTPReply, more: OpenFlags, expected: Errno
    ) throws {
        try simulate { request in
            switch request {
            case .lstat: present
            case .statvfs: statistics(bavail: 50)
            default: failure
            }
        } body: { fileSystem, _ in
            #expect(
                await fails(expected) { () async throws(Errno) in
                    try await fileSystem.create(
                        bytes("f"), in: rootInode, permissions: 0o600, more.union(.write))
                })
        }
    }

    @Test func onlyTheOwnerMayChangeAFilesMode() throws {
        try expectFailure(of: newMode, .permissionDenied, .EPERM)
        try expectFailure(of: newMode, .permissionDenied, afterwards: .permissionDenied, .EACCES)
    }

    @Test func touchingAFileTakesTheRightToWriteIt() throws {
        var changes = AttributeChanges()
        (changes.atime, changes.mtime) = (.now, .now)
        try expectFailure(of: changes, .permissionDenied, .EACCES)
        changes.mtime = .at(FileTime(seconds: 1))
        try expectFailure(of: changes, .permissionDenied, .EPERM)
    }

    @Test func changingAFileOverALostConnectionIsAnInputOutputError() throws {
        try simulate { request in
            if case .lstat = request { file() } else { nil }
        } body: { fileSystem, server in
            let inode = try await lookUp(fileSystem)
            fileSystem.loop.spawn {
                try? await fileSystem.loop.sleep(for: .seconds(1))
                await server.hangUp()
            }
            #expect(
                await fails(.EIO) { () async throws(Errno) in
                    try await fileSystem.setattr(inode, newMode, handle: nil)
                })
        }
    }

    @Test func truncatingARemovedFileByItsPathSaysThatItIsNotThere() throws {
        try simulate { request in
            switch request {
            case .lstat: file()
            case .open: handle
            default: noSuchFile
            }
        } body: { fileSystem, server in
            let (inode, handle) = try await open(fileSystem)
            var changes = AttributeChanges()
            changes.size = 1
            for (expected, handle) in [(Errno.ENOENT, nil), (.EBADF, handle)] {
                #expect(
                    await fails(expected) { () async throws(Errno) in
                        try await fileSystem.setattr(inode, changes, handle: handle)
                    })
            }
            try await server.answer { _ in noSuchFile }
            guard case .absent = try await fileSystem.lookup(bytes("file"), in: rootInode) else {
                Issue.record("the file is still there")
                return
            }
        }
    }

    /// A change that the server refuses, with a path that can then be looked at or not.
    private func expectFailure(
        of changes: AttributeChanges, _ code: StatusCode, afterwards: StatusCode? = nil,
        _ expected: Errno, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try simulate { request in
            if case .lstat = request { file() } else { .status(SFTPStatus(code)) }
        } body: { fileSystem, server in
            let inode = try await lookUp(fileSystem)
            if let afterwards { try await server.answer { _ in .status(SFTPStatus(afterwards)) } }
            #expect(
                await fails(expected) { () async throws(Errno) in
                    try await fileSystem.setattr(inode, changes, handle: nil)
                }, sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [
        (statistics(bavail: 0), Errno.ENOSPC), (statistics(bavail: 50), .EIO),
        (statistics(bavail: 0, isReadOnly: true), .EROFS), (statistics(blocks: 0, bavail: 0), .EIO),
        (statistics(bavail: 50, files: 10), .ENOSPC),
        (statistics(blocks: 0, bavail: 0, files: 10), .ENOSPC),
    ])
    func saysThatAFileSystemIsFullOnlyWhereItIs(statistics: SFTPReply, expected: Errno) throws {
        try simulate { request in
            switch request {
            case .open: handle
            case .lstat: file()
            case .statvfs: statistics
            case .write: failure
            default: ok
            }
        } body: { fileSystem, _ in
            let (inode, handle) = try await open(fileSystem)
            #expect(
                await fails(expected) { () async throws(Errno) in
                    try await fileSystem.write(handle, offset: 0, data: [1], waits: true)
                })
            await close(fileSystem, inode, handle)
        }
    }

    @Test func asksTheHandleOfAnUnlinkedFileWhetherTheDiskIsFull() throws {
        try simulate(extensions: [.statvfs, .fstatvfs]) { request in
            switch request {
            case .open: handle
            case .lstat: file()
            case .fstatvfs: statistics(bavail: 0)
            case .write: failure
            default: ok
            }
        } body: { fileSystem, _ in
            let (inode, handle) = try await open(fileSystem)
            try await fileSystem.unlink(bytes("file"), in: rootInode)
            #expect(
                await fails(.ENOSPC) { () async throws(Errno) in
                    try await fileSystem.write(handle, offset: 0, data: [1], waits: true)
                })
            await close(fileSystem, inode, handle)
        }
    }

    @Test(arguments: [(2, .EMFILE), (3, .EIO)] as [(UInt64, Errno)])
    func saysThatTooManyFilesAreOpenOnlyWhereTheServerHasALimit(
        limit: UInt64, expected: Errno
    ) throws {
        let limits = ServerLimits(
            maxPacketLength: 0, maxReadLength: 0, maxWriteLength: 0, maxOpenHandles: limit)
        try simulate(extensions: [.limits]) { request in
            switch request {
            case .limits: limits.reply
            case .open: handle
            case .lstat, .fstat: file()
            default: ok
            }
        } body: { fileSystem, server in
            let (inode, first) = try await open(fileSystem)
            let second = try await fileSystem.open(inode, .read)
            try await server.answer { request in
                switch request {
                case .lstat, .fstat: file()
                default: failure
                }
            }
            #expect(
                await fails(expected) { () async throws(Errno) in
                    try await fileSystem.open(inode, .read)
                })
            #expect(
                await fails(expected) { () async throws(Errno) in
                    try await fileSystem.opendir(rootInode)
                })
            await fileSystem.release(second.handle)
            await close(fileSystem, inode, first)
        }
    }

    @Test func nothingCanBeChangedOnAReadOnlyFileSystem() throws {
        try simulate { request in
            switch request {
            case .lstat: file()
            case .statvfs: statistics(bavail: 0, isReadOnly: true)
            default: failure
            }
        } body: { fileSystem, _ in
            let inode = try await lookUp(fileSystem)
            #expect(
                await fails(.EROFS) { () async throws(Errno) in
                    try await fileSystem.setattr(inode, newMode, handle: nil)
                })
            #expect(
                await fails(.EROFS) { () async throws(Errno) in
                    try await fileSystem.unlink(bytes("file"), in: rootInode)
                })
        }
    }
}

/// The reply about a file system; one that counts inodes has none free.
func statistics(
    blocks: UInt64 = 100, bavail: UInt64, files: UInt64 = 0, isReadOnly: Bool = false
) -> SFTPReply {
    var statistics = FileSystemStatistics()
    (statistics.blocks, statistics.bavail, statistics.files) = (blocks, bavail, files)
    statistics.flag = isReadOnly ? FileSystemStatistics.readOnly : 0
    return statistics.reply
}

private let newMode = {
    var changes = AttributeChanges()
    changes.permissions = 0o600
    return changes
}()

/// Looks `file` up in the root.
private func lookUp(_ fileSystem: RemoteFS) async throws -> InodeNumber {
    guard case .found(let entry) = try await fileSystem.lookup(bytes("file"), in: rootInode)
    else { throw Errno.ENOENT }
    return entry.status.inode
}
