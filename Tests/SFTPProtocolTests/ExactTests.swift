// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Testing
import Wire

/// Our own extension on the wire, as Docs/PROTOCOL.md lays it out.
@Suite struct ExactTests {
    @Test func fieldsLieAsTheProtocolSays() {
        let attributes = FileAttributes(
            size: nil,
            exact: ExactAttributes(
                identity: .init(device: 1, inode: 2), linkCount: 3, blocks: 4,
                atime: FileTime(nanoseconds: 5), mtime: FileTime(nanoseconds: -1),
                ctime: FileTime(seconds: 1)))
        #expect(
            joined(SFTPReply.attributes(attributes).encode(id: 7)) == [
                0, 0, 0, 84, 105, 0, 0, 0, 7, 0x80, 0, 0, 0, 0, 0, 0, 1,
                0, 0, 0, 11,
            ] + Array("stat@hawser".utf8) + [
                0, 0, 0, 52, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3,
                0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5,
                255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0x3B, 0x9A, 0xCA, 0,
            ])
        let times = FileAttributes(
            timeChanges: TimeChanges(atime: .now, mtime: .at(FileTime(nanoseconds: 9))))
        #expect(
            joined(SFTPRequest.setstat(path: [], attributes: times).encode(id: 7)) == [
                0, 0, 0, 61, 9, 0, 0, 0, 7, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 12,
            ] + Array("times@hawser".utf8) + [
                0, 0, 0, 24, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
                0, 0, 0, 0, 0, 0, 0, 9,
            ])
        let status = SFTPStatus(errno: .EACCES, isReported: true)
        #expect(
            joined(SFTPReply.status(status).encode(id: 7)).suffix(20)
                == [0, 0, 0, 12] + Array("errno@hawser".utf8) + [0, 0, 0, 13])
    }

    @Test func anErrnoIsToldByItsNumber() throws {
        let status = SFTPStatus(errno: .EACCES, isReported: true)
        // By its text it could be EPERM, too.
        #expect(SFTPStatus(errno: .EACCES).exactErrno == nil)
        #expect(status.exactErrno == .EACCES)
        let reply = SFTPReply.status(status)
        #expect(
            try SFTPServerMessage(decoding: frame(reply.encode(id: 1))) == .reply(id: 1, reply))
    }

    /// A number that does not go with the code, or would speak of the local call.
    @Test(arguments: [
        (StatusCode.failure, Errno.EACCES), (.failure, .EINTR), (.failure, .EAGAIN),
        (.operationUnsupported, .ENOSYS), (.failure, Errno(rawValue: 4000)),
    ])
    func anErrnoThatCannotBeIsNotBelieved(code: StatusCode, errno: Errno) {
        var status = SFTPStatus(code)
        status.reportedErrno = errno
        #expect(status.exactErrno == nil)
    }

    @Test(
        arguments: [
            [1], [0, 0, 0, 12], [0xFF, 0xFF, 0xFF, 0xFF, 1], [0, 0, 0, 1, 0x61, 0, 0, 0, 13],
            [0, 0, 0, 12] + Array("errno@hawser".utf8) + [0, 0, 13],
            [0, 0, 0, 12] + Array("errno@hawser".utf8) + [0, 0, 0, 0],
            [0, 0, 0, 12] + Array("errno@hawser".utf8) + [0xFF, 0xFF, 0xFF, 0xFF],
        ] as [[UInt8]])
    func whatElseStandsBehindAStatusTellsNothing(more: [UInt8]) throws {
        let reply = SFTPReply.status(SFTPStatus(.permissionDenied))
        let packet = joined(reply.encode(id: 1)).dropFirst(4) + more
        #expect(try SFTPServerMessage(decoding: SFTPFrame(packet)) == .reply(id: 1, reply))
    }

    private func attributes(extended: [(name: String, value: [UInt8])]) throws -> FileAttributes {
        var writer = WireWriter()
        writer.write(UInt32(0x8000_0000))
        writer.write(UInt32(extended.count))
        for pair in extended {
            writer.writeString(pair.name)
            writer.writeString(pair.value)
        }
        var reader = WireReader(writer.bytes[...])
        return try FileAttributes(from: &reader)
    }

    @Test func otherExtendedAttributesArePassedOver() throws {
        let found = try attributes(extended: [
            ("stat@example.com", [1, 2]), ("", []), ("stat@hawser", Array(repeating: 1, count: 60)),
        ])
        #expect(found.exact?.linkCount == 0x0101_0101)
        #expect(found.size == nil)
    }

    @Test func valuesThatAreTooShortAreErrors() {
        for count in 0..<52 {
            #expect(throws: WireError.self) {
                try attributes(extended: [("stat@hawser", Array(repeating: 1, count: count))])
            }
        }
        for count in 0..<24 {
            #expect(throws: WireError.self) {
                try attributes(extended: [("times@hawser", Array(repeating: 0, count: count))])
            }
        }
        #expect(throws: WireError.malformed("change 3 of a time")) {
            try attributes(extended: [
                ("times@hawser", [0, 0, 0, 3] + Array(repeating: 0, count: 20))
            ])
        }
    }

    @Test func aFileWithoutANumberHasNoExactAttributes() throws {
        let found = try attributes(extended: [("stat@hawser", Array(repeating: 0, count: 52))])
        #expect(found.exact == nil)
    }

    @Test func whatAClientAsksForIsReadAsFarAsItCanBe() throws {
        let other = SFTPVersion.ExtensionPair(name: "x@example.com", data: [1])
        let message = SFTPClientMessage.initialize(
            version: 3, extensions: [other, ExactExtension.pair])
        let packet = joined(message.encode()).dropFirst(4)
        #expect(try SFTPClientMessage(decoding: SFTPFrame(packet)) == message)
        #expect(try SFTPClientMessage(decoding: SFTPFrame(packet + [0, 0])) == message)
        #expect(
            try SFTPClientMessage(decoding: SFTPFrame(packet.dropLast()))
                == .initialize(version: 3, extensions: [other]))
        let many = SFTPClientMessage.initialize(
            version: 3, extensions: Array(repeating: other, count: 1000))
        guard
            case .initialize(3, let taken) = try SFTPClientMessage(
                decoding: frame(many.encode()))
        else {
            Issue.record("not INIT")
            return
        }
        #expect(taken.count == 64)
    }

    @Test(arguments: [
        (0, 0, 0, 0), (1, 999_999_999, 1, 999_999_999), (-1, 0, -1, 0), (-2, 1, -2, 1),
        (-1, 999_999_999, -1, 999_999_999), (Int64.max, 0, 9_223_372_036, 854_775_807),
        (Int64.min, 0, -9_223_372_037, 145_224_192),
    ])
    func timesAreSecondsAndTheirFractions(
        seconds: Int64, nanoseconds: UInt32, shown: Int64, fraction: Int64
    ) {
        let time = FileTime(seconds: seconds, nanoseconds: nanoseconds)
        #expect(time.seconds == shown)
        #expect(time.fraction == fraction)
    }
}
