// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import RemoteFS

/// Programs that go through trees: how long they wait, and what they leave behind.
@Suite struct WalkTests {
    /// A server of `/srv` with directories of files, a hundred entries in a reply.
    private final class Tree: Sendable {
        private let state = Mutex<[String: Range<Int>]>([:])
        private let opened = Mutex(0)
        let directories: [String]
        let files: Int

        init(directories: [String], files: Int) {
            self.directories = directories
            self.files = files
        }

        func answer(_ request: SFTPRequest) -> SFTPReply? {
            switch request {
            case .opendir(let path):
                let isRoot = path.elementsEqual("/srv".utf8)
                let number = opened.withLock { number in
                    number += 1
                    return number
                }
                let handle = (isRoot ? "root" : "files") + "\(number)"
                let end = isRoot ? directories.count : files
                state.withLock { $0[handle] = 0..<end }
                return .handle(bytes(handle)[...])
            case .readdir(let handle):
                let handle = String(decoding: handle, as: UTF8.self)
                let range = state.withLock { state in
                    let rest = state[handle] ?? 0..<0
                    let next = rest.prefix(100)
                    state[handle] = next.upperBound..<rest.upperBound
                    return next
                }
                guard !range.isEmpty else { return .status(SFTPStatus(.eof)) }
                return handle.hasPrefix("root") ? directories(range) : files(range)
            case .lstat(let path)
            where String(decoding: path, as: UTF8.self).contains("/file-"):
                return WalkTests.listedFile
            case .lstat, .stat: return directory
            default: return ok
            }
        }

        private func directories(_ range: Range<Int>) -> SFTPReply {
            .name(
                range.map {
                    NameEntry(
                        filename: bytes(directories[$0])[...], longname: [],
                        attributes: FileAttributes(
                            permissions: 0o040755, times: .init(atime: 1, mtime: 1)))
                })
        }

        private func files(_ range: Range<Int>) -> SFTPReply {
            listing(range.map { bytes("file-\($0)") })
        }
    }

    private static let listedFile = file()

    private func serve(
        _ tree: Tree, _ configure: @escaping (inout RemoteFSOptions) -> Void = { _ in },
        _ body: @escaping @Sendable (RemoteFS, FakeServer) async throws -> Void
    ) throws {
        try simulate(
            answer: { tree.answer($0) },
            configure: {
                $0.cache = MetadataCacheOptions()
                configure(&$0)
            }, body: body)
    }

    /// What find, or ls if it puts names in order, does with a tree; returns the number of names.
    private func walk(
        _ fileSystem: RemoteFS, inOrder: Bool, visit: (InodeNumber) async throws -> Void = { _ in }
    ) async throws -> Int {
        var directories = try await fileSystem.list(rootInode).dropFirst(2)
        if inOrder { directories.sort { $0.name.lexicographicallyPrecedes($1.name) } }
        var count = directories.count
        for directory in directories {
            count += try await fileSystem.list(directory.number).count - 2
            try await visit(directory.number)
        }
        return count
    }

    /// A quarter of what one directory after the other takes.
    ///
    /// That is four round trips for each: the window of READDIRs has to open first.
    @Test(arguments: [true, false])
    func takeFewRoundTrips(inOrder: Bool) throws {
        // The server's order is not that of the names.
        let names = (0..<20).map { "d\($0 * 7 % 20 + 10)" }
        let most = 1 + MetadataCacheOptions().listingsAhead
        try serve(Tree(directories: names, files: 1000)) { fileSystem, server in
            let roundTrip = Duration.milliseconds(50)
            await server.answer(after: roundTrip)
            let begin = fileSystem.loop.now
            let count = try await walk(fileSystem, inOrder: inOrder) { _ in
                #expect(await fileSystem.openDirectoryCount <= most)
            }
            #expect(count == 20_020)
            let time = fileSystem.loop.now - begin
            #expect(time <= roundTrip * 20, "\(time)")
        }
    }

    /// As rm does: the directory that was read last is gone when the next one is opened.
    @Test func thatRemoveWhatTheyMeetTakeFewRoundTripsBesides() throws {
        let tree = Tree(directories: (0..<20).map { "d\($0 + 10)" }, files: 2)
        try serve(tree) { fileSystem, server in
            let roundTrip = Duration.milliseconds(50)
            await server.answer(after: roundTrip)
            let begin = fileSystem.loop.now
            for directory in try await fileSystem.list(rootInode).dropFirst(2) {
                for file in try await fileSystem.list(directory.number).dropFirst(2) {
                    try await fileSystem.unlink(file.name, in: directory.number)
                }
                try await fileSystem.rmdir(directory.name, in: rootInode)
            }
            let time = fileSystem.loop.now - begin
            #expect(time <= roundTrip * (20 * 3 + 12), "\(time)")
        }
    }

    /// Who comes back later, as git does for each file, waits for some of the directories, not for all.
    @Test func learnInFewRoundTripsThatNothingHasChanged() throws {
        try serve(Tree(directories: (0..<200).map { "d\($0)" }, files: 10)) { fileSystem, server in
            _ = try await walk(fileSystem, inOrder: false)
            let directories = try await fileSystem.list(rootInode).dropFirst(2).map(\.number)
            try await fileSystem.loop.sleep(for: .seconds(3))
            await server.forgetRequests()
            let roundTrip = Duration.milliseconds(50)
            await server.answer(after: roundTrip)
            let begin = fileSystem.loop.now
            for inode in directories {
                for number in 0..<10 {
                    _ = try await fileSystem.lookup(bytes("file-\(number)"), in: inode)
                }
            }
            let time = fileSystem.loop.now - begin
            #expect(time <= roundTrip * 8, "\(time)")
            #expect(await server.requests.count < 220)
        }
    }

    @Test func getTheFirstEntriesBeforeTheLastAreRead() throws {
        try serve(Tree(directories: ["d"], files: 100_000)) { fileSystem, server in
            let inode = try #require(try await fileSystem.list(rootInode).last?.number)
            await server.answer(after: .milliseconds(50))
            await server.forgetRequests()
            let begin = fileSystem.loop.now
            let handle = try await fileSystem.opendir(inode).handle
            let first = try await fileSystem.readdir(
                handle, offset: 0, room: 4096, overhead: 24, attributes: true)
            #expect(first.count > 50)
            #expect(fileSystem.loop.now - begin <= .milliseconds(101))
            #expect(await server.requests.count < 10)
            await fileSystem.releasedir(handle)
        }
    }

    @Test func leaveNoMoreBehindThanTheBounds() throws {
        let tree = Tree(directories: (0..<40).map { "d\($0)" }, files: 1000)
        try serve(tree) {
            $0.maximumNodes = 2000
            $0.cache.maximumEntries = 5000
        } _: { fileSystem, _ in
            let count = try await walk(fileSystem, inOrder: false) { _ in
                #expect(await fileSystem.keptListings.size <= 5000)
                #expect(await fileSystem.look { $0.count } <= 2041)
            }
            #expect(count == 40_040)
            try await fileSystem.loop.sleep(for: .seconds(60))
            #expect(await fileSystem.keptListings.size == 0)
            #expect(await fileSystem.openDirectoryCount == 0)
            #expect(await fileSystem.fetchesAhead == 0)
        }
    }

    /// One visit after the other that follows no order asks for nothing in vain for long.
    @Test func thatAreNoneFetchLittleAhead() throws {
        let names = (0..<400).map { "d\(1000 + $0)" }
        try serve(Tree(directories: names, files: 10)) { fileSystem, server in
            let directories = try await fileSystem.list(rootInode).dropFirst(2).map(\.number)
            await server.forgetRequests()
            for step in 1...30 {
                try await fileSystem.list(directories[step * 173 % 400])
                try await fileSystem.loop.sleep(for: .milliseconds(10))
            }
            let opened = await server.requests.count { request in
                if case .opendir = request { true } else { false }
            }
            #expect(opened <= 30 + 4 * 16)
        }
    }
}
