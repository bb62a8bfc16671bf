// SPDX-License-Identifier: Apache-2.0

import EventLoop
import LocalFiles
import LocalSFTPServer
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import CopyEngine

/// A side that says what it is told to, whether it makes sense or not.
private struct InventedStore: FileStore, Folder {
    /// What every directory holds; called for each part of a listing.
    var entries: @Sendable (_ path: Bytes, _ part: Int) -> [NameEntry]?
    /// What every file holds.
    var content: @Sendable (_ offset: UInt64, _ count: Int) -> Bytes? = { _, _ in nil }
    var path: Bytes = "/tree".bytes

    private static let folder = FileAttributes(permissions: 0o040755)

    static func file(_ name: String, size: UInt64 = 0) -> NameEntry {
        NameEntry(
            filename: name.bytes, longname: [],
            attributes: FileAttributes(size: size, permissions: 0o100644))
    }

    static func folder(_ name: String) -> NameEntry {
        NameEntry(filename: name.bytes, longname: [], attributes: folder)
    }

    func isSame(as other: any FileStore) -> Bool { false }
    func status(of path: Bytes) async throws -> FileAttributes { Self.folder }
    func canonicalPath(of path: Bytes) async throws -> Bytes { path }
    func folder(at path: Bytes) async throws -> any Folder { self }
    func status(of name: Bytes, followingLink: Bool) async throws -> FileAttributes { Self.folder }

    func folder(named name: Bytes, followingLink: Bool) async throws -> any Folder {
        var inner = self
        inner.path += [UInt8(ascii: "/")] + name
        return inner
    }

    func list() async throws -> any Listing { InventedListing(store: self) }
    func openSource(_ name: Bytes) async throws -> any SourceFile { InventedFile(store: self) }

    var canReplace: Bool { false }
    func waitForConnection() async throws {}
    func target(ofLink name: Bytes) async throws -> Bytes { throw Errno.EINVAL }
    func openTarget(_ name: Bytes, _ way: TargetWay) async throws -> any TargetFile {
        throw Errno.EROFS
    }
    func makeFolder(_ name: Bytes, permissions: UInt32) async throws { throw Errno.EROFS }
    func makeLink(_ name: Bytes, to target: Bytes) async throws { throw Errno.EROFS }
    func remove(_ name: Bytes) async throws { throw Errno.EROFS }
    func removeFolder(_ name: Bytes) async throws { throw Errno.EROFS }
    func makeHardLink(_ name: Bytes, to folder: any Folder, _ file: Bytes) async throws {
        throw Errno.EROFS
    }
    func rename(_ name: Bytes, to newName: Bytes) async throws { throw Errno.EROFS }
    func set(_ attributes: FileAttributes) async throws { throw Errno.EROFS }
}

private actor InventedListing: Listing {
    let store: InventedStore
    var part = 0

    init(store: InventedStore) { self.store = store }

    func next() async throws -> [NameEntry]? {
        defer { part += 1 }
        return store.entries(store.path, part)
    }

    func close() async {}
}

private struct InventedFile: SourceFile {
    let store: InventedStore
    var chunkBytes: Int { 65_536 }

    func startRead(at offset: UInt64, count: Int) async throws -> Deferred<[Bytes]?> {
        Deferred { store.content(offset, count).map { [$0] } }
    }

    func close() async {}
}

/// Copies from a side that lies.
@Suite struct HostileSourceTests {
    /// Copies the invented tree into a directory of its own, in which nothing else is.
    ///
    /// - Returns: what was said, how it went, and the names in that directory and around it.
    private func copyTree(
        _ store: InventedStore, verifying verifies: Bool = false
    ) throws -> (said: [String], progress: CopyProgress, names: [String], around: [String]) {
        let directory = try TemporaryDirectory()
        let target = "\(directory.path)/target"
        try LocalFiles.makeDirectory(target.bytes, permissions: 0o755)
        let loop = try EpollLoop()
        let outcome = try loop.run {
            await copy(
                [CopyOperand(store: store, path: "/tree".bytes)],
                to: CopyOperand(store: LocalStore(loop: loop), path: target.bytes), loop: loop
            ) {
                $0.isRecursive = true
                $0.verifies = verifies
            }
        }
        return (
            outcome.said, outcome.progress, try names(in: "\(target)/tree"),
            try names(in: directory.path) + names(in: target)
        )
    }

    @Test func refusesNamesThatLeadOutOfTheDirectory() throws {
        let bad = ["../up", "..", ".", "", "a/b", "/etc", "nul\0"]
        let outcome = try copyTree(
            InventedStore(entries: { _, part in
                part == 0 ? bad.map { InventedStore.file($0) } + [InventedStore.file("good")] : nil
            }))
        #expect(outcome.names == ["good"])
        #expect(outcome.around == ["target", "tree"])
        #expect(outcome.progress.problems == bad.count)
        #expect(outcome.said.allSatisfy { !$0.contains("\0") })
    }

    @Test func takesANameThatComesTwiceOnce() throws {
        let outcome = try copyTree(
            InventedStore(entries: { _, part in part < 3 ? [InventedStore.file("same")] : nil }))
        #expect(outcome.names == ["same"])
        #expect(outcome.progress.problems == 2)
    }

    @Test func namesCannotSteerTheTerminal() throws {
        let outcome = try copyTree(
            InventedStore(entries: { _, part in
                part < 2 ? [InventedStore.folder("\u{1B}[2J\nx")] : nil
            }))
        #expect(outcome.said.allSatisfy { !$0.contains("\u{1B}") && !$0.contains("\n") })
    }

    @Test func aDepthWithoutEndIsAnError() throws {
        let outcome = try copyTree(
            InventedStore(entries: { _, part in part == 0 ? [InventedStore.folder("d")] : nil }))
        #expect(outcome.progress.problems == 1)
        #expect(outcome.said.first?.contains("deeper") == true, "\(outcome.said)")
    }

    @Test func sizesThatLieEndWhereTheContentEnds() throws {
        let outcome = try copyTree(
            InventedStore(
                entries: { _, part in
                    part == 0
                        ? [
                            InventedStore.file("small", size: .max),
                            InventedStore.file("large", size: 1),
                        ] : nil
                },
                content: { offset, count in
                    let length = 100_000
                    guard offset < length else { return nil }
                    return Bytes(repeating: 7, count: min(count, length - Int(offset)))
                }))
        #expect(outcome.names == ["large", "small"])
        #expect(outcome.progress.bytesDone == 200_000)
        #expect(outcome.said.count == 2)
        #expect(outcome.said.allSatisfy { $0.contains("changed") })
    }

    @Test func moreDataThanWasAskedForIsAnError() throws {
        let outcome = try copyTree(
            InventedStore(
                entries: { _, part in part == 0 ? [InventedStore.file("file", size: 10)] : nil },
                content: { _, count in Bytes(repeating: 7, count: count + 1) }))
        #expect(outcome.names == [])
        #expect(outcome.progress.problems == 1)
    }

    @Test func aSourceThatSendsNothingAndNoEndIsAnError() throws {
        let outcome = try copyTree(
            InventedStore(
                entries: { _, part in part == 0 ? [InventedStore.file("file", size: 10)] : nil },
                content: { _, _ in [] }))
        #expect(outcome.names == [])
        #expect(outcome.progress.problems == 1)
    }

    @Test func whatCannotBeVerifiedGetsNoName() throws {
        let reads = Mutex(0)
        let outcome = try copyTree(
            InventedStore(
                entries: { _, part in part == 0 ? [InventedStore.file("file", size: 10)] : nil },
                content: { offset, count in
                    guard offset < 10 else { return nil }
                    // Each time another content.
                    return Bytes(
                        repeating: reads.withLock {
                            $0 += 1
                            return UInt8($0)
                        }, count: min(count, 10 - Int(offset)))
                }), verifying: true)
        #expect(outcome.names == [])
        #expect(outcome.said.first?.contains("not what was read") == true, "\(outcome.said)")
    }

    @Test func moreDirectoriesThanMayWaitAreAllCopied() throws {
        let count = CopyLimits.waitingFolders + 1000
        let outcome = try copyTree(
            InventedStore(entries: { path, part in
                !path.contains(UInt8(ascii: "d")) && part == 0
                    ? (0..<count).map { InventedStore.folder("d\($0)") } : nil
            }))
        #expect(outcome.said == [])
        #expect(outcome.names.count == count)
    }

    @Test func aListingWithoutEndIsAnError() throws {
        let outcome = try copyTree(
            InventedStore(entries: { _, part in
                [InventedStore.file(part % 2 == 0 ? "same" : "../x")]
            }))
        #expect(outcome.names == ["same"])
        #expect(outcome.progress.problems == CopyLimits.badEntries + 1)
        #expect(outcome.said.last?.contains("makes no sense") == true, "\(outcome.said.suffix(1))")
    }
}
