// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Wire

/// Texts that are not UTF-8.
@Suite struct KeptBytesTests {
    @Test(arguments: [
        [], Array("plain".utf8), Array("müller 漢 \u{1F600}".utf8), [0x6D, 0xFC, 0x6C],
        [0xFF, 0xFE],
        // Cut short, overlong, a surrogate, and beyond the last character.
        [0xE6, 0xBC], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
        [0x80, 0x41, 0xBF],
        // The characters that stand for bytes, as characters.
        Array("\u{10FE80}\u{10FEFF}\u{10FE7F}\u{10FF00}".utf8),
    ])
    func bytesComeBackAsTheyWere(_ bytes: [UInt8]) {
        let text = String(keepingBytesOf: bytes)
        #expect(text.keptBytes == bytes)
        #expect(text.keptCString == bytes.map { CChar(truncatingIfNeeded: $0) } + [0])
        if let valid = String(validating: bytes, as: UTF8.self), !bytes.contains(0xF4) {
            #expect(text == valid)
        }
    }

    @Test func everyPairOfBytesComesBack() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                let bytes = [0x61, first, second, 0x62]
                #expect(String(keepingBytesOf: bytes).keptBytes == bytes)
            }
        }
    }

    @Test func theyLeaveAsTheyCame() {
        var writer = WireWriter()
        writer.writeString(String(keepingBytesOf: [0x6D, 0xFC, 0x6C]))
        #expect(writer.bytes == [0, 0, 0, 3, 0x6D, 0xFC, 0x6C])
    }

    @Test func theyAreShownAsNumbers() {
        #expect(TerminalText.line(String(keepingBytesOf: [0x6D, 0x9B, 0x6C])) == "m\\x9Bl")
    }
}
