// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol
import Testing
import Wire

@Suite struct AttributeTests {
    let directory = TemporaryDirectory()
    let session: TestSession

    init() throws { session = try TestSession() }

    @Test func statTellsWhatTheSystemTells() throws {
        directory.shell("printf 12345 > f; chmod 4751 f; touch -d @1000000000 f; ln -s f l")
        let expected = try session.attributes(.stat(path: directory["f"]))
        #expect(expected.size == 5)
        #expect(expected.permissions == 0o104751)
        #expect(expected.times?.mtime == 1_000_000_000)
        #expect(expected.owner == .init(uid: getuid(), gid: getgid()))
        #expect(try session.attributes(.stat(path: directory["l"])) == expected)
        #expect(try session.attributes(.lstat(path: directory["l"])).permissions == 0o120777)
        let handle = try session.open(directory["f"], .read)
        #expect(try session.attributes(.fstat(handle: handle)) == expected)
    }

    @Test func timesThatDoNotFitAreTheNearestThatDo() throws {
        directory.shell("touch -d 1960-01-01 old; touch -d 2200-01-01 new")
        #expect(try session.attributes(.stat(path: directory["old"])).times?.mtime == 0)
        #expect(try session.attributes(.stat(path: directory["new"])).times?.mtime == .max)
    }

    @Test func setstatSetsEverything() throws {
        directory.shell("printf 12345 > f; ln -s f l")
        let attributes = FileAttributes(
            size: 3, owner: .init(uid: getuid(), gid: getgid()), permissions: 0o101640,
            times: .init(atime: 1_000_000_000, mtime: 4_000_000_000))
        #expect(
            try session.status(.setstat(path: directory["l"], attributes: attributes)).code == .ok)
        #expect(directory.shell("stat -c '%s %a %X %Y' f") == "3 1640 1000000000 4000000000\n")
    }

    @Test func fsetstatSetsEverything() throws {
        directory.shell("printf 12345 > f")
        let handle = try session.open(directory["f"], .write)
        let attributes = FileAttributes(
            size: 7, owner: .init(uid: getuid(), gid: getgid()), permissions: 0o600,
            times: .init(atime: 1, mtime: 2))
        #expect(
            try session.status(.fsetstat(handle: handle, attributes: attributes)).code == .ok)
        #expect(directory.shell("stat -c '%s %a %X %Y' f") == "7 600 1 2\n")
    }

    @Test func lsetstatTouchesTheLinkOnly() throws {
        directory.shell("printf 12345 > f; touch -d @5 f; ln -s f l")
        let times = FileAttributes(times: .init(atime: 1, mtime: 2))
        #expect(try session.status(.lsetstat(path: directory["l"], attributes: times)).code == .ok)
        #expect(directory.shell("stat -c %Y f l") == "5\n2\n")
        let size = FileAttributes(size: 0)
        #expect(
            try session.status(.lsetstat(path: directory["l"], attributes: size)).code
                == .badMessage)
        #expect(directory.shell("cat f") == "12345")
        let mode = FileAttributes(permissions: 0o600)
        #expect(
            try session.status(.lsetstat(path: directory["l"], attributes: mode))
                == SFTPStatus(.failure, message: "Operation not supported"))
    }

    @Test func everyChangeIsTriedAndTheLastFailureTold() throws {
        directory.shell("mkdir d; chmod 700 d")
        let attributes = FileAttributes(size: 3, permissions: 0o750)
        #expect(
            try session.status(.setstat(path: directory["d"], attributes: attributes))
                == SFTPStatus(.failure, message: "Is a directory"))
        #expect(directory.shell("stat -c %a d") == "750\n")
        #expect(
            session.log.take() == [
                "set \"\(directory.path)/d\" size 3", "set \"\(directory.path)/d\" mode 0750",
                "sent status Failure",
            ])
    }

    @Test func statvfsTellsWhatTheSystemTells() throws {
        var expected = statvfs()
        #expect(unsafe statvfs(directory.path, &expected) == 0)
        let handle = try session.open(directory["f"], [.write, .create])
        for request in [
            SFTPRequest.statvfs(path: bytes(directory.path)), .fstatvfs(handle: handle),
        ] {
            guard case .extended(let body) = try session.ask(request) else {
                Issue.record("no statistics")
                return
            }
            let statistics = try FileSystemStatistics(decoding: body)
            #expect(statistics.frsize == UInt64(expected.f_frsize))
            #expect(statistics.blocks == UInt64(expected.f_blocks))
            #expect(statistics.files == UInt64(expected.f_files))
            #expect(statistics.namemax == 255)
        }
    }

    @Test func limitsAreOpenSSHs() throws {
        var limit = rlimit()
        #expect(unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        guard case .extended(let body) = try session.ask(.limits) else {
            Issue.record("no limits")
            return
        }
        #expect(
            try ServerLimits(decoding: body)
                == ServerLimits(
                    maxPacketLength: 262_144, maxReadLength: 261_120, maxWriteLength: 261_120,
                    maxOpenHandles: UInt64(limit.rlim_cur) - 5))
    }
}
