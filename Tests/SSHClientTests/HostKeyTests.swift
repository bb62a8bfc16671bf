// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalSFTPServer
import SSHClient
import SSHConfig
import Testing

/// Which servers are trusted.
@Suite struct HostKeyTests {
    private let server: SSHDaemon

    init() throws {
        server = try SSHDaemon(hostKeys: ["host-ed25519", "host-rsa-2048", "host-ecdsa-256"])
    }

    private static func fingerprint(_ key: String) throws -> String {
        let text = try run("ssh-keygen", "-lf", TestKeys.path(key) + ".pub").output
        return String(text.split(separator: " ")[1])
    }

    /// A line of known_hosts for the server, with the key `key`.
    private func line(_ key: String, marker: String = "") throws -> String {
        let parts = try TestKeys.publicLine(key).split(separator: " ")
        return "\(marker)[127.0.0.1]:\(server.port) \(parts[0]) \(parts[1])\n"
    }

    private func options(
        _ harness: ClientHarness, _ strict: String, _ more: [String] = []
    ) throws -> ClientOptions {
        try harness.options(
            server.port,
            more + [
                "StrictHostKeyChecking=\(strict)", "IdentityAgent=none",
                "IdentityFile=\(try TestKeys.path("user-ed25519"))",
                "UserKnownHostsFile=~/.ssh/known_hosts", "GlobalKnownHostsFile=/dev/null",
                "UpdateHostKeys=no",
            ])
    }

    private static func know(_ lines: String, _ harness: ClientHarness) throws {
        try run("mkdir", "-p", harness.home.file(".ssh"))
        try harness.home.write(lines, to: ".ssh/known_hosts")
    }

    @Test func knownKeyIsAccepted() throws {
        let harness = try ClientHarness()
        try Self.know(try line("host-ed25519"), harness)
        let prompter = ScriptedPrompter()
        try harness.connectAndEcho(try options(harness, "yes"), prompter)
        #expect(prompter.transcript.isEmpty)
    }

    @Test func hashedNameIsFound() throws {
        let harness = try ClientHarness()
        try Self.know(try line("host-ed25519"), harness)
        try shell("ssh-keygen -q -H -f \(harness.home.file(".ssh/known_hosts")) 2>/dev/null")
        #expect(try harness.home.read(".ssh/known_hosts").hasPrefix("|1|"))
        try harness.connectAndEcho(try options(harness, "yes"))
    }

    /// The server has other keys that we would like better.
    @Test(arguments: ["host-rsa-2048", "host-ecdsa-256"])
    func keyTypeThatIsKnownIsPreferred(_ key: String) throws {
        let harness = try ClientHarness()
        try Self.know(try line(key), harness)
        try harness.connectAndEcho(try options(harness, "yes"))
    }

    @Test func changedKeyIsRefusedLoudly() throws {
        let harness = try ClientHarness()
        try Self.know("# first line\n" + (try line("user-ed25519")), harness)
        let prompter = ScriptedPrompter(["yes", "yes"])
        #expect {
            try harness.connectAndEcho(try options(harness, "ask"), prompter)
        } throws: { error in
            "\(error)".contains("host key verification failed: the key has changed")
        }
        #expect(prompter.questions.isEmpty)
        let warning = prompter.transcript
        #expect(warning.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"))
        #expect(warning.contains("\(harness.home.file(".ssh/known_hosts")):2"))
        #expect(warning.contains(try Self.fingerprint("host-ed25519")))
        // What it says to do helps.
        let command = try #require(
            warning.split(separator: "\n").first { $0.contains("ssh-keygen") })
        try shell("\(command) 2>/dev/null")
        #expect(try harness.home.read(".ssh/known_hosts") == "# first line\n")
    }

    @Test func changedKeyWithCheckingOffGetsNoPassword() throws {
        let server = try SSHDaemon(["PasswordAuthentication yes"])
        let harness = try ClientHarness()
        let parts = try TestKeys.publicLine("user-ed25519").split(separator: " ")
        try Self.know("[127.0.0.1]:\(server.port) \(parts[0]) \(parts[1])\n", harness)
        var options = try harness.options(
            server.port,
            ["StrictHostKeyChecking=no", "GlobalKnownHostsFile=/dev/null", "IdentityAgent=none"])
        options.identityFiles = []
        let prompter = ScriptedPrompter(["secret"])
        #expect {
            try harness.connectAndEcho(options, prompter)
        } throws: { error in
            "\(error)".contains("Permission denied (publickey,password): ")
        }
        #expect(prompter.questions.isEmpty)
    }

    @Test func unknownKeyIsRefusedWhereStrict() throws {
        let harness = try ClientHarness()
        #expect {
            try harness.connectAndEcho(try options(harness, "yes"))
        } throws: { error in
            "\(error)".contains("is unknown")
        }
        #expect(throws: SSHClientError.self) {
            try harness.connectAndEcho(
                try options(harness, "ask", ["BatchMode=yes"]), ScriptedPrompter(["yes"]))
        }
    }

    @Test(arguments: [false, true])
    func newKeyIsAcceptedAndRemembered(hashed: Bool) throws {
        let harness = try ClientHarness()
        let prompter = ScriptedPrompter()
        let option = "HashKnownHosts=\(hashed ? "yes" : "no")"
        let world = SystemWorld(loop: harness.loop, environment: ["HOME": harness.home.path])
        try harness.connect(
            try options(harness, "accept-new", [option]), prompter, world: world
        ) { try await echo($0, size: 1000) }
        #expect(prompter.questions.isEmpty)
        // Now it is known: to us, and to ssh-keygen.
        try harness.connectAndEcho(try options(harness, "yes"))
        let file = harness.home.file(".ssh/known_hosts")
        let name = "[127.0.0.1]:\(server.port)"
        #expect(try run("ssh-keygen", "-F", name, "-f", file).status == 0)
        #expect(try run("cat", file).output.hasPrefix("|1|") == hashed)
        let modes = try run("stat", "-c", "%a", file, harness.home.file(".ssh")).output
        #expect(modes == "600\n700\n")
    }

    /// As with ssh, which makes `~/.ssh` and nothing else.
    @Test func noDirectoryIsMadeForANewKey() throws {
        let harness = try ClientHarness()
        let prompter = ScriptedPrompter()
        let file = harness.home.file("none/known_hosts")
        try harness.connectAndEcho(
            try options(harness, "accept-new", ["UserKnownHostsFile=\(file)"]), prompter)
        #expect(prompter.transcript.contains("Could not add the host key to \(file): No such file"))
        #expect(unsafe access(harness.home.file("none"), F_OK) != 0)
    }

    @Test func lineIsAddedBehindOneWithoutANewline() throws {
        let harness = try ClientHarness()
        try Self.know("other.example ssh-ed25519 AAAA", harness)
        try harness.connectAndEcho(try options(harness, "accept-new"))
        let lines = try harness.home.read(".ssh/known_hosts").split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first == "other.example ssh-ed25519 AAAA")
    }

    enum Answer: CaseIterable { case yes, fingerprint, afterNonsense, no, nothing }

    @Test(arguments: Answer.allCases)
    func unknownKeyIsAskedAbout(_ answer: Answer) throws {
        let harness = try ClientHarness()
        let fingerprint = try Self.fingerprint("host-ed25519")
        let answers =
            switch answer {
            case .yes: ["yes"]
            case .fingerprint: [fingerprint]
            case .afterNonsense: ["perhaps", "YES"]
            case .no: ["no"]
            case .nothing: [String]()
            }
        let prompter = ScriptedPrompter(answers)
        let isAccepted = answer != .no && answer != .nothing
        do {
            try harness.connectAndEcho(try options(harness, "ask"), prompter)
            #expect(isAccepted)
        } catch {
            #expect(!isAccepted)
            #expect("\(error)".contains("host key verification failed"))
        }
        let question = try #require(prompter.questions.first)
        #expect(question.contains("ED25519 key fingerprint is \(fingerprint)."))
        #expect(question.hasSuffix("(yes/no/[fingerprint])? "))
        #expect(prompter.questions.count == max(1, answers.count))
    }

    @Test func revokedKeyIsRefused() throws {
        let harness = try ClientHarness()
        try Self.know(
            try line("host-ed25519") + (try line("host-ed25519", marker: "@revoked ")),
            harness)
        let prompter = ScriptedPrompter()
        #expect {
            try harness.connectAndEcho(try options(harness, "ask"), prompter)
        } throws: { error in
            "\(error)".contains("the key is revoked in") && "\(error)".contains("line 2")
        }
        #expect(prompter.transcript.contains("REVOKED HOST KEY DETECTED!"))
        // As with ssh, whoever turns checking off gets it off, and warned.
        let other = ScriptedPrompter()
        try harness.connectAndEcho(try options(harness, "no"), other)
        #expect(other.transcript.contains("REVOKED HOST KEY DETECTED!"))
        #expect(other.transcript.contains("no password will be sent"))
    }

    @Test func keysOfThisMachineMayGoUnchecked() throws {
        let harness = try ClientHarness()
        let known = try line("user-ed25519")
        try Self.know(known, harness)
        let more = ["NoHostAuthenticationForLocalhost=yes"]
        let prompter = ScriptedPrompter()
        try harness.connectAndEcho(
            try options(harness, "yes", more + ["UpdateHostKeys=yes"]), prompter)
        #expect(prompter.transcript.isEmpty)
        #expect(try harness.home.read(".ssh/known_hosts") == known)
        #expect(throws: SSHClientError.self) {
            try harness.connectAndEcho(try options(harness, "yes", more + ["HostKeyAlias=x"]))
        }
    }

    @Test func aKeyThatCannotBeWrittenDownIsNoReasonNotToConnect() throws {
        let harness = try ClientHarness()
        let prompter = ScriptedPrompter()
        try harness.connectAndEcho(
            try options(
                harness, "accept-new", ["UserKnownHostsFile=/proc/none/known_hosts"]), prompter)
        #expect(
            prompter.transcript.contains("Could not add the host key to /proc/none/known_hosts: "))
    }

    @Test func theQuestionIsThatOfSSH() throws {
        let harness = try ClientHarness()
        let key = try TestKeys.publicLine("host-ed25519").split(separator: " ").prefix(2)
            .joined(separator: " ")
        let names = ["one,10.0.0.1", "two", "*.three", "[127.0.0.1]:1", "@cert-authority x"]
        try Self.know(names.map { "\($0) \(key)\n" }.joined(), harness)
        let file = harness.home.file(".ssh/known_hosts")
        try shell("ssh-keygen -q -H -f \(file) 2>/dev/null; echo 'five \(key)' >>\(file)")
        try harness.home.write(
            "#!/bin/sh\nprintf %s \"$1\" >\(harness.home.file("asked"))\necho no\n",
            to: "askpass", mode: "700")
        let more = ["HostKeyAlgorithms=ssh-ed25519", "VisualHostKey=yes"]
        let common =
            more + [
                "StrictHostKeyChecking=ask", "UserKnownHostsFile=\(file)",
                "GlobalKnownHostsFile=/dev/null",
            ]
        let words =
            [
                "env", "SSH_ASKPASS=\(harness.home.file("askpass"))",
                "SSH_ASKPASS_REQUIRE=force", "ssh", "-F", "none", "-n", "-p", "\(server.port)",
            ] + common.flatMap { ["-o", $0] }
        #expect(try run(words + ["x@127.0.0.1"]).status == 255)
        let prompter = ScriptedPrompter(["no"])
        #expect(throws: SSHClientError.self) {
            try harness.connectAndEcho(
                try harness.options(server.port, common), prompter)
        }
        #expect(prompter.questions == [try harness.home.read("asked")])
    }

    @Test func shortRSAKeyIsRefused() throws {
        let harness = try ClientHarness()
        #expect {
            try harness.connectAndEcho(
                try options(
                    harness, "no", ["HostKeyAlgorithms=rsa-sha2-512", "RequiredRSASize=3072"]))
        } throws: { error in
            "\(error)".contains("the RSA key has 2048 bits, and 3072 are required")
        }
    }

    @Test func unreadableKnownHostsAreNotPassedOver() throws {
        let harness = try ClientHarness()
        try run("mkdir", "-p", harness.home.file(".ssh/known_hosts"))
        #expect {
            try harness.connectAndEcho(try options(harness, "accept-new"))
        } throws: { error in
            "\(error)".contains("known_hosts: not a regular file")
        }
    }

    @Test(arguments: ["sha256", "md5"]) func fingerprintsAndPicturesAreThoseOfSSHKeygen(
        _ hash: String
    ) throws {
        let harness = try ClientHarness()
        try Self.know("", harness)
        let prompter = ScriptedPrompter(["what?", "yes"])
        let more = ["VisualHostKey=yes", "FingerprintHash=\(hash)"]
        try harness.connectAndEcho(try options(harness, "ask", more), prompter)
        let path = try TestKeys.path("host-ed25519") + ".pub"
        let listed = try run("ssh-keygen", "-lv", "-E", hash, "-f", path).output
        let fingerprint = listed.split(separator: " ")[1]
        let picture = listed.drop { $0 != "\n" }.dropFirst().dropLast()
        #expect(prompter.questions[0].contains("key fingerprint is \(fingerprint)."))
        #expect(prompter.questions[0].contains(picture))
        #expect(prompter.questions[1].contains("'yes', 'no' or the fingerprint"))
        // Known, it is shown all the same; and its fingerprint is as good as a yes.
        let again = ScriptedPrompter()
        try harness.connectAndEcho(try options(harness, "yes", more), again)
        #expect(again.transcript.contains(picture))
        let other = try ClientHarness()
        let paste = ScriptedPrompter(["\(fingerprint)"])
        try other.connectAndEcho(try options(other, "ask", more), paste)
        #expect(paste.questions.count == 1)
    }
}
