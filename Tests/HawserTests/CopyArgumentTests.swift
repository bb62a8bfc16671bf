// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Testing

@testable import hawser

/// What `hawser cp` takes its arguments for; scp's own rules.
@Suite struct CopyArgumentTests {
    private func parts(_ text: String) throws -> [String?] {
        let argument = try CopyArgument(text)
        return [
            argument.host?.user, argument.host?.name, argument.host?.port,
            String(decoding: argument.path, as: UTF8.self),
        ]
    }

    @Test func tellsHostsFromLocalNames() throws {
        #expect(try parts("host:path") == [nil, "host", nil, "path"])
        #expect(try parts("me@host:") == ["me", "host", nil, ""])
        #expect(try parts("a@b@host:x:y") == ["a@b", "host", nil, "x:y"])
        #expect(try parts("[::1]:x") == [nil, "::1", nil, "x"])
        #expect(try parts("me@[::1]:/x") == ["me", "::1", nil, "/x"])
        #expect(try parts("./a:b") == [nil, nil, nil, "./a:b"])
        #expect(try parts(":a") == [nil, nil, nil, ":a"])
        #expect(try parts("plain") == [nil, nil, nil, "plain"])
        #expect(throws: (any Error).self) { try parts("@host:x") }
        #expect(throws: (any Error).self) { try parts("me@:x") }
    }

    @Test func readsURIs() throws {
        #expect(try parts("scp://host") == [nil, "host", nil, ""])
        #expect(try parts("scp://host/a/b") == [nil, "host", nil, "a/b"])
        #expect(try parts("sftp://me@host:2222//abs%20x") == ["me", "host", "2222", "/abs x"])
        #expect(try parts("scp://me@[::1]:22/x") == ["me", "::1", "22", "x"])
        #expect(try parts("scp://[::1]/x") == [nil, "::1", nil, "x"])
        for bad in ["scp://host:99999/x", "scp://host/%0", "scp://host/%00", "scp:///x"] {
            #expect(throws: (any Error).self, "\(bad)") { try parts(bad) }
        }
    }

    @Test func understandsTheLettersOfSCP() throws {
        let words = ["-rpqC46P2222", "-lfoo", "-i", "k", "-oUser=x y", "-c", "a,b", "f", "h:"]
        let bad = separateShortOptions(words, withValue: copyLettersWithValue)
        #expect(throws: (any Error).self) { try Copy.parseAsRoot(bad) }
        let good = bad.filter { $0 != "-l" && $0 != "foo" }
        let copy = try #require(try Copy.parseAsRoot(good) as? Copy)
        #expect(copy.isRecursive && copy.preserves && copy.isQuiet)
        #expect(copy.operands == ["f", "h:"])
        let options = copy.connectionOptions(to: try #require(try CopyArgument("h:").host))
        #expect(
            options.map { "\($0.name)=\($0.value)" } == [
                "LogLevel=QUIET", "Port=2222", "Ciphers=a,b", "Compression=yes",
                "AddressFamily=inet", "AddressFamily=inet6", #"IdentityFile="k""#, "User=x y",
            ])
    }

    @Test func refusesWhatCannotBe() throws {
        for words in [
            ["-O", "a", "h:"], ["-R", "a", "h:"], ["a"], ["--update", "--size-only", "a", "h:"],
        ] {
            let copy = try #require(try Copy.parseAsRoot(words) as? Copy)
            #expect(throws: CommandProblem.self, "\(words)") { try copy.run() }
        }
        for value in ["buffer=0", "buffer=262145", "nrequests", "x=1"] {
            let copy = try #require(try Copy.parseAsRoot(["-X", value, "a", "h:"]) as? Copy)
            #expect(throws: CommandProblem.self, "\(value)") { try copy.options() }
        }
    }

    @Test func manualAndProgramKnowTheSameOptions() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let descriptor = unsafe open("/\(root)/man/hawser-cp.1", O_RDONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe read(descriptor, &buffer, buffer.count)
        try #require(count > 0)
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        let words = text.split(separator: "\n").filter { $0.hasPrefix(".It Fl ") }.flatMap { line in
            line.split(separator: " ").filter { $0 != ".It" && !["Fl", ",", "="].contains($0) }
        }
        let inManual = Set(
            words.filter { $0.count == 1 || $0.hasPrefix("-") }.map { "-\($0)" })
        let help = Copy.helpMessage(includeHidden: true)
        let inHelp = Set(
            help.split { " ,/\n<".contains($0) }.map(String.init).filter {
                $0.hasPrefix("-") && $0.count > 1 && $0 != "--version"
            })
        #expect(inHelp == inManual)
    }
}
