// SPDX-License-Identifier: Apache-2.0

import EventLoop
import LocalSFTPServer
import SFTPClient
import SFTPProtocol
import Testing
import Wire

/// Every operation against OpenSSH's server.
@Suite struct OpenSSHServerTests {
    @Test func learnsLimitsAndExtensions() throws {
        try withServer { client, _ in
            #expect(client.limits.readBytes == 261_120)
            #expect(client.limits.writeBytes == 261_120)
            #expect((client.limits.openHandles ?? 0) > 0)
            #expect(client.extensions == Set(SFTPExtension.allCases))
            let limits = try await client.serverLimits()
            #expect(limits.maxPacketLength == 262_144)
            #expect(Int(limits.maxOpenHandles) == client.limits.openHandles)
        }
    }

    @Test func withoutTheLimitsExtensionTransfersAreWhatEveryServerTakes() throws {
        try withServer(arguments: ["-P", "limits"]) { client, _ in
            #expect(client.limits.readBytes == 32_768)
            #expect(client.limits.writeBytes == 32_768)
            #expect(client.limits.openHandles == nil)
            await #expect(throws: SFTPError.unsupported(.limits)) {
                try await client.serverLimits()
            }
        }
    }

    @Test func writesAndReadsBackWhatSpansManyRequests() throws {
        try withServer { client, directory in
            let data = testData(1_500_000)
            let handle = try await client.open(
                "file", [.read, .write, .create, .exclusive],
                attributes: FileAttributes(permissions: 0o640))
            try await client.write(handle, offset: 0, data: [data[..<1000], [], data[1000...]])
            try await client.fsync(handle)
            #expect(try await client.fstat(handle).size == 1_500_000)
            let read = try await client.read(handle, offset: 1, length: 2_000_000)
            #expect(read.joined().elementsEqual(data.dropFirst()))
            #expect(try await client.read(handle, offset: 1_500_000, length: 10).isEmpty)
            #expect(try await client.read(handle, offset: 0, length: 0).isEmpty)
            try await client.close(handle)
            #expect(try shell("stat -c %a \(directory)/file").output == "640\n")
        }
    }

    @Test func aHundredMegabytesComeAndGoUnchanged() throws {
        try withServer { client, directory in
            try shell("head -c 100000001 /dev/urandom >\(directory)/from")
            let source = try await client.open("from", .read)
            let copy = try await client.open("to", [.write, .create])
            var offset: UInt64 = 0
            while true {
                let data = try await client.read(source, offset: offset, length: 10_000_000)
                if data.isEmpty { break }
                try await client.write(copy, offset: offset, data: data)
                offset += UInt64(data.reduce(0) { $0 + $1.count })
            }
            try await client.close(copy)
            #expect(offset == 100_000_001)
            #expect(try shell("cmp \(directory)/from \(directory)/to").status == 0)
        }
    }

    @Test func aStartedRequestIsAnsweredLater() throws {
        try withServer { client, directory in
            try shell("printf hello >\(directory)/file")
            let handle = try await client.open("file", [.read, .write])
            let write = try await client.startWrite(handle, offset: 5, data: [" world"])
            let read = try await client.startRead(handle, offset: 0, length: 100)
            let end = try await client.startRead(handle, offset: 11, length: 1)
            #expect(try await read.value?.joined().elementsEqual("hello world".utf8) == true)
            #expect(try await end.value == nil)
            try await write.value
        }
    }

    @Test func everythingThatCanBeStartedSharesARoundTrip() throws {
        try withServer { client, _ in
            let mode = FileAttributes(permissions: 0o700)
            let made = [
                try await client.startMkdir("d"), try await client.startSetstat("d", mode),
                try await client.startSymlink(at: "link", to: "d"),
                try await client.startLsetstat(
                    "link", FileAttributes(times: .init(atime: 1, mtime: 2))),
            ]
            let link = try await client.startLstat("link")
            let directory = try await client.startStat("link")
            let opening = try await client.startOpen("d/file", [.write, .create])
            for reply in made { try await reply.value }
            #expect(try await link.value.times?.mtime == 2)
            #expect(try await directory.value.permissions == 0o040700)
            let handle = try await opening.value
            let cut = try await client.startFsetstat(handle, FileAttributes(size: 7))
            let file = try await client.startFstat(handle)
            let linked = try await client.startHardlink(from: "d/file", to: "d/other")
            try await cut.value
            #expect(try await file.value.size == 7)
            try await linked.value
        }
    }

    @Test func setsAttributes() throws {
        try withServer { client, directory in
            try shell("cd \(directory) && printf hello >file && ln -s file link")
            let times = FileAttributes.Times(atime: 1_000_000_000, mtime: 1_100_000_000)
            try await client.setstat("link", FileAttributes(permissions: 0o600))
            let handle = try await client.open("file", .write)
            try await client.fsetstat(handle, FileAttributes(size: 3))
            try await client.fsetstat(handle, FileAttributes(times: times))
            try await client.lsetstat("link", FileAttributes(times: times))
            let file = try await client.stat("link")
            #expect(file.size == 3)
            #expect(file.permissions == 0o100600)
            #expect(file.times == times)
            let link = try await client.lstat("link")
            #expect((link.permissions ?? 0) & 0o170000 == 0o120000)
            // Following the link, as above, is an access to it.
            #expect(link.times?.mtime == times.mtime)
        }
    }

    @Test func makesRenamesAndRemoves() throws {
        try withServer { client, directory in
            try await client.mkdir("a", attributes: FileAttributes(permissions: 0o700))
            try shell("cd \(directory) && printf 1 >a/1 && printf 2 >a/2")
            await #expect(throws: SFTPError.status(SFTPStatus(.failure))) {
                try await client.rename(from: "a/1", to: "a/2")
            }
            try await client.rename(from: "a/1", to: "a/3")
            try await client.posixRename(from: "a/3", to: "a/2")
            try await client.hardlink(from: "a/2", to: "b")
            #expect(try shell("cat \(directory)/b").output == "1")
            await #expect(throws: SFTPError.status(SFTPStatus(.failure))) {
                try await client.rmdir("a")
            }
            try await client.remove("a/2")
            try await client.rmdir("a")
            #expect(try shell("ls \(directory)").output == "b\n")
        }
    }

    @Test func makesAndReadsLinks() throws {
        try withServer { client, directory in
            try await client.symlink(at: "link", to: "some/target")
            #expect(try run("/bin/readlink", "\(directory)/link").output == "some/target\n")
            #expect(try await client.readlink("link") == "some/target")
        }
    }

    @Test func findsPaths() throws {
        try withServer { client, directory in
            let here = try await client.realpath("")
            #expect(here == Bytes(stringLiteral: directory))
            #expect(try await client.realpath("./missing") == here + "/missing")
            #expect(try await client.expandPath("~/missing") == here + "/missing")
            // Servers before OpenSSH 9.8 answer with their own user's home, whoever is asked about.
            let entry = try shell("getent passwd $(id -u)").output.split(separator: ":")
            let home = try await client.homeDirectory(of: Bytes(stringLiteral: String(entry[0])))
            #expect(home == Bytes(stringLiteral: String(entry[5])))
            await #expect(throws: SFTPError.status(SFTPStatus(.noSuchFile))) {
                try await client.realpath("missing/x")
            }
        }
    }

    @Test func asksForFileSystemsAndNames() throws {
        try withServer { client, directory in
            let statistics = try await client.statvfs(".")
            #expect(try shell("stat -fc %b \(directory)").output == "\(statistics.blocks)\n")
            #expect(statistics.namemax == 255)
            let handle = try await client.open("file", [.write, .create])
            #expect(try await client.fstatvfs(handle).fsid == statistics.fsid)
            let names = try await client.usersGroupsByID(uids: [0, 4_000_000_000], gids: [0])
            #expect(names.users == ["root", ""])
            #expect(names.groups == ["root"])
        }
    }

    @Test func copiesOnTheServer() throws {
        try withServer { client, directory in
            try shell("printf 'hello world' >\(directory)/from")
            let source = try await client.open("from", .read)
            let copy = try await client.open("to", [.write, .create])
            try await client.copyData(from: source, offset: 6, length: 0, to: copy, at: 2)
            #expect(try shell("tail -c 5 \(directory)/to").output == "world")
        }
    }

    @Test func listsTenThousandEntries() throws {
        try withServer { client, directory in
            try shell("cd \(directory) && seq -f n%g 10000 | xargs touch")
            let handle = try await client.opendir(".")
            var names: Set<Bytes> = []
            while let entries = try await client.readdir(handle) {
                names.formUnion(entries.map(\.filename))
            }
            try await client.close(handle)
            #expect(
                names == Set((1...10_000).map { Bytes(stringLiteral: "n\($0)") } + [".", ".."]))
        }
    }

    @Test func readdirsShareARoundTrip() throws {
        try withServer { client, directory in
            try shell("cd \(directory) && seq -f n%g 350 | xargs touch")
            let handle = try await client.opendir(".")
            var replies: [PendingReply<[NameEntry]?>] = []
            for _ in 0..<8 { replies.append(try await client.startReaddir(handle)) }
            var count = 0
            for reply in replies { count += try await reply.value?.count ?? 0 }
            #expect(count == 352)
            #expect(try await client.readdir(handle) == nil)
        }
    }

    @Test func keepsManyRequestsApart() throws {
        try withServer { client, directory in
            try shell("cd \(directory) && for i in $(seq 600); do head -c $i /dev/zero >f$i; done")
            var replies: [PendingReply<FileAttributes>] = []
            for index in 1...600 {
                replies.append(try await client.startLstat(Bytes(stringLiteral: "f\(index)")))
            }
            for (index, reply) in replies.enumerated().reversed() {
                #expect(try await reply.value.size == UInt64(index + 1))
            }
        }
    }

    @Test func statusesAreTheServers() throws {
        try withServer { client, directory in
            try shell("cd \(directory) && touch file")
            await #expect(throws: SFTPError.status(SFTPStatus(.noSuchFile))) {
                try await client.lstat("missing")
            }
            await #expect(throws: SFTPError.status(SFTPStatus(.badMessage))) {
                try await client.readlink("file")
            }
            let handle = try await client.open("file", .read)
            await #expect(throws: SFTPError.status(SFTPStatus(.noSuchFile))) {
                try await client.write(handle, offset: 0, data: ["x"])
            }
            try await client.close(handle)
            await #expect(throws: SFTPError.status(SFTPStatus(.failure))) {
                try await client.fstat(handle)
            }
            await #expect(throws: SFTPError.status(SFTPStatus(.failure))) {
                try await client.homeDirectory(of: "no-such-user")
            }
            #expect(await client.closeReason == nil)
        }
    }

    @Test func unfitPathsNeverReachTheServer() throws {
        try withServer { client, _ in
            let long = Bytes(repeating: UInt8(ascii: "x"), count: ClientLimits.pathBytes + 1)
            await #expect(throws: SFTPError.status(SFTPStatus(errno: .ENAMETOOLONG))) {
                try await client.stat(long)
            }
            await #expect(throws: SFTPError.status(SFTPStatus(errno: .EINVAL))) {
                try await client.rename(from: "a", to: "b\0c")
            }
            await #expect(throws: SFTPError.status(SFTPStatus(.badMessage))) {
                try await client.rename(from: long.dropFirst(), to: long.dropFirst())
            }
        }
    }

    @Test func namesAreBytes() throws {
        try withServer { client, _ in
            let name: Bytes = [0xFF, 0x0A, 0xC3, 0x28]
            try await client.mkdir(name)
            #expect(try await client.realpath(name).suffix(4) == name)
        }
    }

    @Test func whatWaitsFailsWhenTheServerDies() throws {
        let directory = try TemporaryDirectory()
        let server = try LocalSFTPServer(directory: directory.path)
        let loop = try EpollLoop()
        try loop.run {
            let client = try await SFTPClient.open(over: server.channel(loop: loop), loop: loop)
            server.freeze()
            let waiting = try await client.startLstat(".")
            server.stop()
            let first = await #expect(throws: SFTPError.self) { try await waiting.value }
            let second = await #expect(throws: SFTPError.self) { try await client.lstat(".") }
            #expect(first?.endsConnection == true)
            #expect(first == second)
            #expect(try await client.waitUntilClosed() == first)
        }
    }

    @Test func aFrozenServerDoesNotHoldACancelledCall() throws {
        let directory = try TemporaryDirectory()
        let server = try LocalSFTPServer(directory: directory.path)
        defer { server.stop() }
        let loop = try EpollLoop()
        try loop.run {
            let client = try await SFTPClient.open(over: server.channel(loop: loop), loop: loop)
            server.freeze()
            await #expect(throws: TimeoutError.self) {
                try await loop.withTimeout(.milliseconds(5)) { try await client.lstat(".") }
            }
            server.thaw()
            _ = try await client.lstat(".")
            await client.disconnect()
        }
    }
}
