// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import RemoteFS

/// Reading directories whose server is slow, wrong, or odd.
@Suite struct DirectoryReadingTests {
    /// Answers READDIRs with `replies` in turn, and then with the end.
    private func answer(with replies: [SFTPReply]) -> FakeServer.Answer {
        let rest = Mutex(replies[...])
        return { request in
            switch request {
            case .opendir: handle
            case .readdir: rest.withLock { $0.popFirst() } ?? .status(SFTPStatus(.eof))
            default: ok
            }
        }
    }

    @Test func skipsNamesThatTheKernelRefuses() throws {
        let long = [UInt8](repeating: 0x78, count: 1025)
        let answer = answer(with: [names(long, bytes("a")), names(Array(long.dropLast()))])
        try simulate(answer: answer) { fileSystem, _ in
            let directory = try await fileSystem.opendir(rootInode).handle
            let listed = try await fileSystem.names(in: directory, from: 0)
            #expect(listed.map(\.count) == [1, 2, 1, 1024])
            #expect(await fileSystem.unsafeNameCount == 1)
        }
    }

    /// As rm does, which reads a directory's first entries, closes it, and opens it once more.
    @Test func whoComesBackAtOnceReadsWhatWasOnItsWay() throws {
        try simulate(answer: answer(with: [names(bytes("a"), bytes("b"))])) { fileSystem, server in
            await server.answer(after: .milliseconds(50))
            let first = try await fileSystem.opendir(rootInode).handle
            _ = try await fileSystem.names(in: first, from: 0)
            await fileSystem.releasedir(first)
            let start = fileSystem.loop.now
            let listed = try await fileSystem.list(rootInode, attributes: false)
            #expect(listed.count == 4)
            #expect(fileSystem.loop.now == start)
            try await fileSystem.loop.sleep(for: .seconds(1))
            let opened = await server.requests.count {
                if case .opendir = $0 { true } else { false }
            }
            let closed = await server.requests.count { if case .close = $0 { true } else { false } }
            #expect((opened, closed) == (1, 1))
        }
    }

    /// A server may list names for ever: they must not all be kept.
    @Test func listsOnWithoutNodesWhereThereAreTooMany() throws {
        let listing = SFTPReply.name(
            (0..<10).map { number in
                NameEntry(
                    filename: bytes("f\(number)")[...], longname: [], attributes: fileAttributes())
            })
        try simulate(answer: answer(with: [listing]), configure: { $0.maximumNodes = 4 }) {
            fileSystem, server in
            let directory = try await fileSystem.opendir(rootInode).handle
            let dots = 2
            let entries = try await fileSystem.readdir(
                directory, offset: UInt64(dots), room: 65_536, overhead: 24, attributes: true)
            #expect(entries.count == 10)
            #expect(entries.count { $0.entry != nil } == 3)
            try await server.answer { request in
                switch request {
                case .lstat: file()
                case .readdir: .status(SFTPStatus(.eof))
                default: ok
                }
            }
            guard case .found = try await fileSystem.lookup(bytes("f9"), in: rootInode) else {
                Issue.record("a name without a node can't be looked up")
                return
            }
        }
    }

    @Test func takesTooLittleRoomForNoEnd() throws {
        try simulate(answer: answer(with: [names(bytes("a name"))])) { fileSystem, _ in
            let directory = try await fileSystem.opendir(rootInode).handle
            for offset: UInt64 in [0, 2] {
                let isError = await fails(.EINVAL) { () async throws(Errno) in
                    try await fileSystem.readdir(
                        directory, offset: offset, room: 24, overhead: 24, attributes: false)
                }
                #expect(isError)
            }
        }
    }

    @Test func endsNoDirectoryAtAnError() throws {
        let answer = answer(with: [names(bytes("a")), failure, names(bytes("c"))])
        try simulate(answer: answer) { fileSystem, _ in
            let directory = try await fileSystem.opendir(rootInode).handle
            #expect(try await fileSystem.someNames(in: directory, from: 0) == [".", "..", "a"])
            for _ in 0..<3 {
                let isError = await fails(.EIO) { () async throws(Errno) in
                    try await fileSystem.readdir(
                        directory, offset: 3, room: 4096, overhead: 24, attributes: false)
                }
                #expect(isError)
            }
            #expect(await fileSystem.look { $0[rootInode]?.listing == nil })
            // Starting over asks the server anew.
            #expect(try await fileSystem.names(in: directory, from: 0).map(\.count) == [1, 2])
        }
    }

    @Test func keepsRepliesApartWhenStartedOver() throws {
        let opened = Mutex(0)
        let isSilent = Mutex(false)
        let counts = Mutex<[Bytes: Int]>([:])
        let answer: FakeServer.Answer = { request in
            switch request {
            case .opendir:
                let number = opened.withLock { number in
                    number += 1
                    return number
                }
                return .handle(bytes("\(number)")[...])
            case .readdir(let handle):
                let count = counts.withLock { $0[handle, default: 0] }
                if count > 0 && isSilent.withLock({ $0 }) { return nil }
                counts.withLock { $0[handle] = count + 1 }
                let name = handle + bytes(".\(count)")
                return count < 4 ? names(Array(name)) : .status(SFTPStatus(.eof))
            default: return ok
            }
        }
        isSilent.withLock { $0 = true }
        try simulate(answer: answer) { fileSystem, server in
            let directory = try await fileSystem.opendir(rootInode).handle
            #expect(try await fileSystem.someNames(in: directory, from: 0).last == "1.0")
            // This one waits for the server, and goes on waiting when its program has given up.
            let loop = fileSystem.loop
            loop.spawn {
                _ = try? await fileSystem.readdir(
                    directory, offset: 3, room: 4096, overhead: 24, attributes: false)
            }
            try await loop.sleep(for: .milliseconds(10))
            #expect(try await fileSystem.someNames(in: directory, from: 0).last == "2.0")
            isSilent.withLock { $0 = false }
            try await server.answer(answer)
            let listed = try await fileSystem.names(in: directory, from: 2)
            #expect(listed == ["2.0", "2.1", "2.2", "2.3"])
            let known = await fileSystem.look { $0[rootInode]?.listing?.entries.map(\.name) }
            #expect(known == listed.map(bytes))
        }
    }

    @Test func forgetsListingsThatHaveExpired() throws {
        try simulate(answer: answer(with: [names(bytes("a"))])) { fileSystem, _ in
            let directory = try await fileSystem.opendir(rootInode).handle
            _ = try await fileSystem.names(in: directory, from: 0)
            await fileSystem.releasedir(directory)
            #expect(await fileSystem.look { $0[rootInode]?.listing != nil })
            try await fileSystem.loop.sleep(for: .seconds(3))
            #expect(await fileSystem.look { $0[rootInode]?.listing == nil })
        }
    }

    @Test func givesUpOnADirectoryOfUselessRepliesWithoutAnEnd() throws {
        let answer: FakeServer.Answer = { request in
            switch request {
            case .opendir: handle
            case .readdir: names(bytes("."), bytes(".."), bytes("a/b"))
            default: ok
            }
        }
        try simulate(answer: answer) { fileSystem, _ in
            let directory = try await fileSystem.opendir(rootInode).handle
            let isError = await fails(.EIO) { () async throws(Errno) in
                try await fileSystem.readdir(
                    directory, offset: 2, room: 4096, overhead: 24, attributes: false)
            }
            #expect(isError)
        }
    }
}

extension RemoteFS {
    /// The names that one call gives.
    func someNames(
        in directory: HandleID, from offset: UInt64
    ) async throws(Errno) -> [String] {
        try await readdir(directory, offset: offset, room: 4096, overhead: 24, attributes: false)
            .map { String(decoding: $0.name, as: UTF8.self) }
    }

    /// The names from an offset to the end.
    func names(
        in directory: HandleID, from offset: UInt64
    ) async throws(Errno) -> [String] {
        var offset = offset
        var all: [String] = []
        while true {
            let entries = try await readdir(
                directory, offset: offset, room: 4096, overhead: 24, attributes: false)
            guard let last = entries.last else { return all }
            all += entries.map { String(decoding: $0.name, as: UTF8.self) }
            offset = last.nextOffset
        }
    }
}
