// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol
import SFTPServer
import Testing
import Wire

@Suite struct FileTests {
    let directory = TemporaryDirectory()
    let session: TestSession

    init() throws { session = try TestSession() }

    @Test func whatIsWrittenIsReadBack() throws {
        let handle = try session.open(directory["f"], [.read, .write, .create], permissions: 0o640)
        let first = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(
            try session.status(.write(handle: handle, offset: 0, data: [first[...]])).code == .ok)
        #expect(
            try session.status(.write(handle: handle, offset: 300_000, data: [bytes("end")])).code
                == .ok)
        #expect(try session.data(handle, at: 0, length: 200_000) == first)
        #expect(try session.data(handle, at: 299_998, length: 100) == [0, 0] + Array("end".utf8))
        #expect(try session.data(handle, at: 300_003, length: 1) == nil)
        #expect(try session.data(handle, at: 0, length: 0) == [])
        #expect(try session.attributes(.fstat(handle: handle)).size == 300_003)
        #expect(try session.status(.fsync(handle: handle)).code == .ok)
        #expect(try session.status(.close(handle: handle)).code == .ok)
        #expect(directory.shell("stat -c %s:%a f") == "300003:640\n")
    }

    @Test func readIsNoLongerThanTheLimit() throws {
        directory.shell("head -c 300000 /dev/zero > f")
        let handle = try session.open(directory["f"], .read)
        #expect(try session.data(handle, at: 0, length: .max)?.count == SFTPLimits.transferBytes)
        #expect(
            try session.data(handle, at: UInt64(SFTPLimits.transferBytes), length: .max)?.count
                == 300_000 - SFTPLimits.transferBytes)
    }

    @Test func writingToAnAppendingHandleIgnoresTheOffset() throws {
        directory.shell("printf 12 > f")
        let handle = try session.open(directory["f"], [.write, .append])
        #expect(
            try session.status(.write(handle: handle, offset: 0, data: [bytes("34")])).code == .ok)
        #expect(directory.shell("cat f") == "1234")
    }

    @Test func truncateAndExclusiveAreHonoured() throws {
        directory.shell("printf 1234 > f")
        let exclusive = SFTPRequest.open(
            path: directory["f"], flags: [.write, .create, .exclusive], attributes: .init())
        #expect(try session.status(exclusive) == SFTPStatus(.failure, message: "File exists"))
        _ = try session.open(directory["f"], [.write, .create, .truncate])
        #expect(directory.shell("cat f") == "")
    }

    @Test(arguments: [(offset: UInt64.max, code: StatusCode.badMessage), (1 << 63, .badMessage)])
    func offsetBeyondTheSystemsRangeIsAnError(offset: UInt64, code: StatusCode) throws {
        let handle = try session.open(directory["f"], [.read, .write, .create])
        let write = SFTPRequest.write(handle: handle, offset: offset, data: [bytes("x")])
        #expect(try session.status(.read(handle: handle, offset: offset, length: 1)).code == code)
        #expect(try session.status(write).code == code)
        #expect(
            try session.status(.fsetstat(handle: handle, attributes: .init(size: offset))).code
                == code)
    }

    @Test func writeBehindTheLastPossibleByteIsAnError() throws {
        let handle = try session.open(directory["f"], [.write, .create])
        let request = SFTPRequest.write(
            handle: handle, offset: UInt64(Int64.max), data: [bytes("xy")])
        #expect(try session.status(request) == SFTPStatus(.failure, message: "File too large"))
    }

    @Test func fullDiskIsReportedByItsOwnName() throws {
        let handle = try session.open(bytes("/dev/full"), .write)
        let request = SFTPRequest.write(handle: handle, offset: 0, data: [bytes("x")])
        let status = try session.status(request)
        #expect(status == SFTPStatus(.failure, message: "No space left on device"))
        #expect(status.errno == .ENOSPC)
    }

    @Test func handleOfTheWrongKindIsRefused() throws {
        let read = try session.open(directory["f"], [.read, .create])
        let listing = try session.handle(.opendir(path: directory["."]))
        let write = SFTPRequest.write(handle: read, offset: 0, data: [bytes("x")])
        #expect(try session.status(write).code == .noSuchFile)
        #expect(try session.status(.read(handle: listing, offset: 0, length: 1)).code == .failure)
        #expect(try session.status(.readdir(handle: read)).code == .failure)
        #expect(try session.status(.fsync(handle: listing)).code == .noSuchFile)
        #expect(try session.status(.fstat(handle: listing)).code == .failure)
    }

    @Test func closedHandleNeverNamesALaterFile() throws {
        directory.shell("printf old > old; printf new > new")
        let old = try session.open(directory["old"], .read)
        #expect(try session.status(.close(handle: old)).code == .ok)
        let new = try session.open(directory["new"], .read)
        #expect(try session.status(.read(handle: old, offset: 0, length: 9)).code == .failure)
        #expect(try session.status(.close(handle: old)).code == .noSuchFile)
        #expect(try session.data(new, at: 0, length: 9) == Array("new".utf8))
    }

    @Test(arguments: [
        [], [0], [UInt8](repeating: 0, count: 4), [UInt8](repeating: 0, count: 300),
        [UInt8](repeating: 0xFF, count: 8), [0, 0, 0, 0, 0, 0, 0, 0, 0],
    ])
    func inventedHandleIsRefused(handle: [UInt8]) throws {
        #expect(try session.status(.fstat(handle: handle[...])).code == .failure)
        #expect(try session.status(.close(handle: handle[...])).code == .noSuchFile)
    }

    @Test func fifoIsNotWaitedFor() throws {
        directory.shell("mkfifo p q")
        let handle = try session.open(directory["p"], .read)
        #expect(try session.status(.read(handle: handle, offset: 0, length: 1)).code == .failure)
        let write = SFTPRequest.open(path: directory["q"], flags: .write, attributes: .init())
        #expect(try session.status(write).message == "No such device or address")
    }

    @Test func closingTheSessionClosesWhatIsOpen() throws {
        let session = try TestSession()
        directory.shell("printf abc > f")
        let handle = try session.open(directory["f"], .read)
        _ = try session.data(handle, at: 0, length: 9)
        _ = try session.handle(.opendir(path: bytes(directory.path)))
        _ = session.log.take()
        session.session.close()
        #expect(
            session.log.take() == [
                "forced close \"\(directory.path)/f\" bytes read 3 written 0",
                "forced closedir \"\(directory.path)\"",
                "session closed for local user root from [192.0.2.1]",
            ])
    }
}

@Suite struct CopyDataTests {
    let directory = TemporaryDirectory()
    let session: TestSession

    init() throws { session = try TestSession() }

    private func copy(
        _ source: Bytes, _ sourceOffset: UInt64, _ length: UInt64, _ destination: Bytes,
        _ offset: UInt64
    ) throws -> SFTPStatus {
        try session.status(
            .copyData(
                readHandle: source, readOffset: sourceOffset, length: length,
                writeHandle: destination, writeOffset: offset))
    }

    @Test func copiesARange() throws {
        directory.shell("printf 0123456789 > a; printf abcdefghij > b")
        let source = try session.open(directory["a"], .read)
        let destination = try session.open(directory["b"], .write)
        #expect(try copy(source, 2, 3, destination, 5).code == .ok)
        #expect(directory.shell("cat b") == "abcde234ij")
    }

    @Test func copiesToTheEnd() throws {
        directory.shell("head -c 5000000 /dev/urandom > a")
        let source = try session.open(directory["a"], .read)
        let destination = try session.open(directory["b"], [.write, .create])
        #expect(try copy(source, 0, 0, destination, 0).code == .ok)
        directory.shell("cmp a b")
    }

    @Test func endsEarlyWithEndOfFile() throws {
        directory.shell("printf 0123456789 > a")
        let source = try session.open(directory["a"], .read)
        let destination = try session.open(directory["b"], [.write, .create])
        #expect(try copy(source, 5, 100, destination, 0).code == .eof)
        #expect(directory.shell("cat b") == "56789")
    }

    @Test func appendsToAnAppendingHandle() throws {
        directory.shell("printf 0123 > a; printf abcd > b")
        let source = try session.open(directory["a"], .read)
        let destination = try session.open(directory["b"], [.write, .append])
        #expect(try copy(source, 1, 2, destination, 0).code == .ok)
        #expect(directory.shell("cat b") == "abcd12")
    }

    @Test func copiesFilesThatDoNotKnowTheirSize() throws {
        let source = try session.open(bytes("/proc/self/status"), .read)
        let destination = try session.open(directory["b"], [.write, .create])
        #expect(try copy(source, 0, 0, destination, 0).code == .ok)
        directory.shell("grep -q '^Pid:' b")
    }

    @Test func refusesOneFileAsSourceAndDestination() throws {
        directory.shell("printf 0123456789 > a; ln a b")
        let handle = try session.open(directory["a"], [.read, .write])
        let other = try session.open(directory["b"], .write)
        #expect(try copy(handle, 0, 1, handle, 5).code == .failure)
        #expect(try copy(handle, 0, 1, other, 5).code == .failure)
        #expect(directory.shell("cat a") == "0123456789")
    }

    @Test func refusesHandlesThatAreNone() throws {
        let handle = try session.open(directory["a"], [.read, .write, .create])
        #expect(try copy(handle, 0, 1, [1], 0).code == .failure)
        #expect(try copy([1], 0, 1, handle, 0).code == .failure)
    }

    @Test func offsetsBeyondTheSystemsRangeAreErrors() throws {
        directory.shell("printf 0123 > a")
        let source = try session.open(directory["a"], .read)
        let destination = try session.open(directory["b"], [.write, .create])
        #expect(try copy(source, .max, 1, destination, 0).code == .badMessage)
        #expect(try copy(source, 0, 1, destination, .max).code == .badMessage)
        #expect(try copy(source, 0, 4, destination, UInt64(Int64.max)).code == .failure)
        #expect(try copy(source, UInt64(Int64.max), 4, destination, 0).code != .ok)
    }
}
