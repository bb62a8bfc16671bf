// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import Testing
import Wire

/// Questions for host keys in the DNS, and what comes back.
@Suite struct DNSTests {
    private static let query = SSHFPQuery(
        host: "Host.Example", id: 0x1234, trustsAD: true, usesEDNS: false)
    private static let name: [UInt8] = [4] + Array("host".utf8) + [7] + Array("example".utf8) + [0]
    /// The place of the name in the question.
    private static let pointer: [UInt8] = [0xC0, 12]

    /// A message: header, question, answers.
    private static func message(
        id: [UInt8] = [0x12, 0x34], flags: [UInt8] = [0x81, 0xA0], question: [UInt8]? = nil,
        answers: [[UInt8]] = [], count: Int? = nil
    ) -> [UInt8] {
        let question = question ?? name + [0, 44, 0, 1]
        let (questions, answerCount) = (UInt8(question.isEmpty ? 0 : 1), count ?? answers.count)
        let counts: [UInt8] = [
            0, questions, UInt8(answerCount >> 8), UInt8(answerCount & 0xFF), 0, 0, 0, 0,
        ]
        return id + flags + counts + question + answers.flatMap(\.self)
    }

    private static func answer(
        _ data: [UInt8], owner: [UInt8] = pointer, type: UInt8 = 44, kind: UInt8 = 1
    ) -> [UInt8] {
        owner + [0, type, 0, kind, 0, 0, 14, 16, UInt8(data.count >> 8), UInt8(data.count & 0xFF)]
            + data
    }

    private static func record(_ data: [UInt8]) -> SSHFPRecords.Record {
        SSHFPRecords.Record(algorithm: data[0], hash: data[1], digest: data[2...])
    }

    private static func reply(_ message: [UInt8]) -> SSHFPQuery.Reply? {
        query?.reply(in: message[...])
    }

    private static let data: [UInt8] = [4, 2, 7, 8, 9]

    @Test func asksAsTheResolverOfTheCLibrary() throws {
        let question = Self.name + [0, 44, 0, 1]
        for (trustsAD, usesEDNS) in [(false, false), (true, false), (false, true)] {
            let query = try #require(
                SSHFPQuery(
                    host: "HOST.example.", id: 0x1234, trustsAD: trustsAD, usesEDNS: usesEDNS))
            let header: [UInt8] = [
                0x12, 0x34, 1, trustsAD ? 0x20 : 0, 0, 1, 0, 0, 0, 0, 0, usesEDNS ? 1 : 0,
            ]
            let option: [UInt8] = [0, 0, 41, 4, 0xB0, 0, 0, 0x80, 0, 0, 0]
            #expect(query.message == header + question + (usesEDNS ? option : []))
        }
    }

    @Test(arguments: [
        "", ".", "a..b", String(repeating: "a", count: 64),
        String(repeating: "abcdefg.", count: 32) + "com",
    ])
    func asksOnlyForNamesThatFit(_ host: String) {
        #expect(SSHFPQuery(host: host, id: 1, trustsAD: true, usesEDNS: true) == nil)
    }

    @Test(arguments: [0xA0, 0x80] as [UInt8])
    func understandsRecordsAndWhetherTheyAreValidated(_ flags: UInt8) {
        let other: [UInt8] = [1, 1] + [UInt8](repeating: 3, count: 20)
        let message = Self.message(
            flags: [0x81, flags],
            answers: [Self.answer(Self.data), Self.answer(other, owner: Self.name)])
        let records = SSHFPRecords(
            records: [Self.record(Self.data), Self.record(other)], areSecure: flags == 0xA0)
        #expect(Self.reply(message) == .records(records))
        // Whoever does not trust the way to the server does not trust the bit.
        let query = SSHFPQuery(host: "host.example", id: 0x1234, trustsAD: false, usesEDNS: false)
        #expect(
            query?.reply(in: message[...])
                == .records(SSHFPRecords(records: records.records, areSecure: false)))
    }

    @Test func repliesToOthersAreNone() {
        let good = [Self.answer(Self.data)]
        for message in [
            Self.message(id: [0x12, 0x35], answers: good),
            Self.message(flags: [0x01, 0xA0], answers: good),
            Self.message(flags: [0xA9, 0xA0], answers: good),
            Self.message(question: [], answers: good),
            Self.message(question: Self.name + [0, 1, 0, 1], answers: good),
            Self.message(question: Self.name + [0, 44, 0, 3], answers: good),
            Self.message(question: [1, 97] + Self.name + [0, 44, 0, 1], answers: good),
            [], [0x12], Array(Self.message().prefix(11)),
        ] {
            #expect(Self.reply(message) == nil)
        }
        // The same name in other letters is the same name.
        let upper: [UInt8] = [4] + Array("HOST".utf8) + Self.name.dropFirst(5)
        #expect(
            Self.reply(Self.message(question: upper + [0, 44, 0, 1], answers: good))
                == .records(SSHFPRecords(records: [Self.record(Self.data)], areSecure: true)))
    }

    @Test func onlyRecordsOfTheNameCount() {
        let stranger: [UInt8] = [1, 97, 0]
        let message = Self.message(answers: [
            Self.answer(Self.data, owner: stranger), Self.answer(Self.data, type: 46),
            Self.answer(Self.data, kind: 3), Self.answer([4, 2]),
        ])
        #expect(
            Self.reply(message) == .records(SSHFPRecords(records: [], areSecure: true)))
    }

    /// In whichever order they come, and even where they go round in a circle.
    @Test func aliasesLeadToTheName() {
        let target: [UInt8] = [4] + Array("real".utf8) + [0xC0, 17]
        let full: [UInt8] = [4] + Array("real".utf8) + Self.name.dropFirst(5)
        let alias = Self.answer(target, type: 5)
        let found = Self.answer(Self.data, owner: full)
        let expected = SSHFPRecords(records: [Self.record(Self.data)], areSecure: true)
        #expect(Self.reply(Self.message(answers: [alias, found])) == .records(expected))
        #expect(Self.reply(Self.message(answers: [found, alias])) == .records(expected))
        let circle = [alias, Self.answer(Self.pointer, owner: full, type: 5), found]
        #expect(Self.reply(Self.message(answers: circle)) != nil)
    }

    @Test(
        arguments: [
            (0x82, .failure("the server has failed")),
            (0x85, .failure("the server refuses to answer")),
            (0x84, .failure("the server answers with error 4")),
            (0x83, .records(SSHFPRecords(records: [], areSecure: false))),
            (0x81, .failure("the server does not understand")),
        ] as [(UInt8, SSHFPQuery.Reply)])
    func saysWhatTheServerSays(_ flags: UInt8, _ expected: SSHFPQuery.Reply) {
        #expect(Self.reply(Self.message(flags: [0x81, flags])) == expected)
    }

    @Test func anOldServerIsAskedAgain() throws {
        let query = try #require(
            SSHFPQuery(host: "host.example", id: 0x1234, trustsAD: true, usesEDNS: true))
        for question in [nil, []] as [[UInt8]?] {
            let message = Self.message(flags: [0x81, 0x81], question: question)
            #expect(query.reply(in: message[...]) == .notUnderstood)
        }
        let second = query.withoutEDNS(id: 0x1234)
        #expect(second.message == Self.query?.message)
        #expect(second.reply(in: Self.message(flags: [0x81, 0x81], question: [])[...]) == nil)
        #expect(Self.reply(Self.message(flags: [0x83, 0x80])) == .truncated)
    }

    @Test func everyCutMessageIsRefused() {
        let target: [UInt8] = [4] + Array("real".utf8) + [0xC0, 17]
        let message = Self.message(answers: [Self.answer(target, type: 5), Self.answer(Self.data)])
        for count in 0..<message.count {
            guard let reply = Self.reply(Array(message.prefix(count))) else { continue }
            guard case .failure = reply else {
                Issue.record("\(count) bytes: \(reply)")
                continue
            }
        }
    }

    /// Pointers to themselves, forth, in circles; labels of unknown kinds; names without end; more
    /// answers than there are.
    @Test(arguments: [
        ([[0xC0, 30]], "a name leads forward"), ([[0xC0, 200]], "a name leads forward"),
        ([[1, 97, 0xC0, 30]], "a name leads forward"), ([[0x80, 1]], "a label of an unknown kind"),
        (
            [[UInt8]](repeating: [63] + [UInt8](repeating: 97, count: 63), count: 4),
            "a name is too long"
        ),
        ([[0]], "it ends too early"),
    ])
    func hostileNamesEnd(_ owner: [[UInt8]], _ reason: String) {
        let message = Self.message(answers: [owner.flatMap(\.self)], count: 65_535)
        #expect(Self.reply(message) == .failure("a malformed answer: \(reason)"))
    }

    @Test func readsTheResolversConfiguration() {
        let text = """
            # nameserver 1.1.1.1
             nameserver 2.2.2.2
            nameserver 192.0.2.1\tx
            nameserver\tfe80::1%eth0
            search a b
            options ndots:2 trust-ad timeout:100 attempts:0
            nameserver 192.0.2.3
            nameserver 192.0.2.4
            options edns0 use-vc
            """
        let resolver = ResolverConfiguration(Array(text.utf8)[...])
        #expect(resolver.nameServers == ["192.0.2.1", "fe80::1%eth0", "192.0.2.3"])
        #expect(resolver.trustsAD && resolver.usesEDNS && resolver.usesTCP)
        #expect(resolver.timeout == .seconds(30) && resolver.attempts == 1)

        let plain = ResolverConfiguration(nil, environment: "trust-ad  timeout:1 attempts:x")
        #expect(plain.nameServers == ["127.0.0.1"])
        #expect(plain.trustsAD && !plain.usesEDNS && !plain.usesTCP)
        #expect(plain.timeout == .seconds(1) && plain.attempts == 2)
        #expect(!ResolverConfiguration(Array("options  ;trust-ad".utf8)[...]).trustsAD)
    }

    /// `ssh-keygen -r` makes the records.
    @Test(arguments: ["ed25519", "rsa", "ecdsa"]) func knowsTheRecordsThatSSHKeygenMakes(
        _ type: String
    ) throws {
        let folder = try TemporaryFolder()
        let keys = try ["a", "b"].map { name in
            let path = folder.path + "/" + name
            let words = ["/usr/bin/ssh-keygen", "-q", "-N", "", "-t", type, "-f", path]
            try #require(try run(words).status == 0)
            return path
        }
        let file = try #require(readFile(keys[0] + ".pub"))
        let key = try PublicKeyFile(file[...]).key
        let records = try keys.map { path in
            try run(["/usr/bin/ssh-keygen", "-r", "h", "-f", path + ".pub"]).output
                .split(separator: "\n").map { line in
                    let fields = line.split(separator: " ")
                    let hex = Array(fields[5].utf8)
                    let digest = stride(from: 0, to: hex.count, by: 2).compactMap {
                        UInt8(String(decoding: hex[$0..<$0 + 2], as: UTF8.self), radix: 16)
                    }
                    return SSHFPRecords.Record(
                        algorithm: UInt8(fields[3]) ?? 0, hash: UInt8(fields[4]) ?? 0,
                        digest: digest[...])
                }
        }
        #expect(records[0].count == 2)
        func verdict(_ records: [SSHFPRecords.Record]) -> SSHFPRecords.Verdict {
            SSHFPRecords(records: records, areSecure: true).verdict(on: key)
        }
        for record in records[0] { #expect(verdict([record]) == .match) }
        #expect(verdict(records[0]) == .match)
        // One that contradicts is enough.
        #expect(verdict(records[0] + [records[1][0]]) == .mismatch)
        #expect(verdict(records[1]) == .mismatch)
        #expect(verdict([]) == .nothing)
        let unknown = SSHFPRecords.Record(
            algorithm: records[0][0].algorithm, hash: 9, digest: [1, 2])
        #expect(verdict([unknown]) == .nothing)
        #expect(verdict(records[0] + [unknown]) == .match)
        let other = SSHFPRecords.Record(algorithm: 2, hash: 1, digest: [1])
        #expect(verdict([other]) == .mismatch)
        #expect(verdict(records[0] + [other]) == .match)
        let short = SSHFPRecords.Record(
            algorithm: records[0][0].algorithm, hash: 2, digest: records[0][1].digest.dropLast())
        #expect(verdict(records[0] + [short]) == .mismatch)
    }
}
