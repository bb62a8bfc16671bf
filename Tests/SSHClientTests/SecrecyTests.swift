// SPDX-License-Identifier: Apache-2.0

import LocalSFTPServer
import SSHClient
import SSHConfig
import SSHCrypto
import SSHProtocol
import Testing
import Wire

/// However much is said (`-v`, `-vv`, `-vvv`), nothing of it is secret.
@Suite struct SecrecyTests {
    static let levels = ["INFO", "VERBOSE", "DEBUG1", "DEBUG2", "DEBUG3"]
    private static let secret = "hunter2-wqxz"

    /// Demands that no part of some bytes stands in a text: as they are, in hexadecimal or in base64.
    private func expect(_ text: String, holdsNothingOf bytes: [UInt8]) {
        let lowered = text.lowercased()
        for start in stride(from: 0, through: bytes.count - 12, by: 3) {
            let piece = bytes[start..<start + 12]
            let digits = piece.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            for separator in ["", ":", " ", ", "] {
                #expect(!lowered.contains(digits.joined(separator: separator)))
            }
            #expect(!text.contains(Base64.encode(Array(piece))))
        }
    }

    @Test(arguments: levels)
    func passphrasesAndKeysAreNotTold(_ level: String) throws {
        let harness = try ClientHarness()
        let key = harness.home.file("key")
        try shell("ssh-keygen -q -t ed25519 -a 2 -N \(Self.secret) -f \(key)")
        let server = try SSHDaemon()
        try shell("cat \(key).pub >\(server.sandbox.file("authorized_keys"))")
        let agent = try SSHAgent()
        let options = try harness.options(
            server.port,
            [
                "IdentityFile=\(key)", "IdentityAgent=\(agent.socket)", "AddKeysToAgent=yes",
                "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=\(level)",
            ])
        let prompter = ScriptedPrompter(["wrong-\(Self.secret)", Self.secret])
        try harness.connectAndEcho(options, prompter, size: 1000)
        #expect(prompter.questions.count == 2)
        #expect(try agent.sshAdd("-l").contains("ED25519"))
        let told = prompter.messages.joined(separator: "\n")
        #expect((told.contains("Offering public key")) == level.hasPrefix("DEBUG"))
        #expect(!told.contains(Self.secret))
        // The file as it is, and the key inside: after the type and the point, 64 bytes of it.
        let file = try harness.home.read("key")
        for line in file.split(separator: "\n") where !line.hasPrefix("-") {
            #expect(!told.contains(line))
        }
        try shell("ssh-keygen -q -p -P \(Self.secret) -N '' -f \(key)")
        let body = try harness.home.read("key").split(separator: "\n").filter { !$0.hasPrefix("-") }
        let open = try Base64.decode(Array(body.joined().utf8)[...])
        let type = Array("ssh-ed25519".utf8)
        let starts = open.indices.dropLast(type.count).filter { open[$0...].starts(with: type) }
        let start = try #require(starts.last) + type.count + 4 + 32 + 4
        expect(told, holdsNothingOf: Array(open[start..<start + 32]))
    }

    @Test(arguments: levels)
    func passwordsAndAnswersAreNotTold(_ level: String) throws {
        var behaviour = MemoryServer.Behaviour(password: Self.secret)
        behaviour.wantsBoth = true
        behaviour.newPasswordLength = 5
        behaviour.questions = [
            AuthenticationQuestions(
                name: "", instruction: "",
                prompts: [AuthenticationPrompt(text: "answer-\(Self.secret)", echoes: false)])
        ]
        let answer = "answer-\(Self.secret)"
        let new = "new-\(Self.secret)"
        let simulation = try Simulation(
            ["LogLevel=\(level)"], answers: [answer, Self.secret, Self.secret, new, new],
            behaviour: behaviour
        ) {
            $0.authentication = ServerAuthenticationParameters(
                methods: [.keyboardInteractive, .password])
        }
        try simulation.run { try await echo($0, size: 1000) }
        #expect(simulation.prompter.questions.count == 5)
        let told = simulation.prompter.messages.joined(separator: "\n")
        #expect(!told.isEmpty)
        #expect(!told.contains(Self.secret))
        expect(told, holdsNothingOf: Array(Self.secret.utf8))
    }
}
