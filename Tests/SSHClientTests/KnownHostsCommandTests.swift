// SPDX-License-Identifier: Apache-2.0

import LocalSFTPServer
import SSHClient
import SSHConfig
import Testing

/// Host keys that a program knows (`KnownHostsCommand`), with OpenSSH's server, and its client beside
/// ours.
@Suite struct KnownHostsCommandTests {
    private let harness: ClientHarness
    private let server: SSHDaemon

    init() throws {
        harness = try ClientHarness()
        server = try SSHDaemon(hostKeys: ["host-ed25519", "host-rsa-2048"])
    }

    private func line(_ key: String) throws -> String {
        let parts = try TestKeys.publicLine(key).split(separator: " ")
        return "[127.0.0.1]:\(server.port) \(parts[0]) \(parts[1])"
    }

    /// A program that notes its arguments and then does as the test says.
    private func program(_ commands: String) throws -> String {
        try harness.home.write(
            "#!/bin/sh\necho \"$@\" >>\(harness.home.file("calls"))\n\(commands)\n",
            to: "program", mode: "700")
        return harness.home.file("program") + " %I %H %t %f %K %h"
    }

    private func options(
        _ command: String, _ strict: String = "yes", _ more: [String] = []
    ) throws -> [String] {
        more + [
            "KnownHostsCommand=\(command)", "StrictHostKeyChecking=\(strict)",
            "IdentityAgent=none", "IdentityFile=\(try TestKeys.path("user-ed25519"))",
            "UserKnownHostsFile=\(harness.home.file("known_hosts"))",
            "GlobalKnownHostsFile=/dev/null",
        ]
    }

    private func connect(_ options: [String]) throws -> ScriptedPrompter {
        let prompter = ScriptedPrompter()
        try harness.connectAndEcho(
            try harness.options(server.port, options), prompter, size: 1000)
        return prompter
    }

    private func refusal(_ options: [String]) throws -> String {
        do {
            _ = try connect(options)
            Issue.record("not refused")
            return ""
        } catch let error as SSHClientError {
            return "\(error)"
        }
    }

    /// Which key is known decides which one is asked for, so the program is called before there is one.
    @Test func theCommandIsAskedBeforeAndAfterTheKeyIsShown() throws {
        let command = try program("echo '\(try line("host-rsa-2048"))'")
        #expect(try connect(try options(command)).transcript.isEmpty)
        let lines = try harness.home.read("calls").split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first == "ORDER [127.0.0.1]:\(server.port) NONE NONE NONE 127.0.0.1")
        #expect(
            lines.last?.hasPrefix("HOSTNAME [127.0.0.1]:\(server.port) ssh-rsa SHA256:") == true)
        // Nothing of it is written down.
        #expect(try run("test", "-e", harness.home.file("known_hosts")).status != 0)
    }

    /// But for ORDER, where ssh leaves the port out of %H, against what its manual says.
    @Test func theCommandIsAskedAsByOpenSSH() throws {
        let all = try options(try program("echo '\(try line("host-ed25519"))'"))
        _ = try connect(all)
        let words =
            ["ssh", "-F", "none", "-n", "-p", "\(server.port)"] + all.flatMap { ["-o", $0] }
        let user = String(try ClientHarness.user.get())
        #expect(try run(words + ["\(user)@127.0.0.1", "true"]).status == 0)
        let calls = try harness.home.read("calls").split(separator: "\n")
        #expect(calls.count == 4)
        #expect(calls[1].hasPrefix("HOSTNAME "))
        #expect(calls[1] == calls[3])
    }

    @Test func whereTheOrderIsTheUsersTheCommandIsNotAskedForIt() throws {
        let command = try program("echo '\(try line("host-rsa-2048"))'")
        _ = try connect(try options(command, "yes", ["HostKeyAlgorithms=rsa-sha2-512"]))
        let calls = try harness.home.read("calls").split(separator: "\n")
        #expect(calls.count == 1 && calls[0].hasPrefix("HOSTNAME "))
    }

    @Test func aKeyThatTheCommandDoesNotKnowIsUnknownOrChanged() throws {
        #expect(try refusal(options(try program("true"))).contains("is unknown"))
        let other = try program("echo '# text'; echo '\(try line("user-ed25519"))'")
        let prompter = ScriptedPrompter()
        #expect(throws: SSHClientError.self) {
            try harness.connectAndEcho(
                try harness.options(server.port, try options(other)), prompter)
        }
        #expect(
            prompter.transcript.contains("Offending ED25519 key in KnownHostsCommand-HOSTNAME:2"))
        let key = try TestKeys.publicLine("host-ed25519").split(separator: " ")
        let revoking = try program("echo '@revoked * \(key[0]) \(key[1])'")
        #expect(
            try refusal(options(revoking, "accept-new", ["HostKeyAlgorithms=ssh-ed25519"]))
                .contains("revoked in KnownHostsCommand-HOSTNAME line 1"))
    }

    @Test(arguments: [
        ("echo text >&2; exit 3", "ended with exit status 3"),
        ("kill -9 $$", "ended with signal 9"),
        ("exec cat /dev/zero", "printed more than 16777216 bytes"),
    ])
    func aCommandThatFailsIsNoGroundToTrust(_ commands: String, _ reason: String) throws {
        try harness.home.write(try line("host-ed25519") + "\n", to: "known_hosts")
        let error = try refusal(options(try program(commands)))
        #expect(error.contains("KnownHostsCommand-ORDER"))
        #expect(error.contains(reason))
    }

    @Test(arguments: ["exec sleep 1000", "trap '' TERM; while :; do sleep 1; done", "sleep 3 &"])
    func aCommandThatDoesNotEndDoesNotHoldConnectingUp(_ commands: String) throws {
        let error = try refusal(options(try program(commands), "yes", ["ConnectTimeout=1"]))
        #expect(error.contains("did not end in time"))
    }

    /// As with ssh: the files still count.
    @Test(arguments: ["/does/not/exist", "true %H"])
    func aCommandThatCannotBeRunSaysNothing(_ command: String) throws {
        try harness.home.write(try line("host-ed25519") + "\n", to: "known_hosts")
        let shown = try connect(try options(command)).transcript
        #expect(shown.contains("KnownHostsCommand-ORDER: \(command)".prefix(30)))
        #expect(shown.contains("KnownHostsCommand-HOSTNAME: "))
    }

    @Test func whatTheCommandComplainsAboutIsShown() throws {
        let command = try program(
            "printf '\\033[1mno directory\\n' >&2; echo '\(try line("host-ed25519"))'")
        #expect(
            try connect(try options(command)).transcript.contains(
                "KnownHostsCommand-ORDER: \\u{1B}[1mno directory"))
    }
}
