// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol
import Testing
import Wire

/// Our own extension, which only those get who have asked for it.
@Suite struct ExactTests {
    let directory = TemporaryDirectory()
    let session: TestSession

    init() throws {
        session = try TestSession(isInitialized: false)
        let answer = try session.send(
            SFTPClientMessage.initialize(version: 3, extensions: [ExactExtension.pair]).encode())
        guard case .version(let version)? = answer.first else { throw Unexpected("\(answer)") }
        #expect(version.extensions.last == ExactExtension.pair)
    }

    @Test func othersGetNothingOfIt() throws {
        directory.shell("touch f; mkdir d; touch d/f")
        let others = try TestSession(isInitialized: false)
        let wish = SFTPVersion.ExtensionPair(name: ExactExtension.pair.name, data: [0x32])
        let answer = try others.send(
            SFTPClientMessage.initialize(version: 3, extensions: [wish]).encode())
        guard case .version(let version)? = answer.first else { throw Unexpected("\(answer)") }
        #expect(!version.extensions.contains(ExactExtension.pair))
        #expect(try others.attributes(.stat(path: directory["f"])).exact == nil)
        #expect(try others.status(.stat(path: directory["none"])).reportedErrno == nil)
        let listed = try others.list(directory["d"]).entries
        #expect(listed.allSatisfy { $0.attributes.exact == nil })
    }

    @Test func statTellsWhatTheSystemTells() throws {
        directory.shell(
            "truncate -s 1M f; ln f g; touch -d '1969-12-31 23:59:58.123456789Z' f; ln -s f l; mkdir d"
        )
        let attributes = try session.attributes(.stat(path: directory["l"]))
        let exact = try #require(attributes.exact)
        #expect(exact.mtime == FileTime(seconds: -2, nanoseconds: 123_456_789))
        let expected =
            "\(exact.identity.device) \(exact.identity.inode) \(exact.linkCount) \(exact.blocks)"
            + " \(exact.ctime.seconds)"
        #expect(directory.shell("stat -c '%d %i %h %b %Z' f") == expected + "\n")
        #expect(try session.attributes(.lstat(path: directory["g"])) == attributes)
        let handle = try session.open(directory["f"], .read)
        #expect(try session.attributes(.fstat(handle: handle)) == attributes)
        let listed = try session.list(directory[""]).entries
        #expect(
            listed.filter { text($0.filename) == "g" || text($0.filename) == "f" }
                .allSatisfy { $0.attributes == attributes })
        #expect(try session.attributes(.stat(path: directory["d"])).exact?.linkCount == 2)
    }

    @Test func statusTellsTheErrno() throws {
        directory.shell("mkdir -p d/e; touch f")
        #expect(try session.status(.rmdir(path: directory["d"])).reportedErrno == .ENOTEMPTY)
        #expect(try session.status(.stat(path: directory["f/x"])).reportedErrno == .ENOTDIR)
        #expect(try session.status(.mkdir(path: directory["n"], attributes: .init())).code == .ok)
    }

    private func times(_ atime: TimeChanges.Change, _ mtime: TimeChanges.Change) -> FileAttributes {
        FileAttributes(timeChanges: TimeChanges(atime: atime, mtime: mtime))
    }

    @Test func timesAreSetToTheNanosecondOrLeft() throws {
        directory.shell("touch -d @5 f; ln -s f l")
        let time = TimeChanges.Change.at(FileTime(seconds: -7, nanoseconds: 20))
        let handle = try session.open(directory["f"], .read)
        let path = directory["f"]
        for (request, shown) in [
            (SFTPRequest.setstat(path: path, attributes: times(.omit, time)), "5.0 -7.000000020"),
            (.setstat(path: path, attributes: times(time, .omit)), "-7.000000020 -7.000000020"),
            (
                .fsetstat(
                    handle: handle, attributes: times(.omit, .at(FileTime(seconds: 1 << 33)))),
                "-7.000000020 8589934592.0"
            ),
        ] {
            #expect(try session.status(request).code == .ok)
            let exact = try #require(try session.attributes(.stat(path: path)).exact)
            let found = [exact.atime, exact.mtime].map { time in
                let fraction = String(time.fraction)
                let digits = String(repeating: "0", count: 9 - fraction.count) + fraction
                return "\(time.seconds).\(time.fraction == 0 ? "0" : digits)"
            }
            #expect(found.joined(separator: " ") == shown)
        }
        let link = SFTPRequest.lsetstat(path: directory["l"], attributes: times(time, time))
        #expect(try session.status(link).code == .ok)
        #expect(directory.shell("stat -c %Y f l") == "8589934592\n-7\n")
        let now = SFTPRequest.setstat(path: path, attributes: times(.now, .now))
        #expect(try session.status(now).code == .ok)
        let present = Int64(Glibc.time(nil))
        let exact = try #require(try session.attributes(.stat(path: path)).exact)
        #expect(abs(exact.mtime.seconds - present) < 600)
    }
}
