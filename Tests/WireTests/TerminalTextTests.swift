// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// What strangers say, as it is shown.
@Suite struct TerminalTextTests {
    @Test(arguments: [
        ("plain text", "plain text"), ("tab\there", "tab\there"),
        ("\u{1B}[31mred\u{7}", "\\u{1B}[31mred\\u{7}"), ("two\nlines", "two\\u{A}lines"),
        ("right \u{202E}to left", "right \\u{202E}to left"), ("umlaut ä 漢", "umlaut ä 漢"),
    ])
    func strangersTextsAreHarmlessAndReadable(_ text: String, _ shown: String) {
        #expect(TerminalText.line(text) == shown)
    }

    @Test func longTextsAreCut() {
        let line = TerminalText.line(String(repeating: "x", count: 100_000))
        #expect(line.count == 513 && line.hasSuffix("…"))
        let lines = TerminalText.lines(String(repeating: "line\n", count: 100_000))
        #expect(lines.split(separator: "\n").count == 101 && lines.hasSuffix("…"))
        #expect(TerminalText.lines("a\r\n\r\nb\n\n\n") == "a\n\nb")
    }

    @Test func aWholeMessageKeepsItsLinesAndItsLength() {
        let text = String(repeating: "x", count: 10_000) + "\r\n\u{9B}31m" + "two\nthree"
        let shown = TerminalText.message(text)
        #expect(
            shown == String(repeating: "x", count: 10_000) + "\\u{D}\n\\u{9B}31mtwo\nthree")
        #expect(TerminalText.message(shown) == shown)
    }
}
