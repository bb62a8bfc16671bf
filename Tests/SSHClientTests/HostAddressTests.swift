// SPDX-License-Identifier: Apache-2.0

import SSHClient
import SSHConfig
import SSHCrypto
import Testing

/// What known_hosts says about a server's address beside its name (`CheckHostIP`), in memory.
@Suite struct HostAddressTests {
    private static let file = "/home/alice/.ssh/known_hosts"
    private static let address = "192.0.2.7"

    private static func key(_ name: String = "host-ed25519") throws -> String {
        try TestKeys.publicLine(name).split(separator: " ").prefix(2).joined(separator: " ")
    }

    private static func simulation(
        _ strict: String, known: String? = nil, _ more: [String] = [], answers: [String] = []
    ) throws -> Simulation {
        let simulation = try Simulation(
            more + ["StrictHostKeyChecking=\(strict)", "CheckHostIP=yes", "WarnWeakCrypto=no"],
            answers: answers + ["correct horse"])
        simulation.world.serverAddress = address
        if let known { simulation.world.setFile(file, Array(known.utf8)) }
        return simulation
    }

    @Test func theAddressOfANewHostIsRememberedWithItsName() throws {
        let simulation = try Self.simulation("accept-new")
        try simulation.run { _ in }
        let line = "server.example,\(Self.address) \(try Self.key())\n"
        #expect(simulation.world.file(Self.file) == line)
        #expect(
            simulation.prompter.messages == [
                "Warning: Permanently added 'server.example,\(Self.address)' (ED25519) to the list "
                    + "of known hosts."
            ])
    }

    @Test func aHashedAddressHasALineOfItsOwn() throws {
        let simulation = try Self.simulation("accept-new", ["HashKnownHosts=yes"])
        try simulation.run { _ in }
        let text = try #require(simulation.world.file(Self.file))
        #expect(text.split(separator: "\n").allSatisfy { $0.hasPrefix("|1|") })
        let blob = try Simulation.serverKey.get().publicKey.blob
        for (line, name) in ["server.example", Self.address].enumerated() {
            var known = KnownHosts(for: KnownHostName(host: name, port: 22))
            try known.add(Array(text.utf8)[...], file: "f")
            let place = ConfigurationLocation(file: "f", line: line + 1)
            #expect(known.verdict(on: blob[...]) == .match(place))
        }
    }

    @Test func aNewAddressOfAKnownHostIsLearned() throws {
        let line = "server.example \(try Self.key())\n"
        let simulation = try Self.simulation("yes", known: line)
        try simulation.run { _ in }
        #expect(
            simulation.world.file(Self.file) == line + "\(Self.address) \(try Self.key())\n")
        #expect(
            simulation.prompter.messages == [
                "Warning: Permanently added the ED25519 host key for IP address "
                    + "'\(Self.address)' to the list of known hosts."
            ])
        // Now both are known, and nothing is said or written.
        let again = try Self.simulation("yes", known: simulation.world.file(Self.file))
        try again.run { _ in }
        #expect(again.prompter.messages.isEmpty)
        #expect(again.world.file(Self.file) == simulation.world.file(Self.file))
    }

    @Test(arguments: ["yes", "accept-new", "no", "ask"])
    func anAddressWithAnotherKeyIsDecidedOn(_ strict: String) throws {
        let known = """
            server.example \(try Self.key())
            \(Self.address) \(try Self.key("host-ecdsa-256"))

            """
        let simulation = try Self.simulation(strict, known: known, answers: ["perhaps", "yes"])
        if strict == "yes" || strict == "accept-new" {
            #expect {
                try simulation.run { _ in }
            } throws: { error in
                "\(error)".contains("address has another key in \(Self.file) line 2")
            }
        } else if strict == "ask" {
            try simulation.run { _ in }
            #expect(simulation.prompter.questions[1] == "Please type 'yes' or 'no': ")
        }
        if strict == "no" {
            let quiet = try Self.simulation(strict, known: known)
            try quiet.run { _ in }
            #expect(quiet.prompter.transcript.contains("differs from the key"))
        } else {
            #expect(
                simulation.prompter.transcript.contains(
                    """
                    Warning: the ED25519 host key for 'server.example' differs from the key for \
                    the IP address '\(Self.address)'
                    Offending key for IP in \(Self.file):2
                    Matching host key in \(Self.file):1
                    """))
        }
        #expect(simulation.world.file(Self.file) == known)
    }

    @Test func theUserMayDeclineAnAddressWithAnotherKey() throws {
        let known = """
            server.example \(try Self.key())
            \(Self.address) \(try Self.key("host-ecdsa-256"))
            """
        for more in [[], ["BatchMode=yes"]] {
            let simulation = try Self.simulation("ask", known: known, more, answers: ["no"])
            #expect(throws: SSHClientError.self) { try simulation.run { _ in } }
        }
    }

    @Test(
        arguments: [
            (nil, "is unknown"), ("host-ed25519", "is unchanged"),
            ("host-ecdsa-384", "has a different value"), ("host-ecdsa-256", nil),
        ] as [(String?, String?)])
    func aChangedHostAtAnotherAddressMayBeAnotherHost(_ key: String?, finding: String?) throws {
        let other = try key.map { "\(Self.address) \(try Self.key($0))\n" } ?? ""
        let known = "server.example \(try Self.key("host-ecdsa-256"))\n\(other)"
        let simulation = try Self.simulation("ask", known: known)
        #expect {
            try simulation.run { _ in }
        } throws: { error in
            "\(error)".contains("the key has changed")
        }
        let shown = simulation.prompter.transcript
        #expect(shown.contains("POSSIBLE DNS SPOOFING DETECTED!") == (finding != nil))
        if let finding { #expect(shown.contains("IP address \(Self.address) \(finding)")) }
        let hasPlace = shown.contains("Offending key for IP in \(Self.file):2")
        #expect(hasPlace == (finding != nil && key != nil))
        #expect(shown.contains("Offending ECDSA key in \(Self.file):1"))
    }

    @Test(arguments: ["alias", "loopback", "proxy", "off", "numeric"])
    func theAddressIsLeftAloneWhereItSaysNothing(_ why: String) throws {
        var more: [String] = []
        var name = "server.example"
        switch why {
        case "alias": (more, name) = (["HostKeyAlias=alias", "CheckHostIP=no"], "alias")
        case "off": more = ["CheckHostIP=no"]
        case "numeric": (more, name) = (["HostName=\(Self.address)"], Self.address)
        default: break
        }
        let simulation = try Self.simulation(
            "yes", known: "\(name) \(try Self.key())\n", more)
        if why == "proxy" { simulation.world.serverAddress = nil }
        simulation.world.isLoopback = why == "loopback"
        try simulation.run { _ in }
        #expect(simulation.world.file(Self.file) == "\(name) \(try Self.key())\n")
        #expect(simulation.prompter.messages.isEmpty)
    }

    /// Names in a file may hold anything; long lists are cut.
    @Test func theQuestionSaysWhereElseTheKeyIsKnown() throws {
        let key = try Self.key()
        let lines =
            ["\u{1B}[2Jbad", "10.0.0.1", "|1|AAAA|AAAA", "@revoked x", Self.address, "b,c"]
            .map { "\($0) \(key)\n" } + (1...9).map { "other\($0) \(key)\n" }
        let simulation = try Self.simulation("ask", known: lines.joined(), answers: ["yes"])
        try simulation.run { _ in }
        let question = try #require(simulation.prompter.questions.first)
        let fingerprint = try Simulation.serverKey.get().publicKey.fingerprint
        #expect(
            question == """
                The authenticity of host 'server.example (\(Self.address))' can't be established.
                ED25519 key fingerprint is \(fingerprint).
                This host key is known by the following other names/addresses:
                    ~/.ssh/known_hosts:1: \\u{1B}[2Jbad
                    ~/.ssh/known_hosts:2: 10.0.0.1
                    ~/.ssh/known_hosts:6: b,c
                    ~/.ssh/known_hosts:7: other1
                    ~/.ssh/known_hosts:8: other2
                    ~/.ssh/known_hosts:9: other3
                    ~/.ssh/known_hosts:10: other4
                    ~/.ssh/known_hosts:11: other5
                    (4 additional names omitted)
                Are you sure you want to continue connecting (yes/no/[fingerprint])? \

                """)
    }

    @Test func theCommandIsAskedAboutTheAddressToo() throws {
        let simulation = try Self.simulation("yes", ["KnownHostsCommand=/p %I %H %t", "Port=2222"])
        let key = try Self.key()
        simulation.world.commandOutput = """
            [server.example]:2222 \(key)
            [\(Self.address)]:2222 \(try Self.key("host-ecdsa-256"))
            """
        #expect {
            try simulation.run { _ in }
        } throws: { error in
            "\(error)".contains("has another key in KnownHostsCommand-ADDRESS line 2")
        }
        #expect(
            simulation.world.commands == [
                ["/p", "ORDER", "[server.example]:2222", "NONE"],
                ["/p", "HOSTNAME", "[server.example]:2222", "ssh-ed25519"],
                ["/p", "ADDRESS", "[\(Self.address)]:2222", "ssh-ed25519"],
            ])
        // An address that the command does not know is not written where its host is not either.
        simulation.world.commandOutput = "[server.example]:2222 \(key)"
        try simulation.run { _ in }
        #expect(simulation.world.file(Self.file) == nil)
        #expect(
            simulation.prompter.messages.last
                == "ED25519 host key for IP address '[\(Self.address)]:2222' not in list of known "
                + "hosts.")
    }

    @Test func aHostWhoseKeyCannotBeRememberedIsRefused() throws {
        for strict in ["no", "accept-new", "ask"] {
            let simulation = try Self.simulation(strict, ["UserKnownHostsFile=none"])
            #expect {
                try simulation.run { _ in }
            } throws: { error in
                "\(error)".contains("UserKnownHostsFile names no file")
            }
        }
    }
}
