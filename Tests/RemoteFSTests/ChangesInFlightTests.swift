// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Synchronization
import Testing

@testable import RemoteFS

/// What is asked and answered while a change of ours is under way, or has failed.
@Suite struct ChangesInFlightTests {
    enum Change: CaseIterable {
        case rename, unlink

        func make(_ fileSystem: RemoteFS) async throws(Errno) {
            switch self {
            case .rename: try await fileSystem.rename(from: "new", to: "old")
            case .unlink: try await fileSystem.unlink(bytes("old"), in: rootInode)
            }
        }
    }

    @Test(arguments: Change.allCases)
    func anOpenFileIsAskedByHandleOnceItLosesItsName(change: Change) throws {
        try simulate { request in
            request.isOpen ? handle : file(size: 10)
        } body: { fileSystem, server in
            let (inode, old) = try await open(fileSystem, "old")
            _ = try await fileSystem.find("new")
            try await fileSystem.loop.sleep(for: .seconds(2))
            try await server.answer { request in
                request.isRenameOrRemove
                    ? nil : request.looksForMovedName ? noSuchFile : file(size: 99)
            }
            await server.forgetRequests()
            fileSystem.loop.spawn { try? await change.make(fileSystem) }
            let seen = Mutex<UInt64?>(nil)
            fileSystem.loop.spawn {
                let answer = try? await fileSystem.getattr(inode, handle: nil)
                seen.withLock { $0 = answer?.status.size }
            }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            #expect(await server.requests.filter { !$0.looksForMovedName }.count == 1)
            try await server.answer { request in
                switch request {
                case .fstat: file(size: 10)
                case .lstat: file(size: 99)
                default: ok
                }
            }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            #expect(seen.withLock { $0 } == 10)
            await close(fileSystem, inode, old)
        }
    }

    @Test func aChangeOfAFileBeingReplacedReachesThatFile() throws {
        try simulate { request in
            request.isOpen ? handle : file()
        } body: { fileSystem, server in
            let (inode, old) = try await open(fileSystem, "old")
            _ = try await fileSystem.find("new")
            try await server.answer { $0.isRenameOrRemove || $0.looksForMovedName ? nil : ok }
            await server.forgetRequests()
            fileSystem.loop.spawn { try? await Change.rename.make(fileSystem) }
            fileSystem.loop.spawn {
                var changes = AttributeChanges()
                changes.permissions = 0o600
                _ = try? await fileSystem.setattr(inode, changes, handle: nil)
            }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            try await server.answer { request in
                switch request {
                case .lstat where request.looksForMovedName: noSuchFile
                case .fstat, .lstat: file()
                default: ok
                }
            }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            let changesByHandle = await server.requests.contains { request in
                if case .fsetstat = request { true } else { false }
            }
            #expect(changesByHandle)
            await close(fileSystem, inode, old)
        }
    }

    @Test func aListingBringsNoRemovedNameBack() throws {
        try simulate { _ in
            file()
        } body: { fileSystem, server in
            let inode = try #require(try await fileSystem.find("old"))
            let directory = try await openHoldingBackEntries(fileSystem, server)
            try await fileSystem.unlink(bytes("old"), in: rootInode)
            await fileSystem.forget(inode, count: 1)
            let entries = try await receive(names(bytes("old")), directory, fileSystem, server)
            #expect(entries.map(\.name).contains(bytes("old")))
            #expect(entries.allSatisfy { $0.entry == nil })
            try await server.answer { _ in noSuchFile }
            #expect(try await fileSystem.find("old") == nil)
            await fileSystem.releasedir(directory)
        }
    }

    @Test func aListingGivesARenamedFileNothingOfTheOneItReplaced() throws {
        try simulate { _ in
            file(size: 5)
        } body: { fileSystem, server in
            let inode = try #require(try await fileSystem.find("new"))
            let directory = try await openHoldingBackEntries(fileSystem, server)
            try await Change.rename.make(fileSystem)
            // It still has the file that was there before, of ten bytes.
            _ = try await receive(names(bytes("old")), directory, fileSystem, server)
            #expect(await fileSystem.cachedAttributes(of: inode)?.value.size == 5)
            await fileSystem.releasedir(directory)
        }
    }

    @Test func aLateAnswerGivesARenamedFileNothingOfTheOneItReplaced() throws {
        try simulate { _ in
            file(size: 5)
        } body: { fileSystem, server in
            let inode = try #require(try await fileSystem.find("new"))
            try await server.answer { request in
                if case .lstat = request { nil } else { ok }
            }
            fileSystem.loop.spawn { _ = try? await fileSystem.find("old") }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            try await Change.rename.make(fileSystem)
            try await server.answer { _ in file(size: 10) }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            #expect(await fileSystem.cachedAttributes(of: inode)?.value.size == 5)
        }
    }

    @Test func aFailedChangeMakesKnownNamesDoubtful() throws {
        try simulate { _ in
            file()
        } body: { fileSystem, server in
            for (name, change) in [("old", Change.unlink), ("new", .rename)] {
                try await server.answer { _ in file() }
                _ = try await fileSystem.find(name)
                try await server.answer { _ in noSuchFile }
                #expect(
                    await fails(.ENOENT) { () async throws(Errno) in
                        try await change.make(fileSystem)
                    })
                #expect(try await fileSystem.find(name) == nil)
            }
        }
    }

    @Test(arguments: [failure, ok])
    func aFailedMkdirMakesTheListingDoubtful(reply: SFTPReply) throws {
        try simulate { request in
            request.answerOfEmptyDirectory
        } body: { fileSystem, server in
            try await list(fileSystem)
            // Either it was there, or it was made and LSTAT behind it failed.
            try await server.answer { request in
                if case .mkdir = request { reply } else { failure }
            }
            #expect(
                await fails(.EIO) { () async throws(Errno) in
                    try await fileSystem.mkdir(bytes("d"), in: rootInode, permissions: 0o755)
                })
            try await server.answer { _ in directory }
            #expect(try await fileSystem.find("d") != nil)
        }
    }

    @Test func aListingProvesNoAbsenceOfWhatIsBeingMade() throws {
        try simulate { request in
            request.answerOfEmptyDirectory
        } body: { fileSystem, server in
            try await list(fileSystem)
            try await server.answer { request in
                switch request {
                case .mkdir: nil
                case .close: ok
                default: directory
                }
            }
            fileSystem.loop.spawn {
                _ = try? await fileSystem.mkdir(bytes("d"), in: rootInode, permissions: 0o755)
            }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            #expect(try await fileSystem.find("d") != nil)
            try await server.answer { _ in ok }
        }
    }

    @Test func theServerSaysWhatIsTooLongForAListedDirectory() throws {
        try simulate { request in
            request.answerOfEmptyDirectory
        } body: { fileSystem, server in
            try await list(fileSystem)
            try await server.answer { _ in .status(SFTPStatus(.badMessage)) }
            #expect(
                await fails(.ENAMETOOLONG) { () async throws(Errno) in
                    try await fileSystem.lookup([UInt8](repeating: 0x6e, count: 256), in: rootInode)
                })
        }
    }

    // MARK: Steps

    /// Opens the root for reading while its server keeps the entries to itself.
    private func openHoldingBackEntries(
        _ fileSystem: RemoteFS, _ server: FakeServer
    ) async throws -> HandleID {
        try await server.answer { request in
            switch request {
            case .opendir: handle
            case .readdir: nil
            default: ok
            }
        }
        let directory = try await fileSystem.opendir(rootInode).handle
        try await fileSystem.loop.sleep(for: .seconds(0.1))
        return directory
    }

    /// Lets the entries come, and reads them.
    private func receive(
        _ entries: SFTPReply, _ directory: HandleID, _ fileSystem: RemoteFS, _ server: FakeServer
    ) async throws -> [ListedEntry] {
        let rest = Mutex([entries])
        try await server.answer { request in
            guard case .readdir = request else { return ok }
            return rest.withLock { $0.isEmpty ? .status(SFTPStatus(.eof)) : $0.removeFirst() }
        }
        return try await fileSystem.readdir(
            directory, offset: 0, room: 4096, overhead: 24, attributes: true)
    }

    /// Reads all of the empty root, so that it is known.
    private func list(_ fileSystem: RemoteFS) async throws {
        let directory = try await fileSystem.opendir(rootInode).handle
        let entries = try await fileSystem.readdir(
            directory, offset: 2, room: 4096, overhead: 24, attributes: false)
        #expect(entries.isEmpty)
        await fileSystem.releasedir(directory)
    }
}

extension RemoteFS {
    fileprivate func find(_ name: String) async throws(Errno) -> InodeNumber? {
        switch try await lookup(bytes(name), in: rootInode) {
        case .found(let entry): entry.status.inode
        case .absent: nil
        }
    }

    fileprivate func rename(from old: String, to new: String) async throws(Errno) {
        try await rename(
            Rename(
                oldParent: rootInode, oldName: bytes(old), newParent: rootInode,
                newName: bytes(new), mayReplace: true))
    }
}

extension SFTPRequest {
    fileprivate var isOpen: Bool {
        if case .open = self { true } else { false }
    }

    /// Whether it asks if a rename has left the old name where it was.
    fileprivate var looksForMovedName: Bool {
        if case .lstat(let path) = self { path.elementsEqual("/srv/new".utf8) } else { false }
    }

    fileprivate var isRenameOrRemove: Bool {
        switch self {
        case .posixRename, .remove: true
        default: false
        }
    }

    fileprivate var answerOfEmptyDirectory: SFTPReply {
        switch self {
        case .opendir: handle
        case .readdir: .status(SFTPStatus(.eof))
        default: ok
        }
    }
}
