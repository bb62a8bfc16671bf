// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@Suite struct WireTests {
    private static func sample() -> [UInt8] {
        var writer = WireWriter()
        writer.write(UInt8(7))
        writer.write(true)
        writer.write(UInt32(0x0102_0304))
        writer.write(UInt64(0x0506_0708_090A_0B0C))
        writer.writeString("naïve")
        writer.writeNameList(["a", "b-c@d"])
        writer.writeMPInt([0, 0, 0x80, 1])
        return writer.bytes
    }

    private static func read(_ reader: inout WireReader) throws(WireError) {
        #expect(try reader.readUInt8() == 7)
        #expect(try reader.readBool())
        #expect(try reader.readUInt32() == 0x0102_0304)
        #expect(try reader.readUInt64() == 0x0506_0708_090A_0B0C)
        #expect(try reader.readUTF8String() == "naïve")
        #expect(try reader.readNameList() == ["a", "b-c@d"])
        #expect(try reader.readMPInt() == [0x80, 1])
        try reader.requireEnd()
    }

    @Test func whatIsWrittenIsRead() throws {
        var reader = WireReader(Self.sample())
        try Self.read(&reader)
    }

    @Test func readsInTheMiddleOfABufferWithoutLookingOutside() throws {
        let padded = [0xFF, 0xFF, 0xFF] + Self.sample() + [0xFF, 0xFF]
        var reader = WireReader(padded[3..<padded.count - 2])
        try Self.read(&reader)
    }

    @Test func everyTruncationIsAnError() {
        let whole = Self.sample()
        for count in 0..<whole.count {
            #expect(throws: WireError.self) {
                var reader = WireReader(whole[..<count])
                _ = try reader.readUInt8()
                _ = try reader.readBool()
                _ = try reader.readUInt32()
                _ = try reader.readUInt64()
                _ = try reader.readUTF8String()
                _ = try reader.readNameList()
                _ = try reader.readMPInt()
            }
        }
    }

    @Test func trailingBytesAreAnError() {
        let reader = WireReader([1, 2, 3])
        #expect(throws: WireError.trailingBytes(3)) { try reader.requireEnd() }
    }

    @Test func hugeLengthIsRefusedWithoutTakingMemory() {
        var reader = WireReader([0xFF, 0xFF, 0xFF, 0xFF, 1])
        #expect(throws: WireError.truncated(needed: 0xFFFF_FFFF, available: 1)) {
            try reader.readString()
        }
    }

    @Test func stringLongerThanItsLimitIsRefused() {
        var reader = WireReader([0, 0, 0, 3, 1, 2, 3])
        #expect(throws: WireError.limitExceeded(length: 3, limit: 2)) {
            try reader.readString(limit: 2)
        }
    }

    @Test(arguments: [",", "a,", ",a", "a,,b", "a b", "a\u{0}", "ä"])
    func brokenNameListIsRefused(_ list: String) {
        var writer = WireWriter()
        writer.writeString(list)
        var reader = WireReader(writer.bytes)
        #expect(throws: WireError.self) { try reader.readNameList() }
    }

    @Test(arguments: [[0x80], [0xFF, 1], [0], [0, 0], [0, 1], [0, 0x7F, 9]] as [[UInt8]])
    func negativeOrPaddedMPIntIsRefused(_ digits: [UInt8]) {
        var writer = WireWriter()
        writer.writeString(digits)
        var reader = WireReader(writer.bytes)
        #expect(throws: WireError.self) { try reader.readMPInt() }
    }

    /// The examples of RFC 4251 section 5.
    @Test(
        arguments: [
            ([], [0, 0, 0, 0]),
            ([0x09, 0xA3, 0x78], [0, 0, 0, 3, 0x09, 0xA3, 0x78]),
            ([0x80], [0, 0, 0, 2, 0, 0x80]),
        ] as [([UInt8], [UInt8])])
    func mpintsAreWrittenAsInTheRFC(_ magnitude: [UInt8], _ wire: [UInt8]) throws {
        var writer = WireWriter()
        writer.writeMPInt(magnitude)
        #expect(writer.bytes == wire)
        var reader = WireReader(wire)
        #expect(Array(try reader.readMPInt()) == magnitude)
    }

    @Test func lengthIsFilledInAfterwards() {
        var writer = WireWriter()
        writer.write(UInt32(0))
        writer.write(UInt8(9))
        writer.overwrite(at: 0, with: 0xA1B2_C3D4)
        #expect(writer.bytes == [0xA1, 0xB2, 0xC3, 0xD4, 9])
    }
}
