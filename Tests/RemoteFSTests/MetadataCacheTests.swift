// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization
import Testing

@testable import RemoteFS

/// What is known without asking, for how long, and what makes it void.
@Suite struct MetadataCacheTests {
    @Test func listedAttributesAreBelievedForTwentySeconds() throws {
        let directory = ListedDirectory(["a", "b"])
        try serve(directory) { fileSystem in
            // Known to be old, by its time, before it is listed.
            _ = try await fileSystem.getattr(rootInode, handle: nil)
            try await list(fileSystem)
            try await fileSystem.loop.sleep(for: .seconds(19))
            _ = directory.takeCounts()
            directory.state.withLock { $0.size = 99 }
            // One look at the directory says that it still holds the same names.
            try await list(fileSystem)
            #expect(try await size(of: "a", fileSystem) == 10)
            #expect(directory.takeCounts() == [0, 0])
            #expect(directory.state.withLock { $0.stats } == 2)
            try await fileSystem.loop.sleep(for: .seconds(2))
            #expect(try await size(of: "b", fileSystem) == 99)
            try await list(fileSystem)
            #expect(directory.takeCounts() == [1, 1])
        }
    }

    @Test(arguments: [true, false])
    func aNewNameIsListedAfterASecond(isOld: Bool) throws {
        let directory = ListedDirectory(["a"])
        try serve(directory) { fileSystem in
            if isOld { _ = try await fileSystem.getattr(rootInode, handle: nil) }
            try await list(fileSystem)
            directory.state.withLock {
                $0.names.append("x")
                $0.mtime += 1
            }
            try await fileSystem.loop.sleep(for: .seconds(0.9))
            #expect(try await fileSystem.list(rootInode, attributes: false).count == 3)
            try await fileSystem.loop.sleep(for: .seconds(0.2))
            #expect(try await fileSystem.list(rootInode, attributes: false).count == 4)
        }
    }

    /// Several who open a directory at a time ask once.
    @Test func aListingIsCheckedOnceForAll() throws {
        let directory = ListedDirectory(["a"])
        try serve(directory) { fileSystem in
            _ = try await fileSystem.getattr(rootInode, handle: nil)
            try await list(fileSystem)
            try await fileSystem.loop.sleep(for: .seconds(5))
            _ = directory.takeCounts()
            for _ in 0..<3 {
                fileSystem.loop.spawn { _ = try? await fileSystem.list(rootInode) }
            }
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            #expect(directory.takeCounts() == [0, 0])
            #expect(directory.state.withLock { $0.stats } == 2)
        }
    }

    /// Whoever wants to make a name takes the kernel's word for it that the name is there.
    @Test(arguments: [true, false])
    func aNameThatIsGoneIsNotThereAfterASecond(isListed: Bool) throws {
        let directory = ListedDirectory(["a", "lock"])
        try serve(directory) { fileSystem in
            if isListed {
                try await list(fileSystem)
            } else {
                _ = try await fileSystem.lookup(bytes("lock"), in: rootInode)
            }
            directory.state.withLock { $0.names = ["a"] }
            try await fileSystem.loop.sleep(for: .seconds(0.9))
            #expect(try await isThere("lock", fileSystem))
            try await fileSystem.loop.sleep(for: .seconds(0.2))
            #expect(try await !isThere("lock", fileSystem))
            #expect(try await !isThere("lock", fileSystem))
        }
    }

    /// Of two things that are still believed, the later one counts.
    @Test func aListingTellsNewsOfKnownFiles() throws {
        let directory = ListedDirectory(["a"])
        try serve(directory) { fileSystem in
            _ = try await fileSystem.lookup(bytes("a"), in: rootInode)
            try await fileSystem.loop.sleep(for: .seconds(5))
            directory.state.withLock { $0.size = 99 }
            try await list(fileSystem)
            guard case .found(let entry) = try await fileSystem.lookup(bytes("a"), in: rootInode)
            else { throw Errno.ENOENT }
            #expect(entry.status.size == 99)
        }
    }

    @Test func theKernelIsToldNoMoreThanASecond() throws {
        try serve(ListedDirectory(["a"])) { fileSystem in
            try await list(fileSystem)
            guard case .found(let entry) = try await fileSystem.lookup(bytes("a"), in: rootInode)
            else { throw Errno.ENOENT }
            #expect(entry.statusValidity == .seconds(1))
            #expect(entry.nameValidity == .seconds(1))
        }
    }

    @Test func aListingProvesAbsenceForASecondOnly() throws {
        let directory = ListedDirectory(["a"])
        try serve(directory) { fileSystem in
            try await list(fileSystem)
            _ = directory.takeCounts()
            #expect(try await !isThere("x", fileSystem))
            #expect(directory.takeCounts() == [0, 0])
            try await fileSystem.loop.sleep(for: .seconds(1.1))
            #expect(try await !isThere("x", fileSystem))
            #expect(directory.takeCounts() == [0, 1])
        }
    }

    @Test func anUnchangedOldDirectoryGoesOnProvingAbsence() throws {
        let directory = ListedDirectory(["a"])
        try serve(directory) { fileSystem in
            // Known to be old, by its time, before it is listed.
            _ = try await fileSystem.getattr(rootInode, handle: nil)
            try await list(fileSystem)
            try await fileSystem.loop.sleep(for: .seconds(1.1))
            _ = directory.takeCounts()
            for name in ["x", "y", "z"] { #expect(try await !isThere(name, fileSystem)) }
            #expect(directory.takeCounts() == [0, 1])
            // Another name has come: the directory's time is another one.
            directory.state.withLock {
                $0.names.append("x")
                $0.mtime += 1
            }
            try await fileSystem.loop.sleep(for: .seconds(1.1))
            #expect(try await !isThere("y", fileSystem))
            try await fileSystem.loop.sleep(for: .milliseconds(10))
            #expect(await fileSystem.look { $0[rootInode]?.listing == nil })
            #expect(try await isThere("x", fileSystem))
        }
    }

    /// Within one second a directory may change twice and have one time.
    @Test func aDirectoryThatHasJustChangedProvesNothingByItsTime() throws {
        let directory = ListedDirectory(["a"])
        try serve(directory, { $0.wallClock = { 3 } }) { fileSystem in
            _ = try await fileSystem.getattr(rootInode, handle: nil)
            try await list(fileSystem)
            _ = directory.takeCounts()
            try await fileSystem.loop.sleep(for: .seconds(1.1))
            for name in ["x", "y"] { #expect(try await !isThere(name, fileSystem)) }
            #expect(directory.takeCounts() == [0, 2])
        }
    }

    /// One that was read seconds after it had changed is as good as an old one: the server's clock has gone on.
    @Test(arguments: [(2, false), (3, true), (64, false)] as [(UInt32, Bool)])
    func aDirectoryThatWasReadAfterItChangedProvesAbsence(access: UInt32, isTelling: Bool) throws {
        let directory = ListedDirectory(["a"])
        directory.state.withLock { $0.listedAccess = access }
        try serve(directory, { $0.wallClock = { 3 } }) { fileSystem in
            _ = try await fileSystem.getattr(rootInode, handle: nil)
            try await list(fileSystem)
            _ = directory.takeCounts()
            try await fileSystem.loop.sleep(for: .seconds(1.1))
            for name in ["x", "y"] { #expect(try await !isThere(name, fileSystem)) }
            #expect(directory.takeCounts() == [0, isTelling ? 1 : 2])
        }
    }

    /// What the server told before it listed a directory is what the names go with.
    @Test func aDirectoryThatChangesWhileItIsListedProvesNothing() throws {
        let directory = ListedDirectory(["a"])
        try serve(directory, { $0.wallClock = { 10 } }) { fileSystem in
            _ = try await fileSystem.getattr(rootInode, handle: nil)
            directory.state.withLock {
                $0.mtime += 1
                $0.listedAccess = 9
            }
            try await list(fileSystem)
            _ = directory.takeCounts()
            try await fileSystem.loop.sleep(for: .seconds(1.1))
            for name in ["x", "y"] { #expect(try await !isThere(name, fileSystem)) }
            #expect(directory.takeCounts() == [0, 2])
        }
    }

    @Test func strictAsksForEveryName() throws {
        let directory = ListedDirectory(["a"])
        try serve(directory, { $0.cache.mode = .strict }) { fileSystem in
            for _ in 0..<2 {
                try await list(fileSystem)
                for name in ["a", "x"] { _ = try await isThere(name, fileSystem) }
                #expect(directory.takeCounts() == [1, 2])
            }
            guard case .found(let entry) = try await fileSystem.lookup(bytes("a"), in: rootInode)
            else { throw Errno.ENOENT }
            #expect(entry.statusValidity == .zero)
            #expect(entry.nameValidity == .zero)
            #expect(
                try await fileSystem.lookup(bytes("x"), in: rootInode) == .absent(validity: .zero))
        }
    }

    @Test func exclusiveAsksOnce() throws {
        let directory = ListedDirectory(["a"])
        try serve(directory, { $0.cache.mode = .exclusive }) { fileSystem in
            try await list(fileSystem)
            _ = directory.takeCounts()
            try await fileSystem.loop.sleep(for: .seconds(80_000))
            try await list(fileSystem)
            #expect(try await isThere("a", fileSystem))
            #expect(try await !isThere("x", fileSystem))
            #expect(directory.takeCounts() == [0, 0])
            try await fileSystem.unlink(bytes("a"), in: rootInode)
            #expect(try await !isThere("a", fileSystem))
        }
    }

    @Test func lookupsOfSiblingsFetchTheListing() throws {
        let names = (0..<50).map { "f\($0)" }
        let directory = ListedDirectory(names)
        try serve(directory, { $0.cache.listingsAhead = 16 }) { fileSystem in
            for name in names {
                #expect(try await isThere(name, fileSystem))
                try await fileSystem.loop.sleep(for: .milliseconds(1))
            }
            #expect(directory.takeCounts() == [1, 2])
        }
    }

    @Test func oneNameAskedForAgainAndAgainFetchesNoListing() throws {
        let directory = ListedDirectory(["a"])
        try serve(directory, { $0.cache.listingsAhead = 16 }) { fileSystem in
            for _ in 0..<5 {
                #expect(try await !isThere("lock", fileSystem))
                try await fileSystem.loop.sleep(for: .seconds(1.1))
            }
            #expect(directory.takeCounts() == [0, 5])
        }
    }

    @Test func aListingFetchedAheadEndsWhereItBecomesLong() throws {
        let directory = ListedDirectory((0..<50_000).map { "f\($0)" })
        try serve(directory, { $0.cache.listingsAhead = 16 }) { fileSystem in
            for name in ["f1", "f2"] { #expect(try await isThere(name, fileSystem)) }
            try await fileSystem.loop.sleep(for: .seconds(1))
            let fetched = await fileSystem.look { $0[rootInode]?.details?.fetch?.listing.count }
            #expect(fetched.map { 4096..<10_000 ~= $0 } == true)
            #expect(await fileSystem.openDirectoryCount == 1)
            try await fileSystem.loop.sleep(for: .seconds(10))
            #expect(await fileSystem.look { $0[rootInode]?.details?.fetch == nil })
            #expect(await fileSystem.openDirectoryCount == 0)
        }
    }

    @Test func allListingsTogetherAreBounded() throws {
        let directory = ListedDirectory((0..<60).map { "f\($0)" })
        try serve(directory, { $0.cache.maximumEntries = 200 }) { fileSystem in
            for _ in 0..<3 {
                try await list(fileSystem)
                try await fileSystem.loop.sleep(for: .seconds(30))
            }
            #expect(await fileSystem.keptListings.size <= 200)
        }
    }

    // MARK: Steps

    private func isThere(_ name: String, _ fileSystem: RemoteFS) async throws -> Bool {
        switch try await fileSystem.lookup(bytes(name), in: rootInode) {
        case .found(let entry):
            await fileSystem.forget(entry.status.inode, count: 1)
            return true
        case .absent: return false
        }
    }

    private func size(of name: String, _ fileSystem: RemoteFS) async throws -> UInt64 {
        guard case .found(let entry) = try await fileSystem.lookup(bytes(name), in: rootInode)
        else { throw Errno.ENOENT }
        await fileSystem.forget(entry.status.inode, count: 1)
        return entry.status.size
    }

    private func list(_ fileSystem: RemoteFS) async throws {
        _ = try await fileSystem.list(rootInode, attributes: false)
    }
}

extension RemoteFS {
    /// Reads a whole directory.
    @discardableResult
    func list(_ inode: InodeNumber, attributes: Bool = true) async throws(Errno) -> [ListedEntry] {
        let handle = try await opendir(inode).handle
        let result: Result<[ListedEntry], Errno>
        do throws(Errno) {
            result = .success(try await entries(of: handle, attributes: attributes))
        } catch {
            result = .failure(error)
        }
        await releasedir(handle)
        return try result.get()
    }

    private func entries(
        of handle: HandleID, attributes: Bool
    ) async throws(Errno) -> [ListedEntry] {
        var all: [ListedEntry] = []
        while true {
            let entries = try await readdir(
                handle, offset: all.last?.nextOffset ?? 0, room: 32_768, overhead: 24,
                attributes: attributes)
            if entries.isEmpty { return all }
            all += entries
        }
    }
}
