// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import Testing
import Wire

@Suite struct AuthorizedKeysTests {
    /// A key of each user, made by the seed.
    private static func key(_ seed: UInt8) throws -> PublicKey {
        let seed = SecretBytes(copying: [UInt8](repeating: seed, count: 32))
        return try PrivateKey.makeEd25519(seed: seed, comment: "").publicKey
    }

    private static func text(_ key: PublicKey) -> String {
        "ssh-ed25519 \(Base64.encode(key.blob))"
    }

    private static func client(_ address: String = "192.0.2.7") -> AuthorizedKeyOptions.Client {
        AuthorizedKeyOptions.Client(
            address: address.split(separator: ".").compactMap { UInt8($0) }, addressText: address,
            now: CalendarTime(year: 2026, month: 11, day: 22, hour: 23),
            localNow: CalendarTime(year: 2026, month: 11, day: 23, hour: 1),
            seconds: 1_795_388_400)
    }

    private func verdict(_ options: String, from address: String = "192.0.2.7") throws
        -> AuthorizedKeys.Verdict
    {
        let key = try Self.key(1)
        let line = options.isEmpty ? Self.text(key) : "\(options) \(Self.text(key)) a comment"
        return AuthorizedKeys(Array("\(line)\n".utf8)[...]).verdict(
            on: key, for: Self.client(address))
    }

    @Test func letsInTheKeysThatStandThere() throws {
        let (first, second, other) = (try Self.key(1), try Self.key(2), try Self.key(3))
        let file = "# keys\n\n  \(Self.text(first)) me@home\n\(Self.text(second))\r\n"
        let keys = AuthorizedKeys(Array(file.utf8)[...])
        #expect(keys.problems.isEmpty)
        #expect(keys.verdict(on: first, for: Self.client()) == .accepted(line: 3))
        #expect(keys.verdict(on: second, for: Self.client()) == .accepted(line: 4))
        #expect(keys.verdict(on: other, for: Self.client()) == .unknown)
    }

    @Test(arguments: [
        ("192.0.2.7", true), ("192.0.2.*", true), ("192.0.2.0/24", true), ("10.0.0.0/8", false),
        ("*,!192.0.2.7", false), ("!192.0.2.0/24,*", false), ("!10.0.0.1", false), ("", false),
        ("10.0.0.1,192.0.2.?", true), ("host.example", false),
    ])
    func fromSaysWhereTheKeyMayBeUsed(list: String, isAllowed: Bool) throws {
        #expect(
            try verdict("from=\"\(list)\"")
                == (isAllowed ? .accepted(line: 1) : .refused(line: 1, .address)))
    }

    @Test(arguments: [
        ("20261123", true), ("20261124", false), ("20261123Z", false), ("20261122Z", true),
        ("202611230100", false), ("202611230059", true), ("20261122230001Z", false),
        ("20261122225959Z", true),
    ])
    func expiryTimeEndsTheKey(time: String, isOver: Bool) throws {
        #expect(
            try verdict("expiry-time=\"\(time)\"")
                == (isOver ? .refused(line: 1, .expired) : .accepted(line: 1)))
    }

    @Test func theEarliestOfSeveralExpiryTimesCounts() throws {
        #expect(
            try verdict("expiry-time=\"20990101\",expiry-time=\"20200101\"")
                == .refused(line: 1, .expired))
    }

    @Test func keysForSomethingElseThanFilesAreRefused() throws {
        #expect(try verdict("command=\"echo \\\"a, b\\\"\"") == .refused(line: 1, .command))
        #expect(try verdict("command=\"internal-sftp\"") == .accepted(line: 1))
        #expect(try verdict("cert-authority") == .refused(line: 1, .authority))
        #expect(
            try verdict("restrict,NO-PTY,permitopen=\"host:1\",environment=\"A=b c\"")
                == .accepted(line: 1))
    }

    @Test(arguments: [
        "unheard-of", "restrict,unheard-of=\"1\"", "from=192.0.2.7", "from=\"192.0.2.7",
        "from=\"*\",from=\"*\"", "expiry-time=\"2026\"", "expiry-time=\"20261340\"", "restrict,",
        ",restrict", "restrict=\"yes\"", "command", "from=\"*\"x",
    ])
    func aLineThatIsNotUnderstoodLetsNobodyIn(options: String) throws {
        #expect(try verdict(options) == .unknown)
        let line = "\(options) \(Self.text(try Self.key(1)))"
        #expect(AuthorizedKeys(Array(line.utf8)[...]).problems.map(\.line) == [1])
    }

    @Test func anotherLineWithTheSameKeyMayLetIn() throws {
        let key = try Self.key(1)
        let file = "from=\"10.0.0.1\" \(Self.text(key))\nfrom=\"192.0.2.*\" \(Self.text(key))"
        let keys = AuthorizedKeys(Array(file.utf8)[...])
        #expect(keys.verdict(on: key, for: Self.client()) == .accepted(line: 2))
        #expect(
            keys.verdict(on: key, for: Self.client("192.0.3.1")) == .refused(line: 2, .address))
    }

    @Test func aTypeThatIsNotTheKeysOwnIsAProblem() throws {
        let text = "ssh-rsa \(Base64.encode(try Self.key(1).blob))"
        #expect(AuthorizedKeys(Array(text.utf8)[...]).problems.map(\.line) == [1])
    }

    /// What ssh-keygen's certificate, made with these arguments, comes to for the user "me".
    private func verdict(onCertificate arguments: String, _ options: String) throws
        -> AuthorizedKeys.Verdict
    {
        let folder = try TemporaryFolder()
        let keygen = ["/usr/bin/ssh-keygen", "-q"]
        for name in ["ca", "key"] {
            let words = ["-N", "", "-t", "ed25519", "-f", "\(folder.path)/\(name)"]
            try #require(try run(keygen + words).status == 0)
        }
        let words =
            ["-s", "\(folder.path)/ca", "-I", "id"]
            + arguments.split(separator: " ").map(String.init) + ["\(folder.path)/key.pub"]
        try #require(try run(keygen + words).status == 0)
        let text = try #require(readFile("\(folder.path)/key-cert.pub"))
        let blob = try Base64.decode(text.split(separator: UInt8(ascii: " "))[1])
        let certificate = try Certificate(blob: blob[...])
        let line = "\(options) \(Self.text(certificate.authority))"
        return AuthorizedKeys(Array(line.utf8)[...]).verdict(
            on: certificate, of: "me", for: Self.client())
    }

    @Test func certificatesOfAnAuthorityLetIn() throws {
        #expect(
            try verdict(onCertificate: "-n you,me", "cert-authority") == .accepted(line: 1))
        #expect(
            try verdict(onCertificate: "-n team", "cert-authority,principals=\"x,team\"")
                == .accepted(line: 1))
        #expect(
            try verdict(
                onCertificate:
                    "-n me -O force-command=internal-sftp -O source-address=192.0.2.0/24",
                "restrict,cert-authority,from=\"192.0.2.*\"") == .accepted(line: 1))
        #expect(
            try verdict(onCertificate: "-n me -O extension:x=y -O clear", "cert-authority")
                == .accepted(line: 1))
    }

    @Test(arguments: [
        ("-n you", "cert-authority", AuthorizedKeyOptions.Refusal.certificate(.wrongPrincipal)),
        ("-n me", "cert-authority,principals=\"you\"", .certificate(.wrongPrincipal)),
        ("-z 1", "cert-authority", .certificate(.noPrincipals)),
        ("-h -n me", "cert-authority", .certificate(.wrongKind)),
        ("-n me -V 20200101:20200102", "cert-authority", .certificate(.expired)),
        ("-n me -V 20900101:20900102", "cert-authority", .certificate(.notYetValid)),
        ("-n me -O critical:x=y", "cert-authority", .certificate(.criticalOptions)),
        ("-n me -O force-command=/bin/true", "cert-authority", .command),
        ("-n me -O source-address=10.0.0.0/8", "cert-authority", .address),
        ("-n me", "cert-authority,command=\"/bin/true\"", .command),
        ("-n me", "cert-authority,from=\"10.0.0.1\"", .address),
        ("-n me", "cert-authority,expiry-time=\"20200101\"", .expired),
        ("-n me", "restrict", .noAuthority),
    ])
    func aCertificateThatDoesNotFitLetsNobodyIn(
        arguments: String, options: String, refusal: AuthorizedKeyOptions.Refusal
    ) throws {
        #expect(
            try verdict(onCertificate: arguments, options) == .refused(line: 1, refusal))
    }

    @Test func aFileOfMistakesIsReportedInPart() {
        let file = [UInt8]("nonsense\n".utf8)
        let keys = AuthorizedKeys((0..<1000).flatMap { _ in file }[...])
        #expect(keys.problems.count == ConfigurationLimits.authorizedKeysProblems)
    }
}
