// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Testing
import Wire

@Suite struct SFTPPacketDecoderTests {
    private static let requests = sampleRequests + unknownRequests
    private static let stream: [UInt8] = requests.flatMap { joined($0.encode(id: 1)) }

    private static func requests(in chunks: [Bytes]) throws -> [SFTPRequest] {
        var decoder = SFTPPacketDecoder()
        var found: [SFTPRequest] = []
        for chunk in chunks {
            decoder.append(chunk)
            while let frame = try decoder.next() {
                guard case .request(1, let request) = try SFTPClientMessage(decoding: frame) else {
                    Issue.record("not a request with id 1")
                    continue
                }
                found.append(request.withJoinedPayload)
            }
        }
        #expect(decoder.isBetweenPackets)
        return found
    }

    @Test func findsPacketsInOneChunk() throws {
        #expect(try Self.requests(in: [Self.stream[...]]) == Self.requests)
    }

    @Test func findsPacketsByteByByte() throws {
        #expect(try Self.requests(in: Self.stream.map { [$0] }) == Self.requests)
    }

    @Test func findsPacketsWhereverTheStreamIsCut() throws {
        let poisoned: [UInt8] = [0xFF, 0xFF] + Self.stream + [0xFF, 0xFF]
        for cut in 2...Self.stream.count + 2 {
            let chunks = [poisoned[2..<cut], poisoned[cut..<Self.stream.count + 2]]
            #expect(try Self.requests(in: chunks) == Self.requests, "cut at \(cut)")
        }
    }

    /// Chunks too large to be joined, cut so that every field of a WRITE gets split.
    @Test func payloadInSeveralChunksIsNotJoined() throws {
        let payload = (0..<20_000).map { UInt8(truncatingIfNeeded: $0) }
        let handle = [UInt8](repeating: 7, count: 300)
        let write = joined(
            SFTPRequest.write(handle: handle[...], offset: 1, data: [payload[...]]).encode(id: 2))
        for cut in [1, 4, 5, 8, 9, 12, 13, 20, 312, 313, 320, 324, 325, 326, 9_000] {
            var decoder = SFTPPacketDecoder()
            decoder.append(write[..<cut])
            decoder.append(write[cut..<10_000])
            #expect(try decoder.next() == nil)
            decoder.append(write[10_000...] + [0, 0])
            let frame = try #require(try decoder.next())
            let message = try SFTPClientMessage(decoding: frame)
            guard case .request(2, .write(handle[...], 1, let pieces)) = message else {
                Issue.record("cut at \(cut): \(message)")
                return
            }
            #expect(pieces.count >= 2)
            #expect(joined(pieces) == payload)
            #expect(try decoder.next() == nil)
            #expect(!decoder.isBetweenPackets)
        }
    }

    @Test func bytesBehindASplitWriteAreIgnored() throws {
        let payload = [UInt8](repeating: 7, count: 10_000)
        let expected = SFTPRequest.write(handle: [1], offset: 2, data: [payload[...]])
        var packet = joined(expected.encode(id: 3)) + [UInt8](repeating: 9, count: 10_000)
        packet.replaceSubrange(..<4, with: [0, 0, 0x4E, 0x20 + 22])
        for cut in [5_000, 10_022, 15_000] {
            var decoder = SFTPPacketDecoder()
            decoder.append(packet[..<cut])
            decoder.append(packet[cut...])
            let frame = try #require(try decoder.next())
            #expect(decoder.isBetweenPackets)
            guard case .request(3, let request) = try SFTPClientMessage(decoding: frame) else {
                Issue.record("not a request with id 3")
                return
            }
            #expect(request.withJoinedPayload == expected)
        }
    }

    @Test func lengthsOfASplitPayloadAreChecked() throws {
        for (claimed, isMore) in [(9_999, false), (10_001, true)] as [(UInt32, Bool)] {
            var writer = WireWriter()
            writer.write(UInt32(9 + 10_000))
            writer.write(SFTPPacketType.data.rawValue)
            writer.write(UInt32(1))
            writer.write(claimed)
            writer.writeBytes([UInt8](repeating: 1, count: 10_000))
            var decoder = SFTPPacketDecoder()
            decoder.append(writer.bytes[..<5_000])
            decoder.append(writer.bytes[5_000...])
            let frame = try #require(try decoder.next())
            if isMore {
                #expect(throws: WireError.self) { try SFTPServerMessage(decoding: frame) }
            } else if case .reply(_, .data(let pieces)) = try SFTPServerMessage(decoding: frame) {
                #expect(pieces.map(\.count).reduce(0, +) == Int(claimed))
            } else {
                Issue.record("no data")
            }
        }
    }

    @Test func handleLengthOfASplitWriteIsNotTrusted() throws {
        var writer = WireWriter()
        writer.write(UInt32(10_000))
        writer.write(SFTPPacketType.write.rawValue)
        writer.write(UInt32(1))
        writer.write(UInt32.max)
        writer.writeBytes([UInt8](repeating: 1, count: 10_000 - 9))
        var decoder = SFTPPacketDecoder()
        decoder.append(writer.bytes[..<5_000])
        decoder.append(writer.bytes[5_000...])
        let frame = try #require(try decoder.next())
        #expect(throws: WireError.self) { try SFTPClientMessage(decoding: frame) }
    }

    @Test func contiguousPayloadIsASliceOfTheChunk() throws {
        let packet = joined(SFTPReply.data([bytes("payload")]).encode(id: 1))
        let chunk = packet[...]
        var decoder = SFTPPacketDecoder()
        decoder.append(chunk)
        let message = try SFTPServerMessage(decoding: try #require(try decoder.next()))
        guard case .reply(1, .data(let pieces)) = message else {
            Issue.record("\(message)")
            return
        }
        // A copy would start at index 0.
        #expect(pieces.map(\.startIndex) == [13])
    }

    @Test func refusesAPacketLongerThanTheLimitBeforeItsBodyArrives() {
        var decoder = SFTPPacketDecoder()
        decoder.append([0, 4, 0])
        #expect(throws: Never.self) { try decoder.next() }
        decoder.append([1])
        #expect(throws: WireError.limitExceeded(length: 262_145, limit: 262_144)) {
            try decoder.next()
        }
    }

    @Test(arguments: 0..<5 as Range<UInt8>)
    func refusesAPacketWithoutTypeAndId(length: UInt8) {
        var decoder = SFTPPacketDecoder()
        decoder.append([0, 0, 0, length, 1, 2, 3, 4])
        #expect(throws: WireError.malformed("packet of \(length) bytes")) { try decoder.next() }
    }
}

extension SFTPRequest {
    /// The request with the data of a WRITE in at most one piece, to compare requests by content.
    fileprivate var withJoinedPayload: SFTPRequest {
        guard case .write(let handle, let offset, let data) = self, data.count > 1 else {
            return self
        }
        return .write(handle: handle, offset: offset, data: [joined(data)[...]])
    }
}
