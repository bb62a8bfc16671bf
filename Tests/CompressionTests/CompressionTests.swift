// SPDX-License-Identifier: Apache-2.0

import Compression
import Glibc
import Testing
import Wire

@Suite struct CompressionTests {
    private static let limit = 256 * 1024

    /// Bytes that compress a little: pseudo-random letters of a small alphabet.
    private static func text(_ count: Int, seed: UInt64 = 1, letters: UInt64 = 20) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: 0x41 + (state >> 24) % letters)
        }
    }

    private static func compressed(
        _ payload: [UInt8], by deflater: inout Deflater
    ) -> [UInt8] {
        var output: [UInt8] = []
        deflater.compress([payload[...]], into: &output)
        return output
    }

    @Test(arguments: [1, 2, 20, 256] as [UInt64])
    func decompressesEveryPacketAtOnce(_ letters: UInt64) throws {
        var deflater = Deflater()
        var inflater = Inflater()
        for size in Array(1...300) + [255, 256, 257, 4095, 4096, 4097, 32768, Self.limit] {
            let payload = Self.text(size, seed: UInt64(size), letters: letters)
            let packet = Self.compressed(payload, by: &deflater)
            let result = try inflater.decompress(packet[...], limit: Self.limit)
            #expect(Array(result) == payload)
        }
    }

    @Test func laterPacketsAreCompressedByEarlierOnes() {
        var deflater = Deflater()
        let payload = Self.text(2000)
        let first = Self.compressed(payload, by: &deflater)
        let second = Self.compressed(payload, by: &deflater)
        #expect(second.count * 10 < first.count)
    }

    @Test func piecesGiveThePayloadOfTheWholeAndAreAppended() throws {
        let payload = Self.text(1000)
        var deflater = Deflater()
        var inflater = Inflater()
        for cut in stride(from: 0, through: 1000, by: 50) {
            var output: [UInt8] = [1, 2, 3]
            deflater.compress([payload[..<cut], [], payload[cut...]], into: &output)
            #expect(output[..<3] == [1, 2, 3])
            let result = try inflater.decompress(output[3...], limit: 1000)
            #expect(Array(result) == payload)
        }
    }

    @Test func refusesABombWithoutInflatingIt() {
        var deflater = Deflater()
        let bomb = Self.compressed([UInt8](repeating: 0, count: 64 << 20), by: &deflater)
        #expect(bomb.count < 100_000)
        #expect(throws: CompressionError.limitExceeded(limit: Self.limit)) {
            var inflater = Inflater()
            _ = try inflater.decompress(bomb[...], limit: Self.limit)
        }
    }

    @Test(arguments: [1, 255, 4095, 4096, 4097, 100_000])
    func theLimitIsExact(_ limit: Int) throws {
        for (size, isAccepted) in [(limit, true), (limit + 1, false)] {
            var deflater = Deflater()
            var inflater = Inflater()
            let packet = Self.compressed([UInt8](repeating: 7, count: size), by: &deflater)
            if isAccepted {
                #expect(try inflater.decompress(packet[...], limit: limit).count == size)
            } else {
                #expect(throws: CompressionError.limitExceeded(limit: limit)) {
                    var inflater = Inflater()
                    _ = try inflater.decompress(packet[...], limit: limit)
                }
            }
        }
    }

    @Test func corruptDataIsAnErrorOrStaysWithinTheLimit() {
        var deflater = Deflater()
        let packet = Self.compressed(Self.text(300), by: &deflater)
        for index in packet.indices {
            for bit in 0..<8 {
                var changed = packet
                changed[index] ^= 1 << bit
                var inflater = Inflater()
                // zlib's stream has no checksum before its end: the packet's MAC is what protects it.
                let result = try? inflater.decompress(changed[...], limit: 1000)
                #expect((result ?? []).count <= 1000)
            }
        }
        for header in [[0, 0], [0xFF, 0xFF], [0x78, 0x9D]] as [[UInt8]] {
            #expect(throws: CompressionError.corrupt) {
                var inflater = Inflater()
                _ = try inflater.decompress((header + packet.dropFirst(2))[...], limit: 1000)
            }
        }
    }

    @Test func anEndedStreamIsAnError() throws {
        // `zlib.compress(b"hello")`, whole, with its checksum.
        let ended: [UInt8] = [
            0x78, 0x9C, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x06, 0x2C, 0x02, 0x15,
        ]
        #expect(throws: CompressionError.corrupt) {
            var inflater = Inflater()
            _ = try inflater.decompress(ended[...], limit: 1000)
        }
        var inflater = Inflater()
        let result = try inflater.decompress(ended.dropLast(5), limit: 1000)
        #expect(String(decoding: result, as: UTF8.self) == "hello")
    }

    @Test func nothingIsNothing() throws {
        var inflater = Inflater()
        #expect(try inflater.decompress([], limit: 10).isEmpty)
    }

    @Test func theLevelMayChangeBeforeEachPacketOfOneStream() throws {
        var deflater = Deflater()
        var inflater = Inflater()
        var command = "python3 -c '\nimport zlib\nstream = zlib.decompressobj()\n"
        var expected: [UInt8] = []
        for (index, level) in ([6, 0, 1, 0, 0, 6, 1, 6, 0, 9, 0] as [Int32]).enumerated() {
            for size in [1, 300, 70_000] {
                let payload = Self.text(size, seed: UInt64(index / 3), letters: 20)
                var packet: [UInt8] = []
                deflater.setLevel(level, into: &packet)
                deflater.compress([payload.prefix(9), payload.dropFirst(9)], into: &packet)
                #expect(
                    try Array(inflater.decompress(packet[...], limit: Self.limit)) == payload)
                if level == 0 {
                    #expect(packet.count >= size)
                } else if size > 300 {
                    #expect(packet.count < size * 3 / 4)
                }
                if size <= 300 {
                    command +=
                        "print(stream.decompress(bytes(\(packet))).decode(), end=\"\")\n"
                    expected += payload
                } else {
                    // Another inflater has to see all of the stream; so much is no argument of a program's.
                    deflater = Deflater()
                    inflater = Inflater()
                    command += "stream = zlib.decompressobj()\n"
                }
            }
        }
        let (status, output) = run(command + "'")
        #expect(status == 0)
        #expect(output == expected)
    }

    @Test func anotherZlibReadsOurPackets() throws {
        var deflater = Deflater()
        var command = "python3 -c '\nimport zlib\nstream = zlib.decompressobj()\n"
        for text in ["one packet", "another packet", "one packet"] {
            let packet = Self.compressed(Array(text.utf8), by: &deflater)
            command += "print(stream.decompress(bytes(\(packet))).decode())\n"
        }
        let (status, output) = run(command + "'")
        #expect(status == 0)
        #expect(
            String(decoding: output, as: UTF8.self) == "one packet\nanother packet\none packet\n")
    }
}

/// Runs a shell command; its status and what it wrote.
private func run(_ command: String) -> (status: Int32, output: [UInt8]) {
    guard let stream = unsafe popen(command + " 2>&1", "r") else { return (-1, []) }
    var output: [UInt8] = []
    while case let byte = unsafe fgetc(stream), byte != EOF {
        output.append(UInt8(truncatingIfNeeded: byte))
    }
    return (unsafe pclose(stream), output)
}
