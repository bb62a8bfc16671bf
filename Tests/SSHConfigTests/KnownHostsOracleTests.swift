// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import Testing
import Wire

/// What ssh-keygen(1) writes we find, and what we write it finds.
@Suite struct KnownHostsOracleTests {
    private static let hosts: [(host: String, port: UInt16)] = [
        ("example.com", 22), ("example.com", 2222), ("10.0.0.1", 22), ("::1", 22), ("::1", 2222),
        ("UPPER.example.com", 22), ("a-b_c", 65_535),
    ]

    private static func keygen(_ arguments: [String]) throws -> ProgramResult {
        try run(["/usr/bin/ssh-keygen"] + arguments)
    }

    /// The line at which ssh-keygen finds a name.
    private static func found(_ name: KnownHostName, in file: String) throws -> Int? {
        let result = try keygen(["-F", name.name, "-f", file])
        let words = result.output.split { $0.isWhitespace }
        return words.lastIndex(of: "line").flatMap { Int(words[$0 + 1]) }
    }

    private static func verdict(on seed: UInt8, _ name: KnownHostName, in file: String) throws
        -> HostKeyVerdict
    {
        var known = KnownHosts(for: name)
        let contents = try #require(readFile(file))
        try known.add(contents[...], file: file)
        #expect(known.problems.isEmpty)
        return known.verdict(on: KnownHostsTests.key(seed)[...])
    }

    @Test(arguments: [false, true])
    func sshKeygenFindsAndRemovesWhatWeWrite(isHashed: Bool) throws {
        let folder = try TemporaryFolder()
        var lines: [String] = []
        for (index, (host, port)) in Self.hosts.enumerated() {
            let known = KnownHosts(for: KnownHostName(host: host, port: port))
            let salt = [UInt8](repeating: UInt8(index), count: KnownHosts.hashByteCount)
            let blob = KnownHostsTests.key(UInt8(index))
            let line =
                isHashed
                ? known.hashedLine(keyType: "ssh-ed25519", blob: blob[...], salt: salt[...])
                : known.line(keyType: "ssh-ed25519", blob: blob[...])
            lines.append(try #require(line))
        }
        #expect(lines.allSatisfy { $0.hasPrefix("|1|") == isHashed })
        let file = try folder.write("known", lines.joined(separator: "\n") + "\n")
        for (index, (host, port)) in Self.hosts.enumerated() {
            let name = KnownHostName(host: host, port: port)
            #expect(try Self.found(name, in: file) == index + 1)
            let place = ConfigurationLocation(file: file, line: index + 1)
            #expect(try Self.verdict(on: UInt8(index), name, in: file) == .match(place))
        }
        let gone = KnownHostName(host: "example.com", port: 2222)
        #expect(try Self.keygen(["-R", gone.name, "-f", file]).status == 0)
        #expect(try Self.verdict(on: 1, gone, in: file) == .unknown)
        #expect(try Self.found(gone, in: file) == nil)
    }

    @Test func weFindWhatSSHKeygenHashed() throws {
        let folder = try TemporaryFolder()
        let names = Self.hosts.map { KnownHostName(host: $0.host, port: $0.port) }
        let text = names.enumerated().map { index, name in
            "\(name.name) \(KnownHostsTests.text(UInt8(index)))\n"
        }
        let file = try folder.write("known", text.joined())
        #expect(try Self.keygen(["-H", "-f", file]).status == 0)
        let hashed = String(decoding: try #require(readFile(file)), as: UTF8.self)
        #expect(hashed.split(separator: "\n").allSatisfy { $0.hasPrefix("|1|") })
        for (index, name) in names.enumerated() {
            let place = ConfigurationLocation(file: file, line: index + 1)
            #expect(try Self.verdict(on: UInt8(index), name, in: file) == .match(place))
        }
        let stranger = KnownHostName(host: "stranger", port: 22)
        #expect(try Self.verdict(on: 0, stranger, in: file) == .unknown)
    }

    @Test(arguments: [
        "example.com", "*", "*.com", "*.example.com", "example.???", "example.com,!example.com",
        "!example.com,*", "!*.org,*", "a,b,EXAMPLE.COM", "[example.com]:2222", "[*]:*",
        ",example.com,",
        "*e*x*a*m*p*l*e*", "example.com.", "?",
    ])
    func patternsMeanWhatSSHKeygenTakesThemFor(names: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("known", "\(names) \(KnownHostsTests.text(1))\n")
        for (host, port) in Self.hosts {
            let name = KnownHostName(
                host: host, port: port, alias: port == 22 ? nil : "[\(host)]:\(port)")
            let verdict = try Self.verdict(on: 1, name, in: file)
            let place = ConfigurationLocation(file: file, line: 1)
            #expect(verdict == (try Self.found(name, in: file) == nil ? .unknown : .match(place)))
        }
    }

    @Test(arguments: ["ed25519", "ecdsa", "rsa"])
    func readsTheKeysThatSSHKeygenMakes(type: String) throws {
        let folder = try TemporaryFolder()
        let key = folder.path + "/key"
        let bits = type == "rsa" ? ["-b", "1024"] : []
        #expect(try Self.keygen(["-q", "-t", type, "-N", "", "-f", key] + bits).status == 0)
        let fields = String(decoding: try #require(readFile(key + ".pub")), as: UTF8.self)
            .split(separator: " ")
        var known = KnownHosts(for: KnownHostName(host: "h", port: 22))
        try known.add(Array("h \(fields[0]) \(fields[1])".utf8)[...], file: "known")
        let blob = try Base64.decode(fields[1].utf8)
        #expect(
            known.verdict(on: blob[...]) == .match(ConfigurationLocation(file: "known", line: 1)))
        #expect(known.keys.map(\.type) == [String(fields[0])])
        #expect(
            known.line(keyType: String(fields[0]), blob: blob[...])
                == "h \(fields[0]) \(fields[1])")
    }
}
