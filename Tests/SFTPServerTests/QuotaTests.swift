// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Testing
import Wire

@testable import SFTPServer

@Suite struct QuotaTests {
    let directory = TemporaryDirectory()

    private func session(bytes: UInt64? = nil, files: UInt64? = nil) throws -> TestSession {
        try TestSession(quota: Quota(bytes: bytes, files: files))
    }

    private func write(_ session: TestSession, _ handle: Bytes, _ count: Int) throws -> StatusCode {
        let data = Bytes(repeating: 0x41, count: count)
        return try session.status(.write(handle: handle, offset: 0, data: [data])).code
    }

    @Test func writesBeyondTheQuotaFailAndWriteNothing() throws {
        let session = try session(bytes: 10)
        let handle = try session.open(directory["f"], [.write, .create])
        #expect(try write(session, handle, 6) == .ok)
        #expect(try write(session, handle, 5) == .failure)
        #expect(try write(session, handle, 4) == .ok)
        #expect(try write(session, handle, 1) == .failure)
        #expect(try write(session, handle, 0) == .ok)
        #expect(directory.shell("stat -c %s f") == "6\n")
    }

    @Test func sessionsShareAQuota() throws {
        let quota = Quota(bytes: 10, files: 2)
        let first = try TestSession(quota: quota)
        let second = try TestSession(quota: quota)
        let one = try first.open(directory["f"], [.write, .create])
        let other = try second.open(directory["g"], [.write, .create])
        #expect(try write(first, one, 7) == .ok)
        #expect(try write(second, other, 7) == .failure)
        #expect(try write(second, other, 3) == .ok)
        let new = FileAttributes()
        #expect(
            try second.status(.mkdir(path: directory["d"], attributes: new)).code == .failure)
    }

    @Test func everyKindOfNewFileCountsAndFailuresDoNot() throws {
        directory.shell("touch old")
        let session = try session(files: 4)
        let requests: [SFTPRequest] = [
            .open(path: directory["f"], flags: [.write, .create], attributes: FileAttributes()),
            .mkdir(path: directory["d"], attributes: FileAttributes()),
            .symlink(target: bytes("old"), linkPath: directory["l"]),
            .hardlink(oldPath: directory["old"], newPath: directory["h"]),
        ]
        // Neither what can't be made nor what is there already.
        let failing: [SFTPRequest] = [
            .mkdir(path: directory["old"], attributes: FileAttributes()),
            .symlink(target: bytes("x"), linkPath: directory["old"]),
            .hardlink(oldPath: directory["none"], newPath: directory["h"]),
            .open(
                path: directory["none/f"], flags: [.write, .create], attributes: FileAttributes()),
        ]
        for request in requests {
            for failure in failing { #expect(try session.status(failure).code != .ok) }
            _ = try session.open(directory["old"], [.write, .create])
            _ = try session.ask(request)
        }
        #expect(directory.shell("ls") == "d\nf\nh\nl\nold\n")
        _ = try session.open(directory["f"], [.write, .create])
        let beyond = SFTPRequest.open(
            path: directory["beyond"], flags: [.write, .create], attributes: FileAttributes())
        #expect(try session.status(beyond).code == .failure)
        #expect(directory.shell("ls") == "d\nf\nh\nl\nold\n")
    }

    @Test func copyCountsWhatItCopies() throws {
        directory.shell("printf 0123456789 > f")
        let session = try session(bytes: 15)
        let source = try session.open(directory["f"], .read)
        let copy = try session.open(directory["g"], [.write, .create])
        func copyData(length: UInt64) throws -> StatusCode {
            try session.status(
                .copyData(
                    readHandle: source, readOffset: 0, length: length, writeHandle: copy,
                    writeOffset: 0)
            ).code
        }
        #expect(try copyData(length: 0) == .ok)
        #expect(directory.shell("cat g") == "0123456789")
        #expect(try copyData(length: 0) == .failure)
        #expect(try copyData(length: 5) == .ok)
        #expect(try copyData(length: 1) == .failure)
    }

    @Test func copyOfWhatTellsNoSizeEndsAtTheQuota() throws {
        let session = try session(bytes: 8)
        let source = try session.open(bytes("/proc/self/status"), .read)
        let copy = try session.open(directory["g"], [.write, .create])
        let request = SFTPRequest.copyData(
            readHandle: source, readOffset: 0, length: 0, writeHandle: copy, writeOffset: 0)
        #expect(try session.status(request).code == .failure)
        #expect(directory.shell("stat -c %s g") == "8\n")
    }

    @Test func clientsThatAskForItAreToldEDQUOT() throws {
        let session = try TestSession(quota: Quota(bytes: nil, files: 0), isInitialized: false)
        let pair = ExactExtension.pair
        _ = try session.send(SFTPClientMessage.initialize(version: 3, extensions: [pair]).encode())
        let request = SFTPRequest.mkdir(path: directory["d"], attributes: FileAttributes())
        #expect(try session.status(request).reportedErrno == .EDQUOT)
    }

    @Test func readsAmounts() {
        #expect(UInt64(amount: "1") == 1)
        #expect(UInt64(amount: "10k") == 10 << 10)
        #expect(UInt64(amount: "2T") == 2 << 40)
        for text in ["", "0", "K", "-1", "1KB", "1.5G", "16777216T"] {
            #expect(UInt64(amount: text) == nil, "\(text)")
        }
    }
}
