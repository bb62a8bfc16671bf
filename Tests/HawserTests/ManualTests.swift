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
