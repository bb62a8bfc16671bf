// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization
import Testing

@testable import RemoteFS

/// A file that somebody else puts in place of one that is open here.
@Suite struct ReplacedFileTests {
    /// A server on which `path` leads to one file and the open handle to another.
    private func answer(
        path: FileAttributes, handle attributes: FileAttributes
    ) -> FakeServer.Answer {
        { request in
            switch request {
            case .open: handle
            case .lstat: .attributes(path)
            case .fstat: .attributes(attributes)
            default: ok
            }
        }
    }

    @Test func isAnotherNode() throws {
        let (old, new) = (fileAttributes(size: 10), fileAttributes(size: 20))
        try simulate(answer: answer(path: old, handle: old)) { fileSystem, server in
            let (inode, handle) = try await open(fileSystem)
            try await server.answer(answer(path: new, handle: old))
            #expect(
                await fails(.ESTALE) { () async throws(Errno) in
                    try await fileSystem.open(inode, .read)
                })
            guard
                case .found(let entry) = try await fileSystem.lookup(bytes("file"), in: rootInode)
            else { throw Errno.ENOENT }
            #expect(entry.status.inode != inode)
            #expect(entry.status.size == 20)
            #expect(try await fileSystem.getattr(inode, handle: handle).status.size == 10)
            #expect(try await fileSystem.getattr(inode, handle: nil).status.linkCount == 0)
            await fileSystem.forget(entry.status.inode, count: 1)
            await close(fileSystem, inode, handle)
        }
    }

    @Test func isFoundByALookup() throws {
        let (old, new) = (fileAttributes(mtime: 5), fileAttributes(mtime: 6))
        try simulate(answer: answer(path: old, handle: old)) { fileSystem, server in
            let (inode, handle) = try await open(fileSystem)
            try await server.answer(answer(path: new, handle: old))
            try await fileSystem.loop.sleep(for: .seconds(2))
            guard
                case .found(let entry) = try await fileSystem.lookup(bytes("file"), in: rootInode)
            else { throw Errno.ENOENT }
            #expect(entry.status.inode != inode)
            await close(fileSystem, inode, handle)
        }
    }

    /// A listing alone can't tell: the name is listed without a node.
    @Test func isNotTakenFromAListing() throws {
        let old = fileAttributes(size: 5)
        try simulate(answer: answer(path: old, handle: old)) { fileSystem, server in
            let (inode, file) = try await open(fileSystem)
            let rest = Mutex([names(bytes("file"))])
            try await server.answer { request in
                switch request {
                case .opendir: handle
                case .readdir:
                    rest.withLock { $0.isEmpty ? .status(SFTPStatus(.eof)) : $0.removeFirst() }
                default: ok
                }
            }
            let listed = try await fileSystem.list(rootInode)
            #expect(listed.count == 3)
            #expect(listed.last?.entry == nil)
            #expect(await fileSystem.cachedAttributes(of: inode)?.value.size == 5)
            await close(fileSystem, inode, file)
        }
    }

    /// Somebody writes to the very file: the looks before and after differ, and the path's is between.
    @Test func isNotSeenInAFileThatGrows() throws {
        try simulate(answer: answer(path: fileAttributes(), handle: fileAttributes())) {
            fileSystem, server in
            let (inode, first) = try await open(fileSystem)
            let size = Mutex<UInt64>(100)
            try await server.answer { request in
                switch request {
                case .open: handle
                case .lstat, .fstat:
                    size.withLock { size in
                        size += 10
                        return file(size: size)
                    }
                default: ok
                }
            }
            let second = try await fileSystem.open(inode, .read)
            await fileSystem.release(second.handle)
            await close(fileSystem, inode, first)
        }
    }

    @Test func filesWithoutASizeAreReadPastTheKernelsPages() throws {
        for (size, flags, bypasses) in [
            (0, OpenFlags.read, true), (0, [.read, .write], false), (1, .read, false),
        ] as [(UInt64, OpenFlags, Bool)] {
            let attributes = fileAttributes(size: size)
            try simulate(answer: answer(path: attributes, handle: attributes)) { fileSystem, _ in
                guard
                    case .found(let entry) = try await fileSystem.lookup(
                        bytes("file"), in: rootInode)
                else { throw Errno.ENOENT }
                let file = try await fileSystem.open(entry.status.inode, flags)
                #expect(file.bypassesPages == bypasses)
                await fileSystem.release(file.handle)
            }
        }
    }
}

/// What new files and directories may be used for.
@Suite struct CreationModeTests {
    @Test(arguments: [0o664, 0o600, 0o777] as [UInt32])
    func isWhatTheProgramAskedFor(wanted: UInt32) throws {
        // A server with the umask 022, whose directories hand on their group.
        let mode = Mutex<UInt32>(0)
        try simulate { request in
            switch request {
            case .open(_, _, let attributes):
                mode.withLock { $0 = 0o100000 | (attributes.permissions ?? 0) & ~0o22 }
                return handle
            case .mkdir(_, let attributes):
                mode.withLock { $0 = 0o042000 | (attributes.permissions ?? 0) & ~0o22 }
                return ok
            case .fsetstat(_, let attributes), .setstat(_, let attributes):
                mode.withLock { $0 = $0 & 0o170000 | (attributes.permissions ?? 0) }
                return ok
            case .lstat, .fstat:
                return .attributes(
                    FileAttributes(size: 0, permissions: mode.withLock { $0 }))
            default: return ok
            }
        } body: { fileSystem, server in
            let (made, opened) = try await fileSystem.create(
                bytes("f"), in: rootInode, permissions: wanted, .write)
            #expect(made.status.mode == 0o100000 | wanted)
            await fileSystem.release(opened.handle)
            let directory = try await fileSystem.mkdir(
                bytes("d"), in: rootInode, permissions: wanted)
            #expect(directory.status.mode == 0o042000 | wanted)
        }
    }

    /// Somebody else has made it meanwhile, and its mode is his.
    @Test func doesNotTouchAFileThatIsThere() throws {
        try simulate { request in
            switch request {
            case .open(_, let flags, _): flags.contains(.exclusive) ? failure : handle
            case .lstat, .fstat: file()
            default: ok
            }
        } body: { fileSystem, server in
            let (made, opened) = try await fileSystem.create(
                bytes("f"), in: rootInode, permissions: 0o600, .write)
            #expect(made.status.mode == 0o100644)
            let changes = await server.requests.contains { request in
                if case .fsetstat = request { true } else { false }
            }
            #expect(!changes)
            await fileSystem.release(opened.handle)
        }
    }
}
