// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalSFTPServer
import SSHClient
import SSHConfig
import Testing

/// Ways to log in to OpenSSH's server, and not to.
@Suite struct LoginTests {
    private func options(
        _ harness: ClientHarness, _ server: SSHDaemon, identities: [String], agent: String? = nil,
        _ more: [String] = []
    ) throws -> ClientOptions {
        var options = try harness.trusting(server.port, more)
        options.identityFiles = try identities.map {
            IdentityFile(path: try TestKeys.path($0))
        }
        options.identityAgent = agent
        return options
    }

    @Test(arguments: TestKeys.kinds)
    func keyFilesOfEachTypeLogIn(_ kind: String) throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        try harness.connectAndEcho(try options(harness, server, identities: ["user-\(kind)"]))
        #expect(try server.log.contains("Accepted publickey for"))
        // The first offer was signed: the server has not been asked whether it wants the key.
        #expect(try !server.log.contains("Postponed publickey for"))
    }

    @Test(arguments: ["rsa-sha2-256", "rsa-sha2-512"])
    func rsaKeysSignAsConfigured(_ algorithm: String) throws {
        let server = try SSHDaemon(["PubkeyAcceptedAlgorithms \(algorithm)"])
        let harness = try ClientHarness()
        let options = try options(
            harness, server, identities: ["user-rsa-2048"],
            ["PubkeyAcceptedAlgorithms=\(algorithm)"])
        try harness.connectAndEcho(options)
        #expect(try server.log.contains("attempting public key \(algorithm) "))
    }

    @Test(arguments: TestKeys.kinds)
    func agentKeysOfEachTypeLogIn(_ kind: String) throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let agent = try SSHAgent(keys: ["user-\(kind)"])
        try harness.connectAndEcho(
            try options(harness, server, identities: [], agent: agent.socket))
        #expect(try server.log.contains("Accepted publickey for"))
        #expect(try server.log.contains("Postponed publickey for"))
    }

    @Test func identitiesOnlyKeepsOtherAgentKeysAway() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let agent = try SSHAgent(keys: ["user-ecdsa-256", "user-rsa-2048"])
        // The configuration names the public half; only the agent has the private one.
        var options = try options(
            harness, server, identities: [], agent: agent.socket, ["IdentitiesOnly=yes"])
        options.identityFiles = [
            IdentityFile(path: try TestKeys.path("user-rsa-2048") + ".pub")
        ]
        try harness.connectAndEcho(options)
        let log = try server.log
        #expect(!log.contains("public key ecdsa-sha2-nistp256"))
        #expect(log.contains("attempting public key rsa-sha2-512"))
    }

    @Test func agentThatIsNotThereDoesNoHarm() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        try harness.connectAndEcho(
            try options(
                harness, server, identities: ["user-ed25519"], agent: harness.home.file("none")))
    }

    @Test func refusedLoginNamesUserHostAndMethods() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let options = try options(harness, server, identities: ["host-rsa-2048"])
        #expect {
            try harness.connectAndEcho(options)
        } throws: { error in
            "\(error)"
                == "\(options.user)@127.0.0.1 port \(server.port): Permission denied (publickey): "
                + "publickey: the server did not take the one key offered"
        }
    }

    @Test func keyThatOthersMayReadIsIgnoredWithAWarning() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let key = try run("cat", TestKeys.path("user-ed25519")).output
        try harness.home.write(key, to: "exposed", mode: "644")
        var options = try options(harness, server, identities: [])
        options.identityFiles = [IdentityFile(path: harness.home.file("exposed"))]
        let prompter = ScriptedPrompter()
        #expect(throws: SSHClientError.self) { try harness.connectAndEcho(options, prompter) }
        #expect(prompter.transcript.contains("UNPROTECTED PRIVATE KEY FILE"))
        #expect(prompter.transcript.contains("0644 for '\(harness.home.file("exposed"))'"))
    }

    @Test func missingIdentityIsMentionedAndDefaultOnesAreNot() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let prompter = ScriptedPrompter()
        var options = try options(harness, server, identities: ["user-ed25519"])
        options.identityFiles.insert(IdentityFile(path: "/no/such/key"), at: 0)
        options.identityFiles.insert(IdentityFile(path: "/no/default", isDefault: true), at: 0)
        try harness.connectAndEcho(options, prompter)
        let messages = prompter.messages.filter { $0.hasPrefix("/no/") }
        #expect(messages == ["/no/such/key: no such identity"])
    }

    @Test func tooManyRefusedKeysEndWithTheServersReason() throws {
        let server = try SSHDaemon(["MaxAuthTries 1"])
        let harness = try ClientHarness()
        let options = try options(
            harness, server, identities: ["host-ed25519", "host-ecdsa-256", "user-ed25519"])
        #expect {
            try harness.connectAndEcho(options)
        } throws: { error in
            "\(error)".contains("Too many authentication failures")
        }
    }

    @Test func serversBannerIsShownHarmless() throws {
        let harness = try ClientHarness()
        try harness.home.write("Welcome\n\u{1B}]0;title\u{07}to us\n\n", to: "banner")
        let server = try SSHDaemon(["Banner \(harness.home.file("banner"))"])
        let prompter = ScriptedPrompter()
        try harness.connectAndEcho(
            try options(harness, server, identities: ["user-ed25519"]), prompter)
        let shown = try #require(prompter.messages.first { $0.hasPrefix("Welcome\n") })
        #expect(shown == "Welcome\n\\u{1B}]0;title\\u{7}to us")
        #expect(!shown.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }

    @Test func unknownSubsystemIsRefusedByName() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let options = try options(harness, server, identities: ["user-ed25519"])
        try harness.connect(options) { session in
            await #expect {
                _ = try await session.openSubsystem("nonsense")
            } throws: { error in
                "\(error)".contains("refused to start the subsystem \"nonsense\"")
            }
            // The connection is as good as before.
            try await echo(session, size: 1000)
        }
    }
}
