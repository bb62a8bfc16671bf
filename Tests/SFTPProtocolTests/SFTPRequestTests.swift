// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Testing
import Wire

@Suite struct SFTPRequestTests {
    @Test(arguments: sampleRequests + unknownRequests)
    func whatIsEncodedIsDecoded(request: SFTPRequest) throws {
        let frame = try frame(request.encode(id: 0x0102_0304))
        #expect(frame.id == 0x0102_0304)
        #expect(try SFTPClientMessage(decoding: frame) == .request(id: 0x0102_0304, request))
    }

    @Test(arguments: sampleRequests)
    func everyTruncationIsAnError(request: SFTPRequest) throws {
        let packet = joined(request.encode(id: 1)).dropFirst(4)
        for count in 0..<packet.count {
            #expect(throws: WireError.self, "\(count) bytes of \(packet.count)") {
                try SFTPClientMessage(decoding: SFTPFrame(packet.prefix(count)))
            }
        }
    }

    @Test(arguments: sampleRequests)
    func bytesBehindARequestAreIgnored(request: SFTPRequest) throws {
        let packet = joined(request.encode(id: 1)).dropFirst(4) + [1, 2, 3]
        let decoded = try SFTPClientMessage(decoding: SFTPFrame(packet))
        #expect(decoded == .request(id: 1, request))
    }

    @Test func initializeIsDecodedWhateverFollowsIt() throws {
        let message = SFTPClientMessage.initialize(version: 3)
        #expect(joined(message.encode()) == [0, 0, 0, 5, 1, 0, 0, 0, 3])
        #expect(try SFTPClientMessage(decoding: SFTPFrame([1, 0, 0, 0, 3])) == message)
        #expect(try SFTPClientMessage(decoding: SFTPFrame([1, 0, 0, 0, 3, 9, 9])) == message)
    }

    @Test func payloadOfAWriteIsNotCopied() throws {
        let payload = bytes("payload")
        let pieces = SFTPRequest.write(handle: [1], offset: 2, data: [payload]).encode(id: 3)
        #expect(pieces.count == 2)
        #expect(
            pieces[0] == [
                0, 0, 0, 29, 6, 0, 0, 0, 3, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 7,
            ])
        #expect(pieces[1] == payload)
    }

    @Test func symlinkHasOpenSSHsOrderOfFields() {
        let packet = joined(SFTPRequest.symlink(target: [0x74], linkPath: [0x6C]).encode(id: 0))
        #expect(packet == [0, 0, 0, 15, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0x74, 0, 0, 0, 1, 0x6C])
    }

    @Test(arguments: [
        SFTPRequest.open(path: [0x61, 0, 0x62], flags: .read, attributes: FileAttributes()),
        .stat(path: [0]), .rename(oldPath: [0x61], newPath: [0]), .expandPath(path: [0x7E, 0]),
        .symlink(target: [0], linkPath: [0x61]), .hardlink(oldPath: [0], newPath: [0x61]),
    ])
    func refusesANulByteInAPath(request: SFTPRequest) throws {
        let frame = try frame(request.encode(id: 1))
        #expect(throws: WireError.malformed("NUL byte in a path")) {
            try SFTPClientMessage(decoding: frame)
        }
    }

    @Test func extendedAttributesAreReadPastAndCounted() throws {
        func packet(count: UInt32, pairs: Int) throws -> SFTPFrame {
            var writer = WireWriter()
            writer.write(SFTPPacketType.setstat.rawValue)
            writer.write(UInt32(1))
            writer.writeString("p")
            writer.write(UInt32(0x8000_0001))
            writer.write(UInt64(12))
            writer.write(count)
            for _ in 0..<pairs {
                writer.writeString("type")
                writer.writeString("data")
            }
            return try SFTPFrame(writer.bytes[...])
        }
        let expected = SFTPRequest.setstat(path: bytes("p"), attributes: FileAttributes(size: 12))
        #expect(
            try SFTPClientMessage(decoding: packet(count: 2, pairs: 2))
                == .request(id: 1, expected))
        #expect(throws: WireError.limitExceeded(length: 0xFFFF_FFFF, limit: 4)) {
            try SFTPClientMessage(decoding: packet(count: .max, pairs: 2))
        }
    }

    @Test func listOfNumbersMustBeWhole() throws {
        var writer = WireWriter()
        writer.write(SFTPPacketType.extended.rawValue)
        writer.write(UInt32(1))
        writer.writeString(SFTPExtension.usersGroupsByID.rawValue)
        writer.writeString([1, 2, 3, 4, 5])
        writer.writeString([])
        #expect(throws: WireError.truncated(needed: 4, available: 1)) {
            try SFTPClientMessage(decoding: SFTPFrame(writer.bytes[...]))
        }
    }
}
