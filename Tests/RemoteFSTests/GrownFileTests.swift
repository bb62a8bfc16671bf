// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Testing
import Wire

@testable import RemoteFS

/// What becomes of open files that others have changed while the connection was lost.
@Suite struct GrownFileTests {
    private static let line = "one line of a log, which is not short\n"

    /// Runs `body` over a disk with an open file `/srv/log` that holds a line.
    private func survive(
        _ flags: OpenFlags, number: UInt64 = 0,
        _ body: @escaping @Sendable (Log) async throws -> Void
    ) throws {
        let disk = FakeDisk()
        disk["/srv/log"] = FakeDisk.File(data: bytes(Self.line), number: number)
        try simulateLink(isExact: number > 0, answer: disk.answers()) { fileSystem, network in
            let inode = try await fileSystem.find("log")
            let file = try await fileSystem.open(inode, flags)
            try await body(
                Log(fileSystem: fileSystem, network: network, disk: disk, handle: file.handle))
        }
    }

    /// An open file, and what lies behind it.
    private struct Log: Sendable {
        let fileSystem: RemoteFS
        let network: FakeNetwork
        let disk: FakeDisk
        let handle: HandleID

        /// Loses the connection, while another file comes in the file's place.
        func lose(_ change: (inout FakeDisk.File) -> Void) async {
            await network.answer(disk.answers())
            if var file = disk["/srv/log"] {
                change(&file)
                disk["/srv/log"] = file
            }
            await network.cut()
        }

        func read(at offset: Int = 0) async throws(Errno) -> String {
            let pieces = try await fileSystem.read(handle, offset: UInt64(offset), count: 1000)
            return String(decoding: pieces.joined(), as: UTF8.self)
        }

        func append(_ text: String) async throws(Errno) {
            let count = try await fileSystem.write(handle, offset: 0, data: bytes(text)[...])
            #expect(count == text.utf8.count)
            try await fileSystem.settle(handle)
        }

        func isStale(_ operation: () async throws(Errno) -> Void) async -> Bool {
            await fails(.ESTALE) { () async throws(Errno) in try await operation() }
        }

        func isStaleToRead() async -> Bool {
            await isStale { () async throws(Errno) in _ = try await read() }
        }

        func holds(_ text: String) -> Bool { disk["/srv/log"]?.data == bytes(text) }
    }

    @Test(arguments: [0, 7]) func fileThatHasGrownIsReadOn(number: UInt64) throws {
        try survive(.read, number: number) { log async throws in
            #expect(try await log.read() == Self.line)
            for added in ["two\n", "three\n"] {
                let count = log.disk["/srv/log"]?.data.count ?? 0
                await log.lose { file in
                    file.data += bytes(added)
                    file.mtime += 1
                }
                #expect(try await log.read(at: count) == added)
            }
        }
    }

    @Test func fileThatWasOnlyTouchedStaysOpen() throws {
        try survive([.read, .write]) { log async throws in
            #expect(try await log.read() == Self.line)
            await log.lose { $0.mtime += 60 }
            #expect(try await log.read() == Self.line)
            try await log.append("ONE")
            #expect(log.holds("ONE" + Self.line.dropFirst(3)))
        }
    }

    @Test func longerFileThatHoldsSomethingElseIsStale() throws {
        try survive(.read) { log async throws in
            #expect(try await log.read() == Self.line)
            await log.lose { file in
                file.data = bytes("another file, which is longer than the one that was open\n")
                file.mtime += 1
            }
            #expect(await log.isStaleToRead())
        }
    }

    @Test func fileThatHasBecomeShorterOrOlderIsStale() throws {
        for (count, age) in [(5, 0), (100, 10)] {
            try survive(.read) { log async throws in
                #expect(try await log.read() == Self.line)
                await log.lose { file in
                    file.data = Array((file.data + file.data + file.data).prefix(count))
                    file.mtime -= UInt32(age)
                }
                #expect(await log.isStaleToRead())
            }
        }
    }

    @Test func fileWithAnotherNumberIsStaleThoughItHasOnlyGrown() throws {
        try survive(.read, number: 7) { log async throws in
            #expect(try await log.read() == Self.line)
            await log.lose { file in
                file.data += bytes("two\n")
                (file.mtime, file.number) = (file.mtime + 1, 8)
            }
            #expect(await log.isStaleToRead())
        }
    }

    @Test func ofAFileThatNobodyHasUsedOnlyReadersGoOn() throws {
        for flags: OpenFlags in [.read, [.read, .write]] {
            try survive(flags) { log async throws in
                await log.lose { file in
                    file.data += bytes("two\n")
                    file.mtime += 1
                }
                if flags == .read {
                    #expect(try await log.read() == Self.line + "two\n")
                } else {
                    #expect(await log.isStaleToRead())
                }
            }
        }
    }

    @Test func appenderBesideAnotherOnTheServerGoesOn() throws {
        try survive([.write, .append]) { log async throws in
            var wanted = Self.line
            for round in 0..<4 {
                // The other is the first, at times, and writes much.
                let others = String(repeating: "theirs\n", count: round * 1000)
                log.disk["/srv/log"]?.data += bytes(others)
                try await log.append("ours, in round \(round)\n")
                wanted += others + "ours, in round \(round)\n"
                try await log.network.loop.sleep(for: .seconds(5))
                log.disk["/srv/log"]?.data += bytes("theirs\n")
                await log.lose { file in
                    file.data += bytes("theirs\n")
                    file.mtime += 1
                }
                wanted += "theirs\ntheirs\n"
            }
            try await log.append("the last line of ours\n")
            #expect(log.holds(wanted + "the last line of ours\n"))
        }
    }

    @Test func appenderIsStaleWhereTheLogWasRotated() throws {
        try survive([.write, .append]) { log async throws in
            try await log.append("a line of ours\n")
            await log.lose { file in
                file.data = bytes(String(repeating: "a new log\n", count: 50))
                file.mtime += 1
            }
            #expect(
                await log.isStale { () async throws(Errno) in
                    try await log.append("another line\n")
                })
        }
    }

    @Test(arguments: [false, true])
    func unansweredAppendIsThereOnceBesideThoseOfOthers(hadArrived: Bool) throws {
        try survive([.write, .append]) { log async throws in
            try await log.append("the first line\n")
            let disk = log.disk
            try await log.network.server.answer { request in
                if hadArrived, case .write = request {
                    disk["/srv/log"]?.data += bytes("the second line\n")
                }
                return nil
            }
            let writing = log.network.loop.spawn {
                await #expect(throws: Never.self) { try await log.append("the second line\n") }
            }
            try await log.network.loop.sleep(for: .seconds(1))
            await log.lose { file in
                file.data += bytes("theirs\n")
                file.mtime += 1
            }
            await writing.value
            let lines = hadArrived ? "the second line\ntheirs\n" : "theirs\nthe second line\n"
            #expect(log.holds(Self.line + "the first line\n" + lines))
        }
    }
}
