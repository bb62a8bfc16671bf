// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Synchronization
import Testing

@testable import RemoteFS

/// What the kernel may keep of a directory's entries.
@Suite struct KernelEntriesTests {
    @Test func theKernelKeepsEntriesForAsLongAsItBelievesTheirAttributes() throws {
        let directory = ListedDirectory(["a", "b"])
        try serve(directory) { fileSystem in
            // Known to be old, by its time, before it is listed.
            _ = try await fileSystem.getattr(rootInode, handle: nil)
            #expect(try await !opensKept(fileSystem))
            try await fileSystem.list(rootInode)
            #expect(try await opensKept(fileSystem))
            // Another listing is another thing, and one without attributes is of no use later.
            try await fileSystem.loop.sleep(for: .milliseconds(800))
            #expect(try await !opensKept(fileSystem))
            try await fileSystem.list(rootInode)
            #expect(try await opensKept(fileSystem))
            try await fileSystem.list(rootInode, attributes: false)
            #expect(try await !opensKept(fileSystem))
        }
    }

    @Test func theKernelKeepsNoEntriesOfWhatSomebodyElseHasChanged() throws {
        let directory = ListedDirectory(["a", "b"])
        try serve(
            directory, { ($0.attributeValidity, $0.nameValidity) = (.seconds(8), .seconds(8)) }
        ) {
            fileSystem in
            _ = try await fileSystem.getattr(rootInode, handle: nil)
            try await fileSystem.list(rootInode)
            #expect(try await opensKept(fileSystem))
            directory.state.withLock { ($0.names, $0.mtime) = (["a", "b", "c"], 2) }
            try await fileSystem.loop.sleep(for: .seconds(9))
            #expect(try await !opensKept(fileSystem))
        }
    }

    /// A program that rewinds would not see what changes within the same second as the directory did last.
    @Test func theKernelKeepsNoEntriesWhereTheTimeDoesNotTellOfChanges() throws {
        let directory = ListedDirectory(["a", "b"])
        directory.state.withLock { $0.mtime = 1_000_000 }
        try serve(directory) { fileSystem in
            _ = try await fileSystem.getattr(rootInode, handle: nil)
            try await fileSystem.list(rootInode)
            let opened = try await fileSystem.opendir(rootInode)
            #expect(!opened.keepsNewEntries && !opened.keepsEntries)
            await fileSystem.releasedir(opened.handle)
        }
    }

    /// By its time the kernel tells whether what it has kept is still true.
    @Test(arguments: [false, true])
    func attributesOfAnOpenDirectoryAreBelievedAsByTheKernelIfItMayKeepEntries(keeps: Bool) throws {
        let directory = ListedDirectory(["a", "b"])
        try serve(
            directory,
            {
                $0.attributeValidity = keeps ? .seconds(1) : .zero
                $0.cache.attributeTimeout = .seconds(20)
            }
        ) { fileSystem in
            let opened = try await fileSystem.opendir(rootInode)
            _ = try await fileSystem.getattr(rootInode, handle: nil)
            let count = directory.state.withLock { $0.stats }
            try await fileSystem.loop.sleep(for: .seconds(2))
            _ = try await fileSystem.getattr(rootInode, handle: nil)
            #expect(directory.state.withLock { $0.stats } == (keeps ? count + 1 : count))
            await fileSystem.releasedir(opened.handle)
        }
    }

    @Test func theKernelKeepsNothingOfADirectoryThatIsReadTwice() throws {
        let directory = ListedDirectory(["a", "b"])
        try serve(directory) { fileSystem in
            _ = try await fileSystem.getattr(rootInode, handle: nil)
            let opened = try await fileSystem.opendir(rootInode)
            for _ in 0..<2 {
                _ = try await fileSystem.readdir(
                    opened.handle, offset: 0, room: 32_768, overhead: 24, attributes: true)
            }
            await fileSystem.releasedir(opened.handle)
            #expect(try await !opensKept(fileSystem))
        }
    }

    private func opensKept(_ fileSystem: RemoteFS) async throws -> Bool {
        let directory = try await fileSystem.opendir(rootInode)
        await fileSystem.releasedir(directory.handle)
        return directory.keepsEntries
    }
}
