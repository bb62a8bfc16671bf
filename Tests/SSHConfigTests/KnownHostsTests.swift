// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
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
        let broken = String(repeating: "example.com\n", count: 1_000)
        #expect(try Self.load(broken).problems.count == ConfigurationLimits.knownHostsProblems)
        let line = "* \(Self.text(1))\n"
        let most = String(repeating: line, count: ConfigurationLimits.knownHostsMatches)
        _ = try Self.load(most)
        let error = #expect(throws: SSHConfigError.self) { try Self.load(most + line) }
        #expect(error?.code == .limitExceeded)
    }

    @Test func countsAFileOfPiecesAgainstItsLimit() throws {
        var known = KnownHosts(for: KnownHostName(host: "h", port: 22))
        var file = KnownHostsFile(path: "known", limit: 10)
        try known.add([UInt8](repeating: 10, count: 10)[...], of: &file)
        let error = #expect(throws: SSHConfigError.self) { try known.add([10], of: &file) }
        #expect(error?.code == .limitExceeded)
    }

    @Test(arguments: [1, 2, 7, 100, 1000]) func readsAFileInPiecesOfAnySize(size: Int) throws {
        let text = "# x\n\nother \(Self.text(1))\nexample.com \(Self.text(2))\r\n@bad\n"
        let bytes = Array((text + "example.com \(Self.text(3))\n").utf8)
        var known = KnownHosts(for: KnownHostName(host: "example.com", port: 22))
        var names = KnownKeyNames(
            of: [Self.key(1), Self.key(3)], besides: [KnownHostName(host: "x", port: 22)])
        var (file, again) = (KnownHostsFile(path: "known"), KnownHostsFile(path: "known"))
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = bytes[start..<min(bytes.count, start + size)]
            try known.add(piece, of: &file)
            try names.add(piece, of: &again)
        }
        #expect(known.keys.map(\.location.line) == [4, 6])
        #expect(known.problems.map(\.location) == [Self.place(5)])
        #expect(names.count == 2)
        #expect(names.entries.map(\.location.line) == [3, 6])
        #expect(names.entries.map(\.names) == ["other", "example.com"])
    }

    @Test(arguments: [1 << 20, 300_000, 65_536])
    func aLineThatIsTooLongSaysNothingAndTheOthersCount(size: Int) throws {
        let limit = ConfigurationLimits.knownHostsLineBytes
        let bytes = Array(
            ("#" + String(repeating: "a", count: 100_000) + "\nexample.com \(Self.text(1))\n"
                + "example.com,\(String(repeating: "b", count: limit)) \(Self.text(2))\n"
                + "\(String(repeating: "c,", count: 100_000))example.com \(Self.text(3))\n").utf8)
        var known = KnownHosts(for: KnownHostName(host: "example.com", port: 22))
        var names = KnownKeyNames(of: [Self.key(2), Self.key(3)], besides: [])
        var (file, again) = (KnownHostsFile(path: "known"), KnownHostsFile(path: "known"))
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = bytes[start..<min(bytes.count, start + size)]
            try known.add(piece, of: &file)
            try names.add(piece, of: &again)
        }
        #expect(known.keys.map(\.location.line) == [2, 4])
        #expect(known.problems.map(\.location) == [Self.place(3)])
        #expect(known.problems.first?.description.contains("too long") == true)
        #expect(names.entries.map(\.location.line) == [4])
    }

    @Test func aFileThatNeverEndsIsNotReliedOn() {
        var known = KnownHosts(for: KnownHostName(host: "example.com", port: 22))
        var file = KnownHostsFile(path: "known", limit: 10_000_000)
        let junk = [UInt8](repeating: 7, count: 100_000)
        let error = #expect(throws: SSHConfigError.self) {
            for _ in 0...100 { try known.add(junk[...], of: &file) }
        }
        #expect(error?.code == .limitExceeded)
    }

    @Test func writesNoNameThatWouldBeReadAsSomethingElse() {
        for name in [
            "*", "a?", "!a", "a,b", "@a", "#a", "|1|a", "a'b", "a\"b", "a\\b", "[a]", "a b", "",
            "a\n",
        ] {
            let known = KnownHosts(for: KnownHostName(host: name, port: 22))
            #expect(known.line(keyType: "ssh-ed25519", blob: Self.key(1)[...]) == nil)
            let aliased = KnownHosts(for: KnownHostName(host: "a", port: 22, alias: name))
            #expect(aliased.line(keyType: "ssh-ed25519", blob: Self.key(1)[...]) == nil)
        }
    }

    private static func order(
        _ types: [String], port: UInt16 = 22, marker: String = ""
    ) throws -> [PublicKeyAlgorithm] {
        let lines = types.map { "\(marker)example.com \(text(1, type: $0))" }
        return try load(lines.joined(separator: "\n"), port: port)
            .preferringKnownTypes(PublicKeyAlgorithm.standard)
    }

    @Test(
        arguments: [
            (["ssh-rsa"], [.rsaSHA512, .rsaSHA256]), (["ecdsa-sha2-nistp256"], [.ecdsaP256]),
            (["ssh-rsa", "ecdsa-sha2-nistp256"], [.ecdsaP256, .rsaSHA512, .rsaSHA256]),
        ] as [([String], [SignatureAlgorithm])])
    func prefersTheTypesThatAreKnown(_ types: [String], _ signatures: [SignatureAlgorithm]) throws {
        // Each as a certificate first: if nobody known signed it, the key in it is what is known.
        let first = [true, false].flatMap { isCertificate in
            signatures.map { PublicKeyAlgorithm($0, isCertificate: isCertificate) }
        }
        for port in [22, 2222] as [UInt16] {
            let order = try Self.order(types, port: port)
            #expect(Array(order.prefix(first.count)) == first)
            #expect(Set(order) == Set(PublicKeyAlgorithm.standard))
            #expect(order.count == PublicKeyAlgorithm.standard.count)
        }
    }

    @Test func keepsTheOrderWhereNothingOrTheBestIsKnown() throws {
        for types in [[], ["ssh-ed25519", "ssh-rsa"], ["ssh-dss"]] {
            #expect(try Self.order(types) == PublicKeyAlgorithm.standard)
        }
        #expect(try Self.order(["ssh-rsa"], marker: "@revoked ") == PublicKeyAlgorithm.standard)
    }

    @Test func prefersCertificatesWhereAnAuthorityIsKnown() throws {
        let text = "@cert-authority * \(Self.text(1))\nexample.com \(Self.text(2, type: "ssh-rsa"))"
        let order = try Self.load(text).preferringKnownTypes(PublicKeyAlgorithm.standard)
        let certificates = order.prefix(8)
        #expect(certificates.allSatisfy { $0.isCertificate })
        #expect(order[8].signature == .rsaSHA512 && order[9].signature == .rsaSHA256)
    }

    @Test func anAuthorityVouchesForWhatItSignedUnlessItIsRevoked() throws {
        let known = try Self.load("@cert-authority *.com \(Self.text(1))", port: 2222)
        #expect(known.verdict(onAuthority: Self.key(1)[...]) == .match(Self.place(1)))
        #expect(known.verdict(onAuthority: Self.key(2)[...]) == .unknown)
        let plain = try Self.load("example.com \(Self.text(1))")
        #expect(plain.verdict(onAuthority: Self.key(1)[...]) == .unknown)
        let revoked = try Self.load(
            "@cert-authority *.com \(Self.text(1))\n@revoked * \(Self.text(1))")
        #expect(revoked.verdict(onAuthority: Self.key(1)[...]) == .revoked(Self.place(2)))
    }
}
