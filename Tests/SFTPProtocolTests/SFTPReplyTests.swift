// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Testing
import Wire

@Suite struct SFTPReplyTests {
    @Test(arguments: sampleReplies + freeReplies)
    func whatIsEncodedIsDecoded(reply: SFTPReply) throws {
        let decoded = try SFTPServerMessage(decoding: frame(reply.encode(id: 77)))
        #expect(decoded == .reply(id: 77, reply))
    }

    @Test(arguments: sampleReplies + freeReplies)
    func appendedAndEncodedAreTheSame(reply: SFTPReply) {
        var writer = WireWriter(appendingTo: [9, 9])
        reply.append(id: 5, to: &writer)
        #expect(writer.bytes == [9, 9] + joined(reply.encode(id: 5)))
    }

    @Test(arguments: sampleReplies)
    func everyTruncationIsAnError(reply: SFTPReply) throws {
        let packet = joined(reply.encode(id: 1)).dropFirst(4)
        for count in 0..<packet.count {
            #expect(throws: WireError.self, "\(count) bytes of \(packet.count)") {
                try SFTPServerMessage(decoding: SFTPFrame(packet.prefix(count)))
            }
        }
    }

    @Test(arguments: sampleReplies + [.status(SFTPStatus(.eof))])
    func whatAServerAddsToAReplyIsPassedOver(reply: SFTPReply) throws {
        // What these hold has no end of its own.
        if case .extended = reply { return }
        for more in [[], [0]] as [Bytes] {
            let packet = joined(reply.encode(id: 1)).dropFirst(4) + more
            guard case .reply(1, let decoded) = try SFTPServerMessage(decoding: SFTPFrame(packet))
            else {
                Issue.record("no reply")
                return
            }
            #expect(joined(decoded.encode(id: 1)) == joined(reply.encode(id: 1)))
        }
    }

    @Test func statusOfAnOldServerHasNoMessage() throws {
        let message = try SFTPServerMessage(decoding: SFTPFrame([101, 0, 0, 0, 9, 0, 0, 0, 3]))
        #expect(message == .reply(id: 9, .status(SFTPStatus(.permissionDenied))))
    }

    @Test(arguments: [0, 3, 99, 106, 202, 255] as [UInt8])
    func whatIsNotAReplyIsAnError(type: UInt8) throws {
        #expect(throws: WireError.malformed("packet type \(type) is not a reply")) {
            try SFTPServerMessage(decoding: SFTPFrame([type, 0, 0, 0, 1]))
        }
    }

    @Test func countOfNamesIsCheckedBeforeMemoryIsTaken() {
        #expect(throws: WireError.limitExceeded(length: 0xFFFF_FFFF, limit: 1)) {
            try SFTPServerMessage(
                decoding: SFTPFrame(
                    [104, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 12)))
        }
    }

    @Test func nameWithoutLongnameIsAnError() {
        #expect(throws: WireError.self) {
            try SFTPServerMessage(
                decoding: SFTPFrame([104, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0x61]))
        }
    }

    @Test func versionCarriesExtensions() throws {
        let version = SFTPVersion(
            extensions: SFTPExtension.allCases.filter { $0 != .fsync }.map { .init($0) }
                + [.init(name: "fsync@openssh.com", data: bytes("2"))])
        let decoded = try SFTPServerMessage(
            decoding: frame(SFTPServerMessage.version(version).encode()))
        #expect(decoded == .version(version))
        #expect(version.supports(.statvfs))
        #expect(!version.supports(.fsync))
    }

    @Test func bodiesOfExtendedRepliesAreExact() throws {
        func body(_ reply: SFTPReply) -> Bytes {
            guard case .extended(let body) = reply else { return [] }
            return body
        }
        let limits = body(sampleLimits.reply)
        let statistics = body(sampleStatistics.reply)
        let names = body(sampleNames.reply)
        #expect(try ServerLimits(decoding: limits) == sampleLimits)
        #expect(try FileSystemStatistics(decoding: statistics) == sampleStatistics)
        #expect(try UserGroupNames(decoding: names) == sampleNames)
        for count in 0..<limits.count {
            #expect(throws: WireError.self) { try ServerLimits(decoding: limits.prefix(count)) }
        }
        for count in 0..<statistics.count {
            #expect(throws: WireError.self) {
                try FileSystemStatistics(decoding: statistics.prefix(count))
            }
        }
        for count in 0..<names.count {
            #expect(throws: WireError.self) { try UserGroupNames(decoding: names.prefix(count)) }
        }
        #expect(try ServerLimits(decoding: limits + [0]) == sampleLimits)
        #expect(try FileSystemStatistics(decoding: statistics + [0]) == sampleStatistics)
        #expect(try UserGroupNames(decoding: names + [0]) == sampleNames)
    }
}
