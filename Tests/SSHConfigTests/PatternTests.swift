// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SSHConfig

@Suite struct PatternTests {
    @Test(arguments: [
        ("", "", true), ("", "a", false), ("a", "", false), ("a", "a", true), ("a", "A", false),
        ("*", "", true), ("*", "abc", true), ("**", "", true), ("a*", "a", true),
        ("a*", "abc", true), ("*c", "abc", true), ("*c", "ab", false), ("a*c", "abbc", true),
        ("a*c", "ac", true), ("a*b*c", "aXbYc", true), ("a*b*c", "aXcYb", false),
        ("?", "", false), ("?", "a", true), ("??", "a", false), ("a?c", "abc", true),
        ("*?", "", false), ("*?", "ab", true), ("?*", "a", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", "a.b.example.com", true), ("10.0.?.*", "10.0.1.25", true),
        ("*a*a*b", "aaaaab", true), ("*ab", "abab", true), ("*aab", "aaaab", true),
    ])
    func matches(pattern: String, text: String, isMatch: Bool) {
        #expect(Pattern(pattern.utf8).matches(Array(text.utf8)) == isMatch)
    }

    /// The recursive definition, which is plainly right and takes exponential time.
    private static func slowlyMatches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>)
        -> Bool
    {
        guard let first = pattern.first else { return text.isEmpty }
        if first == UInt8(ascii: "*") {
            return slowlyMatches(pattern.dropFirst(), text)
                || !text.isEmpty && slowlyMatches(pattern, text.dropFirst())
        }
        guard let byte = text.first, first == UInt8(ascii: "?") || first == byte else {
            return false
        }
        return slowlyMatches(pattern.dropFirst(), text.dropFirst())
    }

    /// Every word over an alphabet, up to a length.
    private static func words(_ alphabet: String, upTo length: Int) -> [[UInt8]] {
        var words: [[UInt8]] = [[]]
        var longest = words
        for _ in 0..<length {
            longest = longest.flatMap { word in alphabet.utf8.map { word + [$0] } }
            words += longest
        }
        return words
    }

    @Test func agreesWithTheDefinitionForAllShortPatternsAndTexts() {
        let texts = Self.words("ab", upTo: 5)
        for pattern in Self.words("a*?", upTo: 5) {
            for text in texts {
                #expect(
                    Pattern(pattern).matches(text)
                        == Self.slowlyMatches(pattern[...], text[...]))
            }
        }
    }

    @Test func manyStarsTakeNoExponentialTime() {
        let pattern = Pattern((String(repeating: "a*", count: 500) + "b").utf8)
        #expect(!pattern.matches([UInt8](repeating: UInt8(ascii: "a"), count: 1_024)))
    }

    @Test func aNegatedPatternWinsWhereverItStands() {
        for list in [["*.org", "!a.org"], ["!a.org", "*.org"]] {
            let patterns = list.map { Pattern($0.utf8) }
            #expect(patterns.match("a.org") == .negative)
            #expect(patterns.match("b.org") == .positive)
            #expect(patterns.match("b.com") == .none)
        }
    }
}
