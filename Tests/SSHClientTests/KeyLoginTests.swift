// SPDX-License-Identifier: Apache-2.0

import EventLoop
import LocalSFTPServer
import SSHClient
import SSHConfig
import SSHCrypto
import Testing
import Wire

/// Encrypted keys, certificates, and what an agent is told and given, against OpenSSH's programs.
@Suite struct KeyLoginTests {
    /// A server that takes the keys and certificates made here, and a place for them.
    private struct Setting {
        let harness: ClientHarness
        let server: SSHDaemon

        init(_ lines: [String] = []) throws {
            harness = try ClientHarness()
            let authority = harness.home.file("authority")
            try shell("ssh-keygen -q -t ed25519 -N '' -f \(authority)")
            server = try SSHDaemon(lines + ["TrustedUserCAKeys \(authority).pub"])
        }

        func file(_ name: String) -> String { harness.home.file(name) }

        /// Makes a key that the server takes.
        func makeKey(_ name: String, _ arguments: String = "-t ed25519 -N ''") throws {
            try shell("ssh-keygen -q -a 1 -C made-for-a-test \(arguments) -f \(file(name))")
            try shell("cat \(file(name)).pub >>\(server.sandbox.file("authorized_keys"))")
        }

        /// Makes a certificate for a key that the server would not take by itself.
        func makeCertificate(_ name: String, user: String) throws {
            try shell("ssh-keygen -q -t ed25519 -N '' -f \(file(name))")
            try shell(
                "ssh-keygen -q -s \(file("authority")) -I id -n \(user) \(file(name)).pub 2>&1")
        }

        func options(
            _ identities: [String], agent: String? = nil, _ more: [String] = []
        ) throws -> ClientOptions {
            var options = try harness.trusting(server.port, more)
            options.identityFiles = identities.map { IdentityFile(path: file($0)) }
            options.identityAgent = agent
            return options
        }

        func log(_ prompter: ScriptedPrompter) -> String { prompter.transcript }
    }

    // MARK: Passphrases

    /// How a key is made, and whether its public half can be told without the passphrase.
    static let formats: [String] = [
        "-t ed25519 -N secret", "-t ecdsa -N secret", "-t rsa -b 2048 -N secret -m PEM",
        "-t rsa -b 2048 -N secret -m PKCS8", "-t ecdsa -N secret -m PEM",
    ]

    @Test(arguments: formats, [false, true])
    func passphraseIsAskedForUntilItIsRight(_ format: String, _ hasPublicFile: Bool) throws {
        let setting = try Setting()
        try setting.makeKey("key", format)
        if !hasPublicFile { try run("rm", setting.file("key.pub")) }
        let prompter = ScriptedPrompter(["wrong", "secret"])
        try setting.harness.connectAndEcho(try setting.options(["key"]), prompter)
        let question = "Enter passphrase for key '\(setting.file("key"))': "
        #expect(prompter.questions == [question, question])
        #expect(prompter.kinds == [.secret, .secret])
    }

    @Test func passphraseIsNotAskedForAKeyThatTheServerDoesNotWant() throws {
        let setting = try Setting()
        try shell("ssh-keygen -q -a 1 -t ed25519 -N secret -f \(setting.file("stranger"))")
        try setting.makeKey("key")
        let prompter = ScriptedPrompter()
        try setting.harness.connectAndEcho(try setting.options(["stranger", "key"]), prompter)
        #expect(prompter.questions.isEmpty)
    }

    @Test func nobodyIsAskedInBatchMode() throws {
        let setting = try Setting()
        try setting.makeKey("key", "-t ed25519 -N secret")
        let prompter = ScriptedPrompter(["secret"])
        let options = try setting.options(["key"], ["BatchMode=yes"])
        #expect(throws: SSHClientError.self) {
            try setting.harness.connectAndEcho(options, prompter)
        }
        #expect(prompter.questions.isEmpty)
        #expect(prompter.transcript.contains("BatchMode"))
    }

    @Test func noPassphraseMeansTheNextKey() throws {
        let setting = try Setting()
        try setting.makeKey("locked", "-t ed25519 -N secret")
        try setting.makeKey("key")
        let prompter = ScriptedPrompter([""])
        try setting.harness.connectAndEcho(try setting.options(["locked", "key"]), prompter)
        #expect(prompter.questions.count == 1)
    }

    // MARK: Certificates

    @Test func certificateBesideAKeyLogsIn() throws {
        let setting = try Setting()
        let options = try setting.options(["key"])
        try setting.makeCertificate("key", user: options.user)
        try setting.harness.connectAndEcho(options)
        #expect(try setting.server.log.contains("ED25519-CERT SHA256:"))
    }

    @Test func namedCertificateGoesWithTheKeyWhereverThatIs() throws {
        let setting = try Setting()
        var options = try setting.options(["elsewhere"])
        try setting.makeCertificate("key", user: options.user)
        try shell("mv \(setting.file("key")) \(setting.file("elsewhere"))")
        options.certificateFiles = [setting.file("key-cert.pub")]
        try setting.harness.connectAndEcho(options)

        let agent = try SSHAgent()
        _ = try agent.sshAdd("-q \(setting.file("elsewhere"))")
        var fromAgent = try setting.options([], agent: agent.socket)
        fromAgent.certificateFiles = [setting.file("key-cert.pub")]
        try setting.harness.connectAndEcho(fromAgent)
    }

    @Test func agentsCertificateLogsIn() throws {
        let setting = try Setting()
        let agent = try SSHAgent()
        let options = try setting.options([], agent: agent.socket)
        try setting.makeCertificate("key", user: options.user)
        _ = try agent.sshAdd("-q \(setting.file("key"))")
        try setting.harness.connectAndEcho(options)
        #expect(try setting.server.log.contains("ED25519-CERT SHA256:"))
    }

    @Test(arguments: ["rsa-sha2-256", "rsa-sha2-512"])
    func rsaCertificateSignsAsConfigured(_ algorithm: String) throws {
        let name = "\(algorithm)-cert-v01@openssh.com"
        let setting = try Setting(["PubkeyAcceptedAlgorithms \(name)"])
        let options = try setting.options(["key"], ["PubkeyAcceptedAlgorithms=\(name)"])
        try shell("ssh-keygen -q -t rsa -b 2048 -N '' -f \(setting.file("key"))")
        try shell(
            "ssh-keygen -q -s \(setting.file("authority")) -I id -n \(options.user) "
                + "\(setting.file("key")).pub 2>&1")
        try setting.harness.connectAndEcho(options)
        #expect(try setting.server.log.contains("RSA-CERT SHA256:"))
    }

    @Test func certificateForSomebodyElseIsRefused() throws {
        let setting = try Setting()
        try setting.makeCertificate("key", user: "somebody-else")
        let options = try setting.options(["key"])
        #expect(throws: SSHClientError.self) { try setting.harness.connectAndEcho(options) }
    }

    // MARK: Binding

    @Test func keysAreBoundToTheHostUnlessThatIsNotWanted() throws {
        for (value, expected) in [("yes", true), ("host-bound", true), ("unbound", false)] {
            let setting = try Setting()
            try setting.makeKey("key")
            try setting.harness.connectAndEcho(
                try setting.options(["key"], ["PubkeyAuthentication=\(value)"]))
            let isBound = try setting.server.log.contains(
                "method publickey-hostbound-v00@openssh.com")
            #expect(isBound == expected, "\(value)")
        }
    }

    @Test func agentTakesTheBinding() throws {
        // A key that may be used for this host only: without a binding the agent would not sign.
        let setting = try Setting()
        try setting.makeKey("key")
        let known = setting.harness.home.file("known")
        try setting.harness.home.write(
            "bound.example \(try TestKeys.publicLine("host-ed25519"))", to: "known")
        let agent = try SSHAgent()
        let added = try agent.sshAdd("-q -H \(known) -h bound.example \(setting.file("key"))")
        #expect(added == "")
        let options = try setting.options([], agent: agent.socket)
        try setting.harness.connectAndEcho(options)

        _ = try agent.sshAdd("-q -D")
        try setting.harness.home.write(
            "bound.example \(try TestKeys.publicLine("host-ecdsa-256"))", to: "known")
        _ = try agent.sshAdd("-q -H \(known) -h bound.example \(setting.file("key"))")
        #expect(throws: SSHClientError.self) { try setting.harness.connectAndEcho(options) }
    }

    // MARK: Adding keys

    @Test(arguments: ["yes", "confirm", "30m", "confirm 1h"])
    func keyThatWasUsedIsGivenToTheAgent(_ value: String) throws {
        let setting = try Setting()
        try setting.makeKey("key", "-t rsa -b 2048 -N secret")
        let agent = try SSHAgent()
        #expect(try agent.sshAdd("-l").contains("no identities"))
        try setting.harness.connectAndEcho(
            try setting.options(["key"], agent: agent.socket, ["AddKeysToAgent=\(value)"]),
            ScriptedPrompter(["secret"]))
        #expect(try agent.sshAdd("-l").contains(" made-for-a-test (RSA)"))
        if !value.hasPrefix("confirm") {
            // Now it comes from there.
            let prompter = ScriptedPrompter()
            try setting.harness.connectAndEcho(
                try setting.options([], agent: agent.socket), prompter)
        }
    }

    @Test func userMayKeepAKeyFromTheAgent() throws {
        let setting = try Setting()
        try setting.makeKey("key")
        for (answer, count) in [("no", 0), ("yes", 1)] {
            let agent = try SSHAgent()
            let prompter = ScriptedPrompter([answer])
            try setting.harness.connectAndEcho(
                try setting.options(["key"], agent: agent.socket, ["AddKeysToAgent=ask"]),
                prompter)
            #expect(prompter.kinds == [.permission])
            #expect(
                prompter.questions.first?.hasPrefix("Add key \(setting.file("key")) (SHA256:")
                    == true)
            #expect(try agent.sshAdd("-l").contains("made-for-a-test") == (count == 1))
        }
    }
}
