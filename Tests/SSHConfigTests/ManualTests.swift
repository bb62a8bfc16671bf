// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SSHConfig

/// hawser_config(5), beside the code.
@Suite struct ManualTests {
    /// The manual's words about each option: its class and default, by keyword.
    private static func entries() throws -> [String: String] {
        let lines = try lines()
        var entries: [String: String] = [:]
        for (line, next) in zip(lines, lines.dropFirst()) where line.hasPrefix(".It Cm ") {
            guard next.hasPrefix("Class ") else { continue }
            for keyword in line.dropFirst(7).split(separator: " , ") {
                entries[String(keyword)] = next
            }
        }
        return entries
    }

    @Test func listsEveryOptionWithItsClassAndDefault() throws {
        let entries = try Self.entries()
        for option in OptionTable.all {
            let expected = "Class \(option.optionClass.rawValue), default: \(option.defaultText)."
            for keyword in [option.keyword] + option.aliases {
                #expect(entries[keyword] == expected, "\(keyword)")
            }
        }
        let known = Set(OptionTable.all.flatMap { [$0.keyword] + $0.aliases })
        #expect(Set(entries.keys).subtracting(known).isEmpty)
    }

    private static func lines() throws -> [String] {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let text = try #require(readFile("/\(folder)/man/hawser_config.5"))
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
