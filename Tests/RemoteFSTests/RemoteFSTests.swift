// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Synchronization
import Testing

@testable import RemoteFS

/// What the file system asks of its server, and what it knows without asking.
@Suite struct RemoteFSTests {
    @Test func answersFromItsCacheForASecond() throws {
        try simulate { _ in
            file()
        } body: { fileSystem, server in
            for _ in 0..<3 {
                _ = try await fileSystem.lookup(bytes("a"), in: rootInode)
            }
            #expect(await server.requests.count == 1)
            try await fileSystem.loop.sleep(for: .seconds(1.1))
            _ = try await fileSystem.lookup(bytes("a"), in: rootInode)
            #expect(await server.requests.count == 2)
        }
    }

    @Test func givesTheKernelOnlyWhatIsLeftOfTheValidity() throws {
        try simulate { _ in
            file()
        } body: { fileSystem, _ in
            _ = try await fileSystem.lookup(bytes("a"), in: rootInode)
            try await fileSystem.loop.sleep(for: .seconds(0.75))
            guard case .found(let entry) = try await fileSystem.lookup(bytes("a"), in: rootInode)
            else { throw Errno.ENOENT }
            #expect(entry.statusValidity <= .seconds(0.25))
            #expect(entry.nameValidity <= .seconds(0.25))
        }
    }

    @Test func aFreshListingProvesAbsenceAndSavesLookups() throws {
        let rest = Mutex([names(bytes("a"))])
        try simulate { request in
            switch request {
            case .opendir: handle
            case .readdir:
                rest.withLock { $0.isEmpty ? .status(SFTPStatus(.eof)) : $0.removeFirst() }
            default: ok
            }
        } body: { fileSystem, server in
            let handle = try await fileSystem.opendir(rootInode).handle
            while let last = try await fileSystem.readdir(
                handle, offset: 3, room: 4096, overhead: 24, attributes: false
            ).last { _ = last }
            try await fileSystem.loop.sleep(for: .milliseconds(1))
            await server.forgetRequests()
            guard case .absent = try await fileSystem.lookup(bytes("b"), in: rootInode) else {
                Issue.record("b is there")
                return
            }
            guard case .found = try await fileSystem.lookup(bytes("a"), in: rootInode) else {
                Issue.record("a is not there")
                return
            }
            let requests = await server.requests
            #expect(requests.isEmpty, "\(requests)")
        }
    }

    @Test func storesNoAnswerFromBeforeItsOwnChange() throws {
        try simulate { request in
            if case .lstat = request { return file(size: 10) }
            return request.isOpen ? handle : ok
        } body: { fileSystem, server in
            let (inode, handle) = try await open(fileSystem)
            try await fileSystem.loop.sleep(for: .seconds(2))
            try await server.answer { _ in nil }
            let seen = Mutex<UInt64?>(nil)
            fileSystem.loop.spawn {
                let status = try? await fileSystem.getattr(inode, handle: nil)
                seen.withLock { $0 = status?.status.size }
            }
            fileSystem.loop.spawn {
                _ = try? await fileSystem.write(handle, offset: 10, data: [1, 2, 3])
            }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            // The answer from before the write comes together with the write's.
            try await server.answer { request in
                if case .fstat = request { file(size: 10) } else { ok }
            }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            // What is known to be written counts, whatever the answer says.
            #expect(seen.withLock { $0 } == 13)
            let cached = await fileSystem.cachedAttributes(of: inode)
            #expect(cached == nil)
            await close(fileSystem, inode, handle)
        }
    }

    /// A server may answer in another order than it was asked in.
    @Test func storesNoAnswerToAChangeFromBeforeALaterOne() throws {
        try simulate { request in
            if case .lstat = request { return file(size: 10) }
            return request.isOpen ? handle : ok
        } body: { fileSystem, server in
            let (inode, handle) = try await open(fileSystem)
            try await server.answer { request in
                switch request {
                case .fsetstat, .fstat: nil
                default: ok
                }
            }
            let seen = Mutex<UInt64?>(nil)
            fileSystem.loop.spawn {
                var changes = AttributeChanges()
                changes.permissions = 0o600
                let status = try? await fileSystem.setattr(inode, changes, handle: handle)
                seen.withLock { $0 = status?.status.size }
            }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            _ = try await fileSystem.write(handle, offset: 10, data: [1, 2, 3])
            try await server.answer { request in
                if case .fstat = request { file(size: 10) } else { ok }
            }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            // What is known to be written counts, whatever the answer says.
            #expect(seen.withLock { $0 } == 13)
            #expect(await fileSystem.cachedAttributes(of: inode) == nil)
            await close(fileSystem, inode, handle)
        }
    }

    @Test func pathsBelowADirectoryWaitForItsRename() throws {
        try simulate { request in
            switch request {
            case .lstat(let path) where path.elementsEqual("/srv/d".utf8): directory
            case .lstat: file()
            case .posixRename: nil
            default: ok
            }
        } body: { fileSystem, server in
            guard case .found(let entry) = try await fileSystem.lookup(bytes("d"), in: rootInode)
            else { throw Errno.ENOENT }
            fileSystem.loop.spawn {
                try? await fileSystem.rename(
                    Rename(
                        oldParent: rootInode, oldName: bytes("d"), newParent: rootInode,
                        newName: bytes("e"), mayReplace: true))
            }
            await server.forgetRequests()
            let found = Mutex(false)
            fileSystem.loop.spawn {
                _ = try? await fileSystem.lookup(bytes("f"), in: entry.status.inode)
                found.withLock { $0 = true }
            }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            #expect(!found.withLock { $0 })
            try await server.answer { request in
                if case .lstat = request { file() } else { ok }
            }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            #expect(found.withLock { $0 })
            let asked = await server.requests.last
            #expect(asked == .lstat(path: bytes("/srv/e/f")[...]))
        }
    }

    @Test func onlyEvidenceMakesAFailureSpecific() throws {
        let exists = Mutex(false)
        try simulate { request in
            switch request {
            case .mkdir: failure
            case .lstat: exists.withLock { $0 } ? directory : noSuchFile
            default: failure
            }
        } body: { fileSystem, _ in
            func make() async -> Errno? {
                do {
                    _ = try await fileSystem.mkdir(bytes("d"), in: rootInode, permissions: 0o755)
                    return nil
                } catch {
                    return error
                }
            }
            #expect(await make() == .EIO)
            exists.withLock { $0 = true }
            #expect(await make() == .EEXIST)
        }
    }

    @Test func believesOurServersWords() throws {
        let words = Mutex("")
        try simulate { request in
            if case .open = request {
                return .status(SFTPStatus(.failure, message: words.withLock { $0 }))
            }
            return noSuchFile
        } body: { fileSystem, server in
            for (text, errno) in [
                ("No space left on device", Errno.ENOSPC), ("Disk quota exceeded", .EDQUOT),
                ("Read-only file system", .EROFS), ("File exists", .EEXIST),
            ] {
                words.withLock { $0 = text }
                #expect(
                    await fails(errno) { () async throws(Errno) in
                        try await fileSystem.create(
                            bytes("f"), in: rootInode, permissions: 0o644, .write)
                    })
            }
        }
    }

    @Test(arguments: [[], OpenFlags.append])
    func writesWhatComesBeforeTheFirstError(more: OpenFlags) throws {
        try simulate { request in
            switch request {
            case .open: handle
            case .lstat, .fstat: file()
            case .write(_, let offset, _):
                offset == 65_536
                    ? .status(SFTPStatus(.failure, message: "Disk quota exceeded")) : ok
            default: ok
            }
        } body: { fileSystem, _ in
            let (inode, handle) = try await open(fileSystem, "file", more.union(.write))
            let data = [UInt8](repeating: 0, count: 200_000)[...]
            #expect(
                try await fileSystem.write(handle, offset: 0, data: data, waits: true) == 65_536)
            #expect(
                await fails(.EDQUOT) { () async throws(Errno) in
                    try await fileSystem.write(
                        handle, offset: 65_536, data: data[65_536...], waits: true)
                })
            // The kernel would take a part of them for all.
            #expect(
                await fails(.EDQUOT) { () async throws(Errno) in
                    try await fileSystem.write(handle, offset: 0, data: data, as: .pages)
                })
            await close(fileSystem, inode, handle)
        }
    }

    @Test func makesDoWithoutExtensions() throws {
        try simulate(extensions: []) { request in
            switch request {
            case .lstat: file()
            case .open: handle
            default: ok
            }
        } body: { fileSystem, server in
            let (inode, handle) = try await open(fileSystem)
            try await fileSystem.fsync(handle)
            #expect(try await fileSystem.statfs(rootInode).namemax == 255)
            let refused = await fails(.EOPNOTSUPP) { () async throws(Errno) in
                try await fileSystem.link(inode, as: bytes("l"), in: rootInode)
            }
            #expect(refused)
            try await fileSystem.rename(
                Rename(
                    oldParent: rootInode, oldName: bytes("file"), newParent: rootInode,
                    newName: bytes("g"), mayReplace: true))
            let asked = await server.requests.last
            #expect(
                asked
                    == .rename(oldPath: bytes("/srv/file")[...], newPath: bytes("/srv/g")[...]))
            await close(fileSystem, inode, handle)
        }
    }
}

extension SFTPRequest {
    fileprivate var isOpen: Bool {
        if case .open = self { true } else { false }
    }
}
