// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import RemoteFS

/// What becomes of open files when the connection is lost.
@Suite struct OpenFilesSurviveTests {
    /// Runs `body` over a disk with a file `/srv/f` that holds "content".
    private func survive(
        _ body: @escaping @Sendable (RemoteFS, FakeNetwork, FakeDisk) async throws -> Void
    ) throws {
        let disk = FakeDisk()
        disk["/srv/f"] = FakeDisk.File(data: bytes("content"))
        try simulateLink(answer: disk.answers()) { fileSystem, network in
            try await body(fileSystem, network, disk)
        }
    }

    private func text(_ pieces: [Bytes]) -> String {
        String(decoding: pieces.joined(), as: UTF8.self)
    }

    @Test func openFileIsReadOnTheNextConnection() throws {
        try survive { fileSystem, network, disk in
            let opened = try await fileSystem.open(try await fileSystem.find("f"), .read)
            await network.answer(disk.answers())
            await network.cut()
            #expect(text(try await fileSystem.read(opened.handle, offset: 3, count: 100)) == "tent")
            // Never created, truncated or demanded to be new by that.
            for case .open(_, let flags, _) in await network.requests {
                #expect(flags.isDisjoint(with: [.create, .truncate, .exclusive]))
            }
            await fileSystem.release(opened.handle)
        }
    }

    @Test func fileThatWasReplacedMeanwhileIsStaleAndOthersAreNot() throws {
        try survive { fileSystem, network, disk in
            disk["/srv/g"] = FakeDisk.File(data: bytes("other"))
            let replaced = try await fileSystem.open(try await fileSystem.find("f"), .read)
            let same = try await fileSystem.open(try await fileSystem.find("g"), .read)
            _ = try await fileSystem.read(replaced.handle, offset: 0, count: 100)
            await network.answer(disk.answers())
            disk["/srv/f"] = FakeDisk.File(data: bytes("CONTENT"), mtime: 1_000_001)
            await network.cut()
            // What came with the open has had its time.
            try await fileSystem.loop.sleep(for: .seconds(1))
            for _ in 0..<2 {
                #expect(
                    await fails(.ESTALE) { () async throws(Errno) in
                        try await fileSystem.read(replaced.handle, offset: 0, count: 10)
                    })
            }
            #expect(text(try await fileSystem.read(same.handle, offset: 0, count: 10)) == "other")
            let anew = try await fileSystem.open(try await fileSystem.find("f"), .read)
            #expect(text(try await fileSystem.read(anew.handle, offset: 0, count: 10)) == "CONTENT")
        }
    }

    /// Another handle writes to the file while it is being opened again.
    @Test func changeOfOurOwnMeanwhileMakesNoOtherFile() throws {
        try survive { fileSystem, network, disk in
            let inode = try await fileSystem.find("f")
            let first = try await fileSystem.open(inode, [.read, .write])
            let second = try await fileSystem.open(inode, [.read, .write])
            let answer = disk.answers()
            let looks = Mutex(0)
            await network.answer { request in
                let isFourth = looks.withLock { looks in
                    if case .fstat = request { looks += 1 }
                    return looks == 4
                }
                if isFourth {
                    disk["/srv/f"] = FakeDisk.File(data: bytes("longer content"), mtime: 1_000_001)
                }
                return answer(request)
            }
            await network.cut()
            for handle in [first.handle, second.handle] {
                _ = try await fileSystem.read(handle, offset: 0, count: 100)
            }
        }
    }

    /// A write that was tried while there was no connection is no change of ours that would explain
    /// another time.
    @Test func writeThatWaitsMakesNoOtherFileOurs() throws {
        try survive { fileSystem, network, disk in
            let opened = try await fileSystem.open(
                try await fileSystem.find("f"), [.read, .write])
            await network.answer(disk.answers())
            await network.refuse(LinkFailure(.unreachable, "no route"))
            await network.cut()
            try await network.loop.sleep(for: .seconds(1))
            let writing = network.loop.spawn {
                #expect(
                    await fails(.ESTALE) { () async throws(Errno) in
                        try await fileSystem.write(
                            opened.handle, offset: 0, data: bytes("MINE")[...])
                    })
            }
            try await network.loop.sleep(for: .seconds(3))
            disk["/srv/f"] = FakeDisk.File(data: bytes("another"), mtime: 1_000_009)
            await network.refuse(nil)
            await writing.value
            #expect(disk["/srv/f"]?.data == bytes("another"))
        }
    }

    /// To open one can hold a server up for ever.
    @Test func whatBecameAPipeIsNotOpened() throws {
        try survive { fileSystem, network, disk in
            let opened = try await fileSystem.open(try await fileSystem.find("f"), .read)
            await network.answer(disk.answers())
            disk["/srv/f"] = FakeDisk.File(mode: 0o010644)
            await network.cut()
            #expect(
                await fails(.ESTALE) { () async throws(Errno) in
                    try await fileSystem.read(opened.handle, offset: 0, count: 10)
                })
            let opens = await network.requests.count { request in
                if case .open = request { true } else { false }
            }
            #expect(opens == 1)
        }
    }

    @Test func whatBecameADirectoryIsStale() throws {
        try survive { fileSystem, network, disk in
            let opened = try await fileSystem.open(try await fileSystem.find("f"), .read)
            await network.answer(disk.answers())
            disk["/srv/f"] = FakeDisk.File(mode: 0o040755)
            await network.cut()
            #expect(
                await fails(.ESTALE) { () async throws(Errno) in
                    try await fileSystem.read(opened.handle, offset: 0, count: 10)
                })
        }
    }

    @Test func fileThatWasRemovedMeanwhileIsStale() throws {
        try survive { fileSystem, network, disk in
            let opened = try await fileSystem.open(try await fileSystem.find("f"), .read)
            await network.answer(disk.answers())
            disk["/srv/f"] = nil
            await network.cut()
            #expect(
                await fails(.ESTALE) { () async throws(Errno) in
                    try await fileSystem.read(opened.handle, offset: 0, count: 10)
                })
        }
    }

    /// It was made so, as git makes its files.
    @Test func fileThatMayNotBeOpenedAgainSaysSo() throws {
        try survive { fileSystem, network, disk in
            let made = try await fileSystem.create(
                bytes("object"), in: rootInode, permissions: 0o444, [.write, .exclusive])
            let data = bytes("data")[...]
            _ = try await fileSystem.write(made.file.handle, offset: 0, data: data)
            try await fileSystem.settle(made.file.handle)
            await network.answer(disk.answers())
            await network.cut()
            #expect(
                await fails(.EACCES) { () async throws(Errno) in
                    _ = try await fileSystem.write(made.file.handle, offset: 4, data: data)
                    try await fileSystem.flush(made.file.handle)
                })
            disk["/srv/object"]?.mode |= 0o200
            _ = try await fileSystem.write(made.file.handle, offset: 4, data: data)
            try await fileSystem.settle(made.file.handle)
            #expect(disk["/srv/object"]?.data == Array(data + data))
        }
    }

    @Test func ownWritesMakeNoOtherFile() throws {
        try survive { fileSystem, network, disk in
            let opened = try await fileSystem.open(
                try await fileSystem.find("f"), [.read, .write])
            for (offset, piece) in ["con", "tent", "ment"].enumerated() {
                let data = bytes(piece)[...]
                disk["/srv/f"]?.mtime += 1
                _ = try await fileSystem.write(
                    opened.handle, offset: UInt64(offset * 20), data: data)
                try await fileSystem.settle(opened.handle)
                await network.answer(disk.answers())
                await network.cut()
                try await network.loop.sleep(for: .seconds(2))
            }
            _ = try await fileSystem.read(opened.handle, offset: 0, count: 10)
            #expect(disk["/srv/f"]?.data.count == 44)
        }
    }

    @Test func unansweredWriteIsSentAgain() throws {
        try survive { fileSystem, network, disk in
            let opened = try await fileSystem.open(
                try await fileSystem.find("f"), [.read, .write])
            try await network.server.answer { _ in nil }
            let writing = network.loop.spawn {
                #expect(
                    (try? await fileSystem.write(
                        opened.handle, offset: 7, data: bytes(" more")[...])) == 5)
                try? await fileSystem.settle(opened.handle)
            }
            try await network.loop.sleep(for: .seconds(1))
            await network.answer(disk.answers())
            await network.cut()
            await writing.value
            #expect(disk["/srv/f"]?.data == bytes("content more"))
        }
    }

    @Test(arguments: [false, true])
    func unansweredAppendIsThereOnce(hadArrived: Bool) throws {
        try survive { fileSystem, network, disk in
            let opened = try await fileSystem.open(
                try await fileSystem.find("f"), [.write, .append])
            try await network.server.answer { request in
                if hadArrived, case .write = request { disk["/srv/f"]?.data += bytes("+line") }
                return nil
            }
            let writing = network.loop.spawn {
                #expect(
                    (try? await fileSystem.write(
                        opened.handle, offset: 7, data: bytes("+line")[...])) == 5)
            }
            try await network.loop.sleep(for: .seconds(1))
            await network.answer(disk.answers())
            await network.cut()
            await writing.value
            #expect(disk["/srv/f"]?.data == bytes("content+line"))
        }
    }

    @Test func appendThatSomebodyElseMayHaveMadeIsAnError() throws {
        try survive { fileSystem, network, disk in
            let opened = try await fileSystem.open(
                try await fileSystem.find("f"), [.write, .append])
            try await network.server.answer { _ in nil }
            let writing = network.loop.spawn {
                await #expect(throws: Errno.self) {
                    try await fileSystem.write(opened.handle, offset: 7, data: bytes("+line")[...])
                }
            }
            try await network.loop.sleep(for: .seconds(1))
            disk["/srv/f"]?.data += bytes("-LINE")
            await network.answer(disk.answers())
            await network.cut()
            await writing.value
            #expect(disk["/srv/f"]?.data == bytes("content-LINE"))
        }
    }
}
