// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import RemoteFS

/// Servers that are wrong, by mistake or on purpose.
@Suite struct HostileServerTests {
    private func list(_ fileSystem: RemoteFS) async throws -> [String] {
        let handle = try await fileSystem.opendir(rootInode).handle
        var listed: [String] = []
        var offset: UInt64 = 0
        while true {
            let entries = try await fileSystem.readdir(
                handle, offset: offset, room: 4096, overhead: 24, attributes: true)
            guard let last = entries.last else { break }
            listed += entries.map { String(decoding: $0.name, as: UTF8.self) }
            offset = last.nextOffset
        }
        await fileSystem.releasedir(handle)
        return listed
    }

    @Test func showsNoNameThatLeadsElsewhere() throws {
        let rest = Mutex([
            names(bytes("."), bytes(".."), bytes("fine"), bytes("a/b"), bytes("/etc/passwd")),
            names(bytes("../up"), bytes(""), [0x61, 0, 0x62], bytes("also fine")),
        ])
        try simulate { request in
            switch request {
            case .opendir: handle
            case .readdir:
                rest.withLock { $0.isEmpty ? .status(SFTPStatus(.eof)) : $0.removeFirst() }
            default: ok
            }
        } body: { fileSystem, _ in
            let listed = try await list(fileSystem)
            #expect(listed == [".", "..", "fine", "also fine"])
            #expect(await fileSystem.unsafeNameCount == 5)
        }
    }

    @Test func streamsADirectoryWithoutAnEndInBoundedMemory() throws {
        let count = Mutex(0)
        try simulate { request in
            switch request {
            case .opendir: return handle
            case .readdir:
                let start = count.withLock { count in
                    defer { count += 1000 }
                    return count
                }
                return .name(
                    (start..<start + 1000).map {
                        NameEntry(
                            filename: bytes("n\($0)")[...], longname: [],
                            attributes: fileAttributes())
                    })
            default: return ok
            }
        } body: { fileSystem, _ in
            let handle = try await fileSystem.opendir(rootInode).handle
            var offset: UInt64 = 0
            while offset < 200_000 {
                let entries = try await fileSystem.readdir(
                    handle, offset: offset, room: 1 << 20, overhead: 24, attributes: false)
                offset = try #require(entries.last?.nextOffset)
            }
            let kept = await fileSystem.keptEntries(of: handle)
            #expect(kept < 200_000 - ListingFetch.keptEntries)
            await fileSystem.releasedir(handle)
        }
    }

    @Test func takesNoErrorForTheEndOfAFile() throws {
        try simulate { request in
            switch request {
            case .open: handle
            case .lstat: file(size: 100_000)
            case .read(_, let offset, let length):
                offset < 32_768
                    ? .data([[UInt8](repeating: 7, count: Int(length))[...]]) : failure
            default: ok
            }
        } body: { fileSystem, _ in
            let (inode, handle) = try await open(fileSystem)
            #expect(
                await fails(.EIO) { () async throws(Errno) in
                    try await fileSystem.read(handle, offset: 0, count: 100_000)
                })
            await close(fileSystem, inode, handle)
        }
    }

    @Test func asksOnAfterShortReplies() throws {
        try simulate { request in
            switch request {
            case .open: handle
            case .lstat: file(size: 1000)
            case .read(_, let offset, let length):
                offset >= 1000
                    ? .status(SFTPStatus(.eof))
                    : .data([
                        [UInt8](repeating: UInt8(offset / 100), count: Int(min(length, 100)))[...]
                    ])
            default: ok
            }
        } body: { fileSystem, _ in
            let (inode, handle) = try await open(fileSystem)
            let data = try await fileSystem.read(handle, offset: 0, count: 4096).flatMap { $0 }
            #expect(data.count == 1000)
            #expect(data.last == 9)
            await close(fileSystem, inode, handle)
        }
    }

    @Test func givesUpOnEmptyReplies() throws {
        try simulate { request in
            switch request {
            case .open: handle
            case .lstat: file(size: 1000)
            case .read: .data([])
            default: ok
            }
        } body: { fileSystem, _ in
            let (inode, handle) = try await open(fileSystem)
            #expect(
                await fails(.EIO) { () async throws(Errno) in
                    try await fileSystem.read(handle, offset: 0, count: 1000)
                })
            await close(fileSystem, inode, handle)
        }
    }

    @Test(arguments: [
        SFTPReply.data([[1, 2, 3]]), .handle([]), .extended([1]), .name([]),
        .status(SFTPStatus(.ok)),
    ])
    func failsEverythingAfterAReplyThatIsNone(reply: SFTPReply) throws {
        try simulate { _ in
            reply
        } body: { fileSystem, _ in
            for name in ["a", "b"] {
                let isError = await fails(.EIO) { () async throws(Errno) in
                    try await fileSystem.lookup(bytes(name), in: rootInode)
                }
                #expect(isError)
            }
        }
    }

    @Test func refusesAttributesWithoutAKind() throws {
        try simulate { _ in
            .attributes(FileAttributes(size: 5))
        } body: { fileSystem, _ in
            let isError = await fails(.EIO) { () async throws(Errno) in
                try await fileSystem.lookup(bytes("a"), in: rootInode)
            }
            #expect(isError)
            #expect(await fileSystem.look { $0.count } == 1)
        }
    }

    @Test func failsWhatWaitsWhenTheServerHangsUp() throws {
        try simulate { _ in
            nil
        } body: { fileSystem, server in
            let results = Mutex(0)
            for name in ["a", "b", "c"] {
                fileSystem.loop.spawn {
                    let isError = await fails(.EIO) { () async throws(Errno) in
                        try await fileSystem.lookup(bytes(name), in: rootInode)
                    }
                    if isError { results.withLock { $0 += 1 } }
                }
            }
            try await fileSystem.loop.sleep(for: .seconds(1))
            await server.hangUp()
            try await fileSystem.loop.sleep(for: .seconds(1))
            #expect(results.withLock { $0 } == 3)
        }
    }

    @Test func aNameThatIsListedTwiceIsShownOnce() throws {
        try simulate { request in
            switch request {
            case .opendir: handle
            case .readdir: names(bytes("a"), bytes("b"), bytes("a"))
            default: directory
            }
        } body: { fileSystem, server in
            let opened = try await fileSystem.opendir(rootInode).handle
            let first = try await fileSystem.readdir(
                opened, offset: 0, room: 4096, overhead: 24, attributes: true)
            #expect(first.map(\.name) == [".", "..", "a", "b"].map { bytes($0) })
            let inode = first[2].number
            #expect(await fileSystem.look { $0[inode]?.lookupCount } == 1)
            // And a server that has no end of them is not listened to for ever.
            #expect(
                await fails(.EIO) { () async throws(Errno) in
                    try await fileSystem.readdir(
                        opened, offset: 4, room: 4096, overhead: 24, attributes: false)
                })
            await fileSystem.releasedir(opened)
        }
    }

    /// Nor one that nothing would show: into the middle of a file.
    @Test(arguments: [(UInt64(500), 1), (0, 0)])
    func believesNoCopyThatDidNotHappen(offset: UInt64, requests: Int) throws {
        try simulate { request in
            switch request {
            case .open: handle
            case .lstat, .fstat: file(size: 1000)
            case .copyData: ok
            default: ok
            }
        } body: { fileSystem, server in
            let (inode, source) = try await open(fileSystem, "source")
            let (other, target) = try await open(fileSystem, "target")
            #expect(
                await fails(.EOPNOTSUPP) { () async throws(Errno) in
                    try await fileSystem.copyRange(
                        from: source, at: 0, to: target, at: offset, count: 1000)
                })
            let copies = await server.requests.count {
                if case .copyData = $0 { true } else { false }
            }
            #expect(copies == requests)
            await close(fileSystem, inode, source)
            await close(fileSystem, other, target)
        }
    }
}

extension RemoteFS {
    /// How many entries an open directory holds in memory.
    fileprivate func keptEntries(of handle: HandleID) -> Int {
        directories[handle]?.fetch.listing.count ?? 0
    }
}

/// Looks a name up and opens it.
func open(
    _ fileSystem: RemoteFS, _ name: String = "file", _ flags: OpenFlags = [.read, .write]
) async throws -> (InodeNumber, HandleID) {
    guard case .found(let entry) = try await fileSystem.lookup(bytes(name), in: rootInode) else {
        throw Errno.ENOENT
    }
    let file = try await fileSystem.open(entry.status.inode, flags)
    return (entry.status.inode, file.handle)
}

/// Closes a file and forgets it, after which the file system must know nothing of it.
func close(_ fileSystem: RemoteFS, _ inode: InodeNumber, _ handle: HandleID) async {
    await fileSystem.release(handle)
    await fileSystem.forget(inode, count: 1)
    #expect(await fileSystem.look { $0[inode] == nil })
}
