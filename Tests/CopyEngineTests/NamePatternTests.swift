// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import CopyEngine

@Suite struct NamePatternTests {
    private func matches(_ pattern: String, _ name: String) -> Bool {
        NamePattern(Array(pattern.utf8)[...]).matches(Array(name.utf8)[...])
    }

    @Test func starsAndQuestionMarksStandForWhatGlobSays() {
        #expect(matches("*", "a"))
        #expect(matches("*", ""))
        #expect(matches("a*b*c", "aXbYbZc"))
        #expect(!matches("a*b*c", "aXbYbZ"))
        #expect(matches("?.txt", "a.txt"))
        #expect(!matches("?.txt", ".txt"))
        #expect(matches("a\\*", "a*"))
        #expect(!matches("a\\*", "ab"))
    }

    @Test func bracketsHoldSetsAndRanges() {
        #expect(matches("[a-c]x", "bx"))
        #expect(!matches("[a-c]x", "dx"))
        #expect(matches("[!a-c]x", "dx"))
        #expect(matches("[]]", "]"))
        #expect(matches("[a-]", "-"))
        #expect(matches("[open", "[open"))
    }

    @Test func manyStarsDoNotTakeForEver() {
        let name = String(repeating: "a", count: 255)
        #expect(!matches(String(repeating: "*a", count: 60) + "b", name))
    }

    @Test func pathsAreTakenApartAsTheirNamesAreMeant() {
        func parts(_ path: String) -> [String] {
            let (folder, name) = split(Array(path.utf8)[...])
            return [String(decoding: folder, as: UTF8.self), String(decoding: name, as: UTF8.self)]
        }
        #expect(parts("a") == [".", "a"])
        #expect(parts("a/b//") == ["a", "b"])
        #expect(parts("/a") == ["/", "a"])
        #expect(parts("/") == ["/", "."])
        #expect(parts("a/..") == ["a/..", "."])
        #expect(parts("a//b") == ["a", "b"])
    }
}
