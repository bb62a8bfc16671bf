// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import RemoteFS

/// Programs that read the small files of a directory one after the other.
@Suite struct FilesAheadTests {
    enum Order: CaseIterable { case listing, inodeNumbers, names }

    /// A directory of files that nobody has changed for long.
    private func serve(
        files: Int = 40, mtime: UInt32 = 1, directoryTime: UInt32 = 1, limit: UInt64? = nil,
        _ configure: @escaping (inout RemoteFSOptions) -> Void = { _ in },
        _ body: @escaping @Sendable (RemoteFS, FakeServer, FakeDisk) async throws -> Void
    ) throws {
        let disk = FakeDisk()
        disk["/srv"] = FakeDisk.File(mtime: directoryTime, mode: 0o040755)
        for number in 0..<files {
            disk["/srv/f\(number)"] = FakeDisk.File(data: Self.content(number), mtime: mtime)
        }
        let answers = disk.answers()
        let limits = limit.map {
            ServerLimits(
                maxPacketLength: 1 << 18, maxReadLength: 1 << 17, maxWriteLength: 1 << 17,
                maxOpenHandles: $0)
        }
        try simulate(
            extensions: [.posixRename, .hardlink] + (limit == nil ? [] : [.limits]),
            answer: { request in
                if case .limits = request, let limits { return limits.reply }
                return answers(request)
            },
            configure: {
                $0.cache = MetadataCacheOptions()
                configure(&$0)
            }
        ) { fileSystem, server in try await body(fileSystem, server, disk) }
    }

    private static func content(_ number: Int) -> [UInt8] { bytes("the content of \(number)") }

    private func read(
        _ fileSystem: RemoteFS, _ name: String, in parent: InodeNumber = rootInode
    ) async throws -> [UInt8] {
        guard case .found(let entry) = try await fileSystem.lookup(bytes(name), in: parent) else {
            throw Errno.ENOENT
        }
        let inode = entry.status.inode
        let handle = try await fileSystem.open(inode, .read).handle
        let data = try await fileSystem.read(handle, offset: 0, count: 131_072)
        // Nobody waits for a close.
        fileSystem.loop.spawn {
            await fileSystem.release(handle)
            await fileSystem.forget(inode, count: 1)
        }
        return data.flatMap { Array($0) }
    }

    /// The names of the files, in an order in which programs come to them.
    private func names(
        _ fileSystem: RemoteFS, _ order: Order = .names, in parent: InodeNumber = rootInode
    ) async throws -> [String] {
        _ = try await fileSystem.getattr(parent, handle: nil)
        var entries = try await fileSystem.list(parent).dropFirst(2)
        // Until the directory has been closed.
        try await fileSystem.loop.sleep(for: .milliseconds(1))
        switch order {
        case .listing: break
        case .inodeNumbers: entries.sort { $0.number < $1.number }
        case .names: entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
        }
        return entries.map { String(decoding: $0.name, as: UTF8.self) }
    }

    private func count(
        _ server: FakeServer, _ isCounted: @Sendable (SFTPRequest) -> Bool
    ) async -> Int {
        await server.requests.count(where: isCounted)
    }

    @Test(arguments: Order.allCases)
    func waitForOneRoundTripAtEach(order: Order) throws {
        try serve { fileSystem, server, _ in
            let names = try await names(fileSystem, order)
            await server.answer(after: .milliseconds(50))
            await server.forgetRequests()
            let begin = fileSystem.loop.now
            for name in names {
                #expect(try await read(fileSystem, name) == Self.content(Int(name.dropFirst())!))
            }
            let time = fileSystem.loop.now - begin
            #expect(time <= .milliseconds(50) * 50, "\(time)")
            try await fileSystem.loop.sleep(for: .seconds(11))
            // None is opened or read twice, and all are closed.
            #expect(await count(server) { if case .open = $0 { true } else { false } } == 40)
            #expect(await count(server) { if case .read = $0 { true } else { false } } == 40)
            #expect(await count(server) { if case .close = $0 { true } else { false } } == 40)
            #expect(await fileSystem.aheadCount == 0)
            #expect(await fileSystem.smallFileReadCount == 0)
        }
    }

    @Test func twoNeighboursOpenFewThatAreClosedAgainUnread() throws {
        try serve { fileSystem, server, _ in
            let names = try await names(fileSystem)
            await server.forgetRequests()
            for name in names.prefix(2) { _ = try await read(fileSystem, name) }
            try await fileSystem.loop.sleep(for: .seconds(11))
            #expect(await count(server) { if case .open = $0 { true } else { false } } == 6)
            #expect(await count(server) { if case .close = $0 { true } else { false } } == 6)
            #expect(await fileSystem.aheadCount == 0)
        }
    }

    /// Who has gone through one directory goes through the next in the same order.
    @Test(arguments: Order.allCases)
    func nextDirectoryIsReadAheadFromItsFirstFileOn(order: Order) throws {
        try serve(files: 6) { fileSystem, server, disk in
            disk["/srv/d"] = FakeDisk.File(mtime: 1, mode: 0o040755)
            for number in 0..<6 {
                disk["/srv/d/f\(number)"] = FakeDisk.File(data: Self.content(number), mtime: 1)
            }
            for name in try await names(fileSystem, order) where name != "d" {
                _ = try await read(fileSystem, name)
            }
            guard case .found(let entry) = try await fileSystem.lookup(bytes("d"), in: rootInode)
            else { throw Errno.ENOENT }
            let inode = entry.status.inode
            let next = try await names(fileSystem, order, in: inode)
            _ = try await read(fileSystem, next[0], in: inode)
            #expect(await fileSystem.isOpenAhead(next[1], in: inode))
        }
    }

    @Test func filesThatFollowNoOrderAreHardlyOpenedAhead() throws {
        try serve(files: 400) { fileSystem, server, _ in
            let names = try await names(fileSystem)
            await server.forgetRequests()
            var numbers = SeededGenerator(seed: 1)
            for name in names.shuffled(using: &numbers).prefix(60) {
                _ = try await read(fileSystem, name)
            }
            let opened = await count(server) { if case .open = $0 { true } else { false } }
            #expect(opened <= 60 + 4 * FilesAhead.fewest)
        }
    }

    /// What a time does not tell from a later change is not opened ahead.
    @Test(arguments: [(UInt32(999_950), UInt32(1)), (1, 999_950)])
    func youngFilesAreNotOpenedAhead(mtime: UInt32, directoryTime: UInt32) throws {
        try serve(mtime: mtime, directoryTime: directoryTime) { fileSystem, server, _ in
            let names = try await names(fileSystem)
            await server.forgetRequests()
            for name in names.prefix(10) { _ = try await read(fileSystem, name) }
            #expect(await count(server) { if case .open = $0 { true } else { false } } == 10)
        }
    }

    @Test func halfOfTheServersHandlesAreLeftToPrograms() throws {
        try serve(limit: 8) { fileSystem, server, _ in
            let names = try await names(fileSystem)
            var handles: [HandleID] = []
            for name in names.prefix(8) {
                handles.append(try await open(fileSystem, name, .read).1)
                #expect(await fileSystem.openOnServerCount <= 8)
            }
            for handle in handles { await fileSystem.release(handle) }
        }
    }

    // MARK: Changes

    enum Change: CaseIterable { case written, replaced, protected, removed }

    /// An open shows what its path leads to at that moment, whatever was opened ahead.
    @Test(arguments: Change.allCases)
    func changesOfOthersShowInTheNextOpen(change: Change) throws {
        try serve { fileSystem, _, disk in
            let names = try await names(fileSystem)
            for name in names.prefix(4) { _ = try await read(fileSystem, name) }
            let next = names[4]
            #expect(
                await fileSystem.isOpenAhead(next))
            try await fileSystem.loop.sleep(for: .milliseconds(10))
            let other = Array(repeating: UInt8(ascii: "x"), count: Self.content(0).count)
            switch change {
            case .written:
                disk["/srv/\(next)"] = FakeDisk.File(data: other)
            case .replaced:
                // By a file of the same size and time: only the directory's time tells.
                disk["/srv/\(next)"] = FakeDisk.File(data: other, mtime: 1)
                disk["/srv"]?.mtime = 1_000_000
            case .protected:
                disk["/srv/\(next)"]?.data = other
                disk["/srv/\(next)"]?.mode = 0o100600
            case .removed:
                disk["/srv/\(next)"] = nil
                #expect(
                    await fails(.ESTALE) { () throws(Errno) in
                        try await openAsKnown(fileSystem, next)
                    })
                return
            }
            #expect(try await read(fileSystem, next) == other)
            #expect(
                await !fileSystem.isOpenAhead(next))
        }
    }

    private func openAsKnown(_ fileSystem: RemoteFS, _ name: String) async throws(Errno) {
        guard case .found(let entry) = try await fileSystem.lookup(bytes(name), in: rootInode)
        else { throw .ENOENT }
        _ = try await fileSystem.open(entry.status.inode, .read)
    }

    @Test func changesOfOursShowInTheNextOpen() throws {
        try serve { fileSystem, server, _ in
            let names = try await names(fileSystem)
            for name in names.prefix(4) { _ = try await read(fileSystem, name) }
            let (_, writer) = try await open(fileSystem, names[4], .write)
            let size = Self.content(Int(names[4].dropFirst())!).count
            let other = Array(repeating: UInt8(ascii: "y"), count: size)
            _ = try await fileSystem.write(writer, offset: 0, data: other[...])
            await fileSystem.release(writer)
            #expect(try await read(fileSystem, names[4]) == other)
            // One is renamed over the other: they are of the same size and time.
            try await fileSystem.rename(
                Rename(
                    oldParent: rootInode, oldName: bytes(names[8]), newParent: rootInode,
                    newName: bytes(names[6]), mayReplace: true))
            #expect(
                try await read(fileSystem, names[6]) == Self.content(Int(names[8].dropFirst())!))
        }
    }

    /// Some servers do not remove what is open.
    @Test func whatIsOpenAheadIsClosedBeforeItIsRemoved() throws {
        try serve { fileSystem, server, _ in
            let names = try await names(fileSystem)
            for name in names.prefix(4) { _ = try await read(fileSystem, name) }
            try await fileSystem.loop.sleep(for: .milliseconds(10))
            await server.forgetRequests()
            try await fileSystem.unlink(bytes(names[5]), in: rootInode)
            let requests = await server.requests
            let close = requests.firstIndex { if case .close = $0 { true } else { false } }
            let removal = requests.firstIndex { if case .remove = $0 { true } else { false } }
            #expect(try #require(close) < (try #require(removal)))
        }
    }

    /// Whoever else changes the directory meanwhile, and in whatever way: an open shows what is there, or
    /// something later.
    @Test(arguments: UInt64(1)...40)
    func openShowsWhatIsThereWhateverOthersDo(seed: UInt64) throws {
        try serve { fileSystem, server, disk in
            var numbers = SeededGenerator(seed: seed)
            let names = try await names(fileSystem, Order.allCases.randomElement(using: &numbers)!)
            await server.answer(after: .milliseconds(Int.random(in: 0...50, using: &numbers)))
            for (step, name) in names.enumerated() {
                if Int.random(in: 0..<3, using: &numbers) == 0 {
                    let target = "/srv/" + names.randomElement(using: &numbers)!
                    let data = bytes("by another \(step + 10)")
                    let replaces = Bool.random(using: &numbers)
                    disk[target] = FakeDisk.File(data: data, mtime: replaces ? 1 : 1_000_000)
                    if replaces { disk["/srv"]?.mtime = 1_000_000 + UInt32(step) }
                }
                let before = disk["/srv/\(name)"]?.data
                let data = try await read(fileSystem, name)
                #expect(data == before, "\(name)")
                if Int.random(in: 0..<8, using: &numbers) == 0 {
                    try await fileSystem.loop.sleep(for: .milliseconds(700))
                }
            }
        }
    }
}

extension RemoteFS {
    fileprivate var aheadCount: Int { filesAhead.count }
    fileprivate var openOnServerCount: Int { filesAhead.count + files.count }
    fileprivate func isOpenAhead(_ name: String, in parent: InodeNumber = rootInode) -> Bool {
        filesAhead.contains(Node.Place(parent: parent, name: bytes(name)))
    }
}

/// SplitMix64.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
