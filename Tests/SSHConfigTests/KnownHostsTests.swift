// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import Testing
import Wire

@Suite struct KnownHostsTests {
    /// An Ed25519 key; nothing here cares whether its number is a point of the curve.
    static func key(_ seed: UInt8, type: String = "ssh-ed25519") -> [UInt8] {
        var writer = WireWriter()
        writer.writeString(type)
        writer.writeString([UInt8](repeating: seed, count: 32))
        return writer.bytes
    }

    /// The fields of a line after the host names.
    static func text(_ seed: UInt8, type: String = "ssh-ed25519") -> String {
        "\(type) \(Base64.encode(key(seed, type: type)))"
    }

    static func load(
        _ text: String, host: String = "example.com", port: UInt16 = 22, alias: String? = nil
    ) throws -> KnownHosts {
        var known = KnownHosts(for: KnownHostName(host: host, port: port, alias: alias))
        try known.add(Array(text.utf8)[...], file: "known")
        return known
    }

    static func place(_ line: Int) -> ConfigurationLocation {
        ConfigurationLocation(file: "known", line: line)
    }

    @Test func vouchesForTheKeyOfTheHostOnly() throws {
        let known = try Self.load(
            "other \(Self.text(1))\nexample.com \(Self.text(2)) comment here\n")
        #expect(known.verdict(on: Self.key(2)[...]) == .match(Self.place(2)))
        let changed = known.verdict(on: Self.key(1)[...])
        guard case .changed(let key) = changed else {
            Issue.record("\(changed)")
            return
        }
        #expect(key.location == Self.place(2))
        #expect(key.type == "ssh-ed25519")
        #expect(key.blob == Self.key(2))
        #expect(try Self.load("").verdict(on: Self.key(2)[...]) == .unknown)
        #expect(try Self.load("other \(Self.text(1))").verdict(on: Self.key(1)[...]) == .unknown)
    }

    @Test func aKeyOfAnotherTypeIsAChangedKeyToo() throws {
        let known = try Self.load("example.com \(Self.text(1))")
        guard case .changed = known.verdict(on: Self.key(1, type: "ecdsa")[...]) else {
            Issue.record("not changed")
            return
        }
    }

    @Test func oneOfSeveralKeysIsEnough() throws {
        let lines = [1, 2, 3].map { (seed: UInt8) in "example.com \(Self.text(seed))" }
        let known = try Self.load(lines.joined(separator: "\n"))
        #expect(known.verdict(on: Self.key(3)[...]) == .match(Self.place(3)))
        #expect(known.keys.map(\.location.line) == [1, 2, 3])
    }

    @Test(arguments: [
        ("example.com,10.0.0.1", 22, true), ("EXAMPLE.com", 22, true), ("*.com", 22, true),
        ("example.*,!example.com", 22, false), ("!example.com,*", 22, false),
        ("!other,*", 22, true), ("!example.com", 22, false), ("exampl?.com", 22, true),
        ("[example.com]:22", 22, false), ("[example.com]:2222", 2222, true),
        ("[example.com]:2222", 22, false), ("[*]:2222", 2222, true), ("example.com", 2222, true),
        ("[example.com]:2223", 2222, false), ("", 22, false),
    ])
    func findsNamesPatternsAndPorts(names: String, port: UInt16, isFound: Bool) throws {
        let known = try Self.load("\(names) \(Self.text(1))", host: "Example.COM", port: port)
        #expect(known.verdict(on: Self.key(1)[...]) == (isFound ? .match(Self.place(1)) : .unknown))
    }

    @Test func anAliasStandsForHostAndPort() throws {
        let text = "alias \(Self.text(1))\n[example.com]:2222 \(Self.text(2))"
        let known = try Self.load(text, port: 2222, alias: "Alias")
        #expect(known.verdict(on: Self.key(1)[...]) == .match(Self.place(1)))
        #expect(known.name.nameWithoutPort == nil)
    }

    @Test func aLineWithoutPortVouchesButNeverContradicts() throws {
        let known = try Self.load("example.com \(Self.text(1))", port: 2222)
        #expect(known.verdict(on: Self.key(1)[...]) == .match(Self.place(1)))
        #expect(known.verdict(on: Self.key(2)[...]) == .unknown)
        let both = try Self.load(
            "example.com \(Self.text(1))\n[example.com]:2222 \(Self.text(2))", port: 2222)
        #expect(both.verdict(on: Self.key(2)[...]) == .match(Self.place(2)))
        guard case .changed = both.verdict(on: Self.key(1)[...]) else {
            Issue.record("the line with the port counts")
            return
        }
        #expect(both.keys.map(\.location.line) == [2])
    }

    @Test(arguments: [22, 2222] as [UInt16])
    func aRevokedKeyIsRevokedWhateverElseIsThere(port: UInt16) throws {
        for order in [[0, 1], [1, 0]] {
            let lines = ["@revoked * \(Self.text(1))", "example.com \(Self.text(1))"]
            let known = try Self.load(order.map { lines[$0] }.joined(separator: "\n"), port: port)
            #expect(
                known.verdict(on: Self.key(1)[...]) == .revoked(Self.place(order[0] == 0 ? 1 : 2)))
            #expect(known.verdict(on: Self.key(2)[...]) != .revoked(Self.place(1)))
        }
        let elsewhere = try Self.load("@revoked other \(Self.text(1))\nexample.com \(Self.text(1))")
        #expect(elsewhere.verdict(on: Self.key(1)[...]) == .match(Self.place(2)))
    }

    @Test func anAuthorityVouchesForNoPlainKey() throws {
        let known = try Self.load("@cert-authority *.com \(Self.text(1))")
        #expect(known.verdict(on: Self.key(1)[...]) == .unknown)
        #expect(known.hasCertificateAuthority)
        #expect(known.keys.isEmpty)
        #expect(try !Self.load("example.com \(Self.text(1))").hasCertificateAuthority)
    }

    @Test(arguments: [
        "example.com", "example.com ssh-ed25519", "example.com ssh-ed25519 !!!!",
        "example.com ssh-ed25519 AAAA", "example.com ssh-rsa \(Base64.encode(key(1)))",
        "@unknown example.com \(text(1))", "@revoked example.com ssh-ed25519",
        "|1|AAAA|AAAA \(text(1))", "|2|x|y \(text(1))", "|1|x \(text(1))", "|1||| \(text(1))",
        "example.com 1024 35 1234567", "example.com ssh-ed25519 \(Base64.encode([0, 0, 0, 200]))",
    ])
    func remembersMalformedLinesAndReadsOn(line: String) throws {
        let known = try Self.load("# comment\n\n \t\n\(line)\n  example.com\t\(Self.text(2))\r\n")
        #expect(known.problems.count == 1)
        #expect(known.problems.first?.location == Self.place(4))
        #expect(known.verdict(on: Self.key(2)[...]) == .match(Self.place(5)))
    }

    @Test func malformedLinesAboutOtherHostsDoNotMatter() throws {
        #expect(try Self.load("other ssh-ed25519 !!!!").problems.isEmpty)
    }

    @Test func countsProblemsAndMatchesAgainstLimits() throws {
        let broken = String(repeating: "x\n", count: 1_000)
        #expect(try Self.load(broken).problems.count == ConfigurationLimits.knownHostsProblems)
        let line = "* \(Self.text(1))\n"
        let most = String(repeating: line, count: ConfigurationLimits.knownHostsMatches)
        _ = try Self.load(most)
        for text in [most + line, String(repeating: "x", count: 70_000)] {
            let error = #expect(throws: SSHConfigError.self) { try Self.load(text) }
            #expect(error?.code == .limitExceeded)
        }
        #expect(throws: SSHConfigError.self) {
            var known = KnownHosts(for: KnownHostName(host: "h", port: 22))
            let size = ConfigurationLimits.knownHostsBytes + 1
            try known.add([UInt8](repeating: 10, count: size)[...], file: "known")
        }
    }

    @Test func writesNoNameThatWouldBeReadAsSomethingElse() {
        for name in [
            "*", "a?", "!a", "a,b", "@a", "#a", "|1|a", "a'b", "a\"b", "a\\b", "[a]", "a b", "",
            "a\n",
        ] {
            let known = KnownHosts(for: KnownHostName(host: name, port: 22))
            #expect(known.line(keyType: "ssh-ed25519", blob: Self.key(1)[...], salt: nil) == nil)
            let aliased = KnownHosts(for: KnownHostName(host: "a", port: 22, alias: name))
            #expect(aliased.line(keyType: "ssh-ed25519", blob: Self.key(1)[...], salt: nil) == nil)
        }
    }

    @Test func prefersTheTypesThatAreKnown() throws {
        let algorithms = [
            "ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa",
        ]
        func order(_ types: [String], port: UInt16 = 22) throws -> [String] {
            let lines = types.map { "example.com \(Self.text(1, type: $0))" }
            return try Self.load(lines.joined(separator: "\n"), port: port)
                .preferringKnownTypes(algorithms)
        }
        #expect(try order([]) == algorithms)
        #expect(try order(["ssh-ed25519", "ssh-rsa"]) == algorithms)
        let rsaFirst = [
            "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256",
        ]
        #expect(try order(["ssh-rsa"]) == rsaFirst)
        #expect(try order(["ssh-rsa"], port: 2222) == rsaFirst)
        #expect(
            try order(["ssh-rsa", "ecdsa-sha2-nistp256"]) == [
                "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa", "ssh-ed25519",
            ])
        #expect(try order(["ssh-dss"]) == algorithms)
        let marked = try Self.load(
            "@revoked * \(Self.text(1, type: "ssh-rsa"))\n@cert-authority * \(Self.text(1, type: "ssh-rsa"))"
        )
        #expect(marked.preferringKnownTypes(algorithms) == algorithms)
    }
}
