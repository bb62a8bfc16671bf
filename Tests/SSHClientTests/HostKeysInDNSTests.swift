// SPDX-License-Identifier: Apache-2.0

import EventLoop
import LocalSFTPServer
import SSHClient
import SSHConfig
import Testing

/// Host keys in the DNS (`VerifyHostKeyDNS`), with OpenSSH's server and name servers that validate and
/// that don't.
@Suite struct HostKeysInDNSTests {
    private let harness: ClientHarness
    private let server: SSHDaemon

    private static let validated: UInt8 = 0x20
    private static let matching = "\nMatching host key fingerprint found in DNS.\n"
    private static let noMatching = "\nNo matching host key fingerprint found in DNS.\n"

    init() throws {
        harness = try ClientHarness()
        server = try SSHDaemon(hostKeys: ["host-ed25519", "host-rsa-2048", "host-ecdsa-256"])
    }

    private func nameServer(
        _ key: String = "host-ed25519", flags: UInt8 = validated
    ) throws -> NameServer {
        let records = try DNSReply.records(key)
        return try NameServer(harness.loop) { question, _ in
            [DNSReply.message(to: question, flags: flags, records: records)]
        }
    }

    /// Connects to a host by name; resolv.conf and the variable `RES_OPTIONS` are the test's.
    private func connect(
        _ nameServer: NameServer, _ prompter: ScriptedPrompter, _ options: [String] = [],
        resolver: String = "options trust-ad", environment: [String: String] = [:]
    ) throws {
        try harness.home.write("nameserver 127.0.0.1\n\(resolver)\n", to: "resolv.conf")
        let options = try harness.options(
            server.port,
            options + [
                "VerifyHostKeyDNS=yes", "StrictHostKeyChecking=yes", "HostName=localhost",
                "IdentityAgent=none", "IdentityFile=\(try TestKeys.path("user-ed25519"))",
                "UserKnownHostsFile=\(harness.home.file("known_hosts"))",
                "GlobalKnownHostsFile=/dev/null", "HostKeyAlgorithms=ssh-ed25519",
                "LogLevel=VERBOSE",
            ])
        let world = SystemWorld(
            loop: harness.loop, environment: environment,
            resolverFile: harness.home.file("resolv.conf"), nameServerPort: nameServer.port)
        try harness.connect(options, prompter, world: world) { try await echo($0, size: 1000) }
    }

    private func expectUnknown(
        _ nameServer: NameServer, _ options: [String] = [], resolver: String = "options trust-ad"
    ) throws -> ScriptedPrompter {
        let prompter = ScriptedPrompter()
        #expect {
            try connect(nameServer, prompter, options, resolver: resolver)
        } throws: { error in
            "\(error)".contains("is unknown")
        }
        return prompter
    }

    @Test(arguments: [
        ("host-ed25519", "ssh-ed25519"), ("host-rsa-2048", "rsa-sha2-512"),
        ("host-ecdsa-256", "ecdsa-sha2-nistp256"),
    ])
    func aValidatedFingerprintIsEnough(_ key: String, _ algorithm: String) throws {
        let prompter = ScriptedPrompter()
        try connect(
            nameServer(key), prompter, ["HostKeyAlgorithms=\(algorithm)", "LogLevel=INFO"])
        #expect(prompter.transcript.isEmpty)
        #expect(try run("test", "-e", harness.home.file("known_hosts")).status != 0)
    }

    /// The bit does not come, is not wanted, or comes from whom nobody trusts.
    @Test(arguments: [(UInt8(0), "options trust-ad"), (0x20, ""), (0, "options edns0")])
    func aFingerprintThatIsNotValidatedOnlyChangesTheQuestion(
        _ flags: UInt8, _ resolver: String
    ) throws {
        let nameServer = try nameServer(flags: flags)
        _ = try expectUnknown(nameServer, resolver: resolver)
        let prompter = ScriptedPrompter(["yes"])
        try connect(nameServer, prompter, ["StrictHostKeyChecking=ask"], resolver: resolver)
        #expect(prompter.questions.count == 1)
        #expect(prompter.questions[0].contains(Self.matching))
        let question = try #require(nameServer.questions.first)
        #expect((question[3] & 0x20 != 0) == resolver.contains("trust-ad"))
        #expect((question[11] == 1) == resolver.contains("edns0"))
    }

    @Test func whoWantsToBeAskedIsAsked() throws {
        let prompter = ScriptedPrompter(["yes"])
        try connect(
            nameServer(), prompter, ["VerifyHostKeyDNS=ask", "StrictHostKeyChecking=ask"])
        #expect(prompter.questions.count == 1)
        #expect(prompter.questions[0].contains(Self.matching))
    }

    @Test func theEnvironmentMayTrustTheNameServer() throws {
        try connect(
            nameServer(), ScriptedPrompter(), resolver: "",
            environment: ["RES_OPTIONS": "trust-ad"])
    }

    @Test func anotherFingerprintIsAnAlarmAndKnownHostsDecide() throws {
        let nameServer = try nameServer("user-ed25519")
        let prompter = try expectUnknown(nameServer)
        #expect(prompter.transcript.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"))
        #expect(prompter.transcript.contains("Update the SSHFP RR in DNS"))
        let asked = ScriptedPrompter(["no"])
        #expect(throws: SSHClientError.self) {
            try connect(nameServer, asked, ["StrictHostKeyChecking=ask"])
        }
        #expect(asked.questions.first?.contains(Self.noMatching) == true)
        let key = try TestKeys.publicLine("host-ed25519")
        try harness.home.write("[localhost]:\(server.port) \(key)", to: "known_hosts")
        try connect(nameServer, ScriptedPrompter())
    }

    @Test func noFingerprintSaysNothing() throws {
        let nameServer = try NameServer(harness.loop) { question, _ in
            [DNSReply.message(to: question, flags: Self.validated | 3)]
        }
        let prompter = try expectUnknown(nameServer)
        #expect(prompter.transcript.isEmpty)
    }

    @Test func whatIsTooLongForADatagramComesOverAStream() throws {
        let records = try DNSReply.records("host-ed25519")
        let nameServer = try NameServer(harness.loop) { question, isStream in
            let records = isStream ? records : []
            return [
                DNSReply.message(
                    to: question, flags: Self.validated, isTruncated: !isStream, records: records)
            ]
        }
        try connect(nameServer, ScriptedPrompter())
        #expect(nameServer.questions.count == 2)
        try connect(nameServer, ScriptedPrompter(), resolver: "options trust-ad use-vc")
        #expect(nameServer.questions.count == 3)
    }

    /// Whoever guesses the port has to guess the number of the question, too.
    @Test func forgedRepliesArePassedOver() throws {
        let good = try DNSReply.records("host-ed25519")
        let bad = try DNSReply.records("user-ed25519")
        let nameServer = try NameServer(harness.loop) { question, _ in
            var forged = DNSReply.message(to: question, flags: Self.validated, records: bad)
            forged[0] ^= 1
            var other = question
            other[13] ^= 1
            return [
                forged, [], [1], DNSReply.message(to: other, flags: Self.validated, records: bad),
                DNSReply.message(to: question, flags: Self.validated, records: good),
            ]
        }
        try connect(nameServer, ScriptedPrompter())
    }

    @Test func anOldServerIsAskedWithoutEDNS() throws {
        let records = try DNSReply.records("host-ed25519")
        let nameServer = try NameServer(harness.loop) { question, _ in
            question[11] == 1
                ? [DNSReply.message(to: question, flags: 1)]
                : [DNSReply.message(to: question, flags: Self.validated, records: records)]
        }
        try connect(nameServer, ScriptedPrompter(), resolver: "options trust-ad edns0")
        #expect(nameServer.questions.count == 2)
    }

    @Test func theNextServerIsAskedWhereOneIsNotThere() throws {
        let resolver = "nameserver 127.0.0.1\noptions trust-ad"
        try harness.home.write("nameserver 127.0.0.9\n\(resolver)", to: "resolv.conf")
        let nameServer = try nameServer()
        let world = SystemWorld(
            loop: harness.loop, resolverFile: harness.home.file("resolv.conf"),
            nameServerPort: nameServer.port)
        let found = try harness.loop.run { try await world.fingerprintsInDNS(of: "host.example") }
        #expect(found.areSecure && found.records.count == 2)
    }

    @Test(arguments: [
        ("silent", "127.0.0.1: no answer"), ("failing", "127.0.0.1: the server has failed"),
        ("broken", "127.0.0.1: a malformed answer: it ends too early"),
        ("hanging up", "127.0.0.1: the server has closed the connection"),
    ])
    func withoutAnAnswerThereIsNoFingerprint(_ how: String, _ reason: String) throws {
        let nameServer = try NameServer(harness.loop) { question, isStream in
            switch how {
            case "failing": [DNSReply.message(to: question, flags: 2)]
            case "broken":
                [DNSReply.message(to: question, records: [[4, 2, 3]]).dropLast()]
            case "hanging up" where !isStream: [DNSReply.message(to: question, isTruncated: true)]
            default: []
            }
        }
        let prompter = try expectUnknown(nameServer, resolver: "options timeout:1 attempts:1")
        #expect(prompter.transcript == "DNS lookup error: \(reason)")
    }

    @Test func anAddressIsNotLookedUp() throws {
        let nameServer = try nameServer()
        _ = try expectUnknown(nameServer, ["HostName=127.0.0.1"])
        #expect(nameServer.questions.isEmpty)
    }
}
