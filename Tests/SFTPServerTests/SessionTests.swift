// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import SFTPServer
import Testing
import Wire

@Suite struct SessionTests {
    @Test func unknownRequestsAreAnsweredAndStrandNothing() throws {
        let session = try TestSession()
        for request in [
            SFTPRequest.unknown(type: 99, body: []), .unknown(type: 101, body: [1, 2, 3]),
            .unknownExtension(name: bytes("x@y\n"), data: [1]),
        ] {
            #expect(try session.status(request) == SFTPStatus(.operationUnsupported))
        }
        #expect(
            session.log.take().filter { $0.hasPrefix("Unknown") } == [
                "Unknown message 99", "Unknown message 101", "Unknown extended request \"x@y\\n\"",
            ])
        #expect(try session.status(.stat(path: bytes("/no"))).code == .noSuchFile)
    }

    @Test func badlyFormedRequestsAreAnsweredAndStrandNothing() throws {
        let session = try TestSession()
        for packet in [
            [0, 0, 0, 0, 17, 0, 0, 0, 7],  // STAT without a path
            [0, 0, 0, 0, 17, 0, 0, 0, 7, 0, 0, 0, 2, 0x2F],  // a path that is too short
            [0, 0, 0, 0, 17, 0, 0, 0, 7, 0, 0, 0, 1, 0],  // a path that is a NUL
            [0, 0, 0, 0, 200, 0, 0, 0, 7],  // EXTENDED without a name
        ] as [[UInt8]] {
            guard case .reply(7, .status(let status))? = try session.send([packet[...]]).first
            else {
                Issue.record("no status")
                return
            }
            #expect(status.code == .badMessage)
        }
        #expect(try session.attributes(.stat(path: bytes("/"))).permissions != nil)
    }

    @Test func requestBeforeInitializationEndsTheSession() throws {
        let session = try TestSession(isInitialized: false)
        #expect(throws: SessionFailure.requestBeforeInitialization(type: 17)) {
            try session.ask(.stat(path: bytes("/")))
        }
    }

    @Test func secondInitializationEndsTheSession() throws {
        let session = try TestSession()
        #expect(throws: SessionFailure.repeatedInitialization) {
            try session.send(SFTPClientMessage.initialize(version: 3).encode())
        }
    }

    @Test(arguments: [0, 1, 3, 6, .max] as [UInt32])
    func everyClientGetsVersion3(version: UInt32) throws {
        let session = try TestSession(isInitialized: false)
        let replies = try session.send(SFTPClientMessage.initialize(version: version).encode())
        guard case .version(let answer)? = replies.first else {
            Issue.record("no version")
            return
        }
        #expect(answer.version == 3)
    }

    @Test func openHandlesAreLimited() throws {
        let session = try TestSession(handleLimit: 2)
        guard case .extended(let body) = try session.ask(.limits) else {
            Issue.record("no limits")
            return
        }
        #expect(try ServerLimits(decoding: body).maxOpenHandles == 2)
        let directory = TemporaryDirectory()
        let first = try session.open(bytes("/dev/null"), .read)
        let second = try session.handle(.opendir(path: bytes("/")))
        #expect(first != second)
        let tooMany = SFTPStatus(.failure, message: "Too many open files")
        let create = SFTPRequest.open(
            path: directory["f"], flags: [.write, .create], attributes: FileAttributes())
        #expect(try session.status(create) == tooMany)
        #expect(directory.shell("ls") == "")
        #expect(try session.status(.opendir(path: bytes("/"))) == tooMany)
        #expect(try session.status(.close(handle: first)).code == .ok)
        _ = try session.handle(create)
    }
}

@Suite struct LogTests {
    let directory = TemporaryDirectory()

    /// Source: what OpenSSH's server logs at the same requests.
    @Test func linesAreOpenSSHs() throws {
        let session = try TestSession(level: .verbose)
        let root = directory.path
        let handle = try session.open(
            directory["f"], [.read, .write, .create, .truncate], permissions: 0o644)
        _ = try session.status(.write(handle: handle, offset: 0, data: [bytes("abc")]))
        _ = try session.data(handle, at: 0, length: 3)
        _ = try session.status(.fsync(handle: handle))
        _ = try session.status(.close(handle: handle))
        _ = try session.list(directory["."])
        _ = try session.status(.mkdir(path: directory["d"], attributes: FileAttributes()))
        _ = try session.status(.rename(oldPath: directory["f"], newPath: directory["g"]))
        _ = try session.status(.symlink(target: bytes("t"), linkPath: directory["l"]))
        _ = try session.status(
            .setstat(
                path: directory["g"],
                attributes: FileAttributes(
                    size: 1, owner: .init(uid: 0, gid: 0), permissions: 0o100600)))
        _ = try session.attributes(.lstat(path: directory["l"]))
        _ = try session.status(.remove(path: directory["no"]))
        #expect(
            session.log.take() == [
                "open \"\(root)/f\" flags READ,WRITE,CREATE,TRUNCATE mode 0644",
                "fsync \"\(root)/f\"", "close \"\(root)/f\" bytes read 3 written 3",
                "opendir \"\(root)/.\"", "closedir \"\(root)/.\"",
                "mkdir name \"\(root)/d\" mode 0777", "rename old \"\(root)/f\" new \"\(root)/g\"",
                "symlink old \"t\" new \"\(root)/l\"", "set \"\(root)/g\" size 1",
                "set \"\(root)/g\" mode 100600", "set \"\(root)/g\" owner 0 group 0",
                "lstat name \"\(root)/l\"", "remove name \"\(root)/no\"",
                "sent status No such file",
            ])
    }

    @Test func namesCannotForgeLines() throws {
        let session = try TestSession()
        _ = try session.ask(
            .remove(path: bytes("/no\"\nsession opened for local user root\u{1B}[2J\t\\\r")))
        #expect(
            session.log.take().first
                == #"remove name "/no\"\nsession opened for local user root\033[2J\t\\\r""#)
    }

    @Test func longNamesAreCut() {
        let line = ServerLog.quoted([UInt8](repeating: 0xFF, count: 250_000))
        #expect(line.utf8.count == 2 + 4 * 1024 + 3)
        #expect(line.hasSuffix("\\377...\""))
    }

    @Test(arguments: [
        ("QUIET", LogLevel.quiet), ("info", .info), ("Debug", .debug1), ("DEBUG3", .debug3),
    ])
    func levelsHaveOpenSSHsNames(name: String, level: LogLevel) {
        #expect(LogLevel(name: name) == level)
        #expect(LogLevel(name: name + "x") == nil)
    }
}
