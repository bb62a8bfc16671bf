// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MountOptions
import Testing

@testable import hawser

/// The manual page of `hawser mount` and the program name the same options.
@Suite struct ManualTests {
    private let lines: [Substring]

    init() throws { lines = try Self.page("hawser-mount.1") }

    private static func page(_ name: String) throws -> [Substring] {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let descriptor = unsafe open("/\(root)/man/\(name)", O_RDONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count <= 0 { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
    }

    private func section(_ title: String) -> ArraySlice<Substring> {
        lines.drop { $0 != ".Sh \(title)" }.dropFirst().prefix { !$0.hasPrefix(".Sh ") }
    }

    /// The names in the heads of a list's items, and those of lists in the text.
    private func namesInManual() -> [String] {
        let options = section("OPTIONS BY NAME")
        let items = options.filter { $0.hasPrefix(".It Cm ") }.flatMap { line in
            line.dropFirst(".It ".count).components(by: " , ").compactMap { item in
                item.split(separator: " ").dropFirst().first.map(String.init)
            }
        }
        let bare = options.drop { $0 != ".Ss Accepted without an effect" }
            .filter { $0.hasPrefix(".Cm ") }
            .flatMap { line in
                line.split(separator: " ").dropFirst().filter { $0 != "," && $0 != "." }
                    .map(String.init)
            }
        return items + bare
    }

    @Test func manualAndProgramNameTheSameOptions() {
        let named = namesInManual()
        #expect(named.count > 50)
        #expect(Set(named).count == named.count, "an option stands there twice")
        let missing = Set(MountOptions.names).subtracting(named)
        #expect(missing.isEmpty, "not in the manual page: \(missing.sorted())")
        let unknown = Set(named).subtracting(MountOptions.names)
        #expect(unknown.isEmpty, "in the manual page only: \(unknown.sorted())")
    }

    @Test func manualAndProgramKnowTheSameLetters() throws {
        let items = section("DESCRIPTION").filter { $0.hasPrefix(".It Fl ") }
        let inManual = Set(
            items.flatMap { line in
                line.split(separator: " ").filter { $0.count == 1 && $0 != "," && $0 != "=" }.map {
                    $0
                }
            }.map(String.init))
        let synopsis = try #require(section("SYNOPSIS").first { $0.hasPrefix(".Op Fl ") })
        let flags = synopsis.dropFirst(".Op Fl ".count).map(String.init)
        let withValue = section("SYNOPSIS").filter { $0.hasPrefix(".Op Fl ") }.dropFirst()
            .map { String($0.dropFirst(".Op Fl ".count).prefix(1)) }
        #expect(Set(flags + withValue) == inManual)
        let help = Mount.helpMessage(includeHidden: true)
        for letter in inManual where letter != "V" {
            #expect(help.contains("-\(letter)"), "-\(letter) is not in --help")
        }
        let inHelp = Set(
            help.split { " ,/\n".contains($0) }.filter {
                $0.count == 2 && $0.hasPrefix("-") && $0 != "--"
            }.map { String($0.dropFirst()) })
        #expect(inHelp.subtracting(inManual).isEmpty, "\(inHelp.subtracting(inManual).sorted())")
    }

    @Test func manualOfServeHasTheOptionsOfTheProgram() throws {
        let page = try Self.page("hawser-serve.1")
        func names(_ macro: String) -> Set<String> {
            Set(
                page.filter { $0.hasPrefix("\(macro) Fl -") }.compactMap { line in
                    line.dropFirst(macro.count + " Fl -".count).split(separator: " ").first
                        .map(String.init)
                })
        }
        let inHelp = Set(
            Serve.helpMessage(includeHidden: true).split { " ,/\n[]<>".contains($0) }
                .filter { $0.hasPrefix("--") && $0.count > 2 }.map { String($0.dropFirst(2)) }
        ).subtracting(["version", "help"])
        #expect(inHelp.count > 5)
        #expect(names(".It") == inHelp)
        #expect(names(".Op") == inHelp)
    }

    @Test func manualOfCpHasTheOptionsOfTheProgram() throws {
        let page = try Self.page("hawser-cp.1")
        let items = Self.options(in: page, "It")
        let synopsis = Self.options(in: page, "Op")
        let help = Copy.helpMessage(includeHidden: true)
        let inHelp = Set(
            help.split { " ,/\n[]<>".contains($0) }.filter(Self.isOption).map {
                $0.drop { $0 == "-" }
            }
        ).subtracting(["version"])
        #expect(inHelp.count > 20)
        #expect(items == inHelp)
        // What has a letter stands there by that.
        #expect(synopsis == inHelp.subtracting(["help", "verbose"]))
    }

    @Test func manualOfTheServerHasTheOptionsOfTheProgram() throws {
        let page = try Self.page("hawser-sftp-server.8")
        let items = Self.options(in: page, "It")
        #expect(Self.options(in: page, "Op").union(["c", "Q"]) == items)
        let source = try Self.page("../Sources/hawser-sftp-server/ServerArguments.swift")
        let usage = source.drop { !$0.contains("static let usage") }.prefix {
            !$0.hasSuffix("protocol_feature")
        }
        var inUsage: Set<Substring> = ["c", "Q"]
        for word in usage.joined(separator: " ").split(whereSeparator: { " []".contains($0) }) {
            if word.hasPrefix("--") {
                inUsage.insert(word.dropFirst(2))
            } else if word.hasPrefix("-") {
                for letter in word.dropFirst() { inUsage.insert(Substring(String(letter))) }
            }
        }
        #expect(inUsage.count > 15)
        #expect(items == inUsage)
    }

    /// The options that lines of a macro name: letters, and long ones without their hyphens.
    private static func options(in page: [Substring], _ macro: String) -> Set<Substring> {
        var found: Set<Substring> = []
        for line in page where line.hasPrefix(".\(macro) Fl ") {
            let words = line.split(separator: " ")
            for (flag, name) in zip(words, words.dropFirst()) where flag.hasSuffix("Fl") {
                if name.hasPrefix("-") {
                    found.insert(name.dropFirst())
                } else {
                    for letter in name { found.insert(Substring(String(letter))) }
                }
            }
        }
        return found
    }

    /// Whether a word of a help text is an option: `-x`, or `--name`.
    private static func isOption(_ word: Substring) -> Bool {
        let name = word.drop { $0 == "-" }
        let hyphens = word.count - name.count
        return name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" }
            && (hyphens == 1 && name.count == 1 || hyphens == 2 && name.count > 1)
    }

    @Test func optionsOfTheMountFitInALine() {
        for line in MountOptions.help.split(separator: "\n") where line.hasPrefix("  ") {
            #expect(line.count < 80, "\(line)")
        }
    }

    @Test func valuesHaveTellingNames() {
        for help in [Mount.helpMessage(), Copy.helpMessage(), Doctor.helpMessage()] {
            for line in help.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count > 1, words[0].hasPrefix("-"), words[1].hasPrefix("<")
                else { continue }
                #expect(words[1] != "<\(words[0].dropFirst())>", "\(line)")
            }
        }
    }

    @Test func helpGroupsTheOptions() {
        let help = Mount.helpMessage()
        for title in ["The connection:", "Caches:", "Owners and permissions:", "  umask=OCTAL "] {
            #expect(help.contains(title), "\(title)")
        }
    }
}

extension Substring {
    fileprivate func components(by separator: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
