// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalSFTPServer
import SSHClient
import SSHConfig
import Testing

/// A host's keys that change while it is known (`UpdateHostKeys`), with OpenSSH's server.
@Suite struct UpdateHostKeysTests {
    private let harness: ClientHarness
    private let server: SSHDaemon
    private let name: String

    init() throws {
        harness = try ClientHarness()
        server = try SSHDaemon(hostKeys: ["host-ed25519", "host-rsa-2048", "host-ecdsa-256"])
        name = "[127.0.0.1]:\(server.port)"
    }

    private static let all = ["host-ed25519", "host-rsa-2048", "host-ecdsa-256"]

    private func line(_ key: String, _ name: String? = nil) throws -> String {
        let parts = try TestKeys.publicLine(key).split(separator: " ")
        return "\(name ?? self.name) \(parts[0]) \(parts[1])\n"
    }

    /// Connects until the file is as it should be, or for a while where nothing should happen, and says
    /// what was shown.
    private func connect(
        _ lines: String, _ more: [String] = [], answers: [String] = [],
        until isDone: (@Sendable (String) -> Bool)? = nil
    ) throws -> ScriptedPrompter {
        let file = harness.home.file("known_hosts")
        try harness.home.write(lines, to: "known_hosts")
        let prompter = ScriptedPrompter(answers)
        let options = try harness.options(
            server.port,
            more + [
                "StrictHostKeyChecking=yes", "UpdateHostKeys=yes", "IdentityAgent=none",
                "IdentityFile=\(try TestKeys.path("user-ed25519"))",
                "UserKnownHostsFile=\(file)", "GlobalKnownHostsFile=/dev/null",
                "HostKeyAlgorithms=+ssh-ed25519",
            ])
        let home = harness.home
        try harness.connect(options, prompter) { session in
            try await echo(session, size: 1000)
            // What the server advertised comes before the answer to the first request.
            guard let isDone else { return try await session.loop.sleep(for: .milliseconds(200)) }
            for _ in 0..<1000 where !isDone(try home.read("known_hosts")) {
                try await session.loop.sleep(for: .milliseconds(10))
            }
        }
        return prompter
    }

    private func keys(of text: String) -> Set<String> {
        Set(text.split(separator: "\n").map { String($0.split(separator: " ")[2]) })
    }

    private func blobs(_ keys: [String]) throws -> Set<String> {
        Set(try keys.map { String(try TestKeys.publicLine($0).split(separator: " ")[1]) })
    }

    @Test(arguments: [false, true])
    func newKeysAreLearnedAndOldOnesForgotten(isHashed: Bool) throws {
        let stale = try line("user-ecdsa-384")
        let other = try line("user-rsa-2048", "other.example")
        let start = "# mine\n\(other)" + (try line("host-ed25519")) + stale
        let wanted = try blobs(Self.all + ["user-rsa-2048"])
        let prompter = try connect(
            start, ["HashKnownHosts=\(isHashed ? "yes" : "no")", "LogLevel=VERBOSE"],
            until: { $0.split(separator: "\n").count == 5 && !$0.contains(stale) })
        let text = try harness.home.read("known_hosts")
        #expect(text.hasPrefix("# mine\n\(other)"))
        #expect(keys(of: String(text.dropFirst(7))) == wanted)
        #expect(text.contains("|1|") == isHashed)
        #expect(prompter.transcript.contains("Learned new hostkey: RSA SHA256:"))
        #expect(prompter.transcript.contains("Deprecating obsolete hostkey: ECDSA SHA256:"))
        // What was there before is beside it, and ssh-keygen finds every key.
        #expect(try harness.home.read("known_hosts.old") == start)
        let found = try run("ssh-keygen", "-F", name, "-f", harness.home.file("known_hosts"))
        #expect(found.output.split(separator: "\n").filter { !$0.hasPrefix("#") }.count == 3)
        #expect(try run("stat", "-c", "%a", harness.home.file("known_hosts")).output == "600\n")
    }

    @Test func nothingIsWrittenWhereNothingIsNew() throws {
        let lines = try Self.all.map { try line($0) }.joined()
        let prompter = try connect(lines)
        #expect(try harness.home.read("known_hosts") == lines)
        #expect(prompter.transcript.isEmpty)
    }

    @Test(arguments: [
        ["UpdateHostKeys=no"], ["UpdateHostKeys=ask", "BatchMode=yes"],
    ])
    func nothingIsLearnedWhereItIsNotWanted(_ more: [String]) throws {
        let lines = try line("host-ed25519")
        _ = try connect(lines, more)
        #expect(try harness.home.read("known_hosts") == lines)
    }

    @Test(arguments: ["127.0.0.*", "a,b,[127.0.0.1]:PORT"])
    func linesAboutOthersTooAreLeftAlone(_ names: String) throws {
        let names = names.replacing("PORT", with: "\(server.port)")
        let lines = try line("host-ed25519", names == "127.0.0.*" ? "[127.0.0.*]:*" : names)
        _ = try connect(lines)
        #expect(try harness.home.read("known_hosts") == lines)
    }

    /// The file of others, a name without the port, another name, a key that nobody has looked at:
    /// what ssh leaves alone.
    @Test(arguments: ["global", "portless", "elsewhere", "new"])
    func keysAreLearnedOnlyWhereTheUsersFileIsAboutThisHostAlone(_ why: String) throws {
        var (lines, more) = ("", [String]())
        switch why {
        case "global":
            let path = harness.home.file("global")
            try harness.home.write(try line("host-ed25519"), to: "global")
            more = ["GlobalKnownHostsFile=\(path)"]
        case "portless": lines = try line("host-ed25519", "127.0.0.1")
        case "elsewhere":
            lines = try line("host-ed25519") + (try line("host-rsa-2048", "other.example"))
        default: more = ["StrictHostKeyChecking=accept-new"]
        }
        _ = try connect(lines, more)
        let text = try harness.home.read("known_hosts")
        if why == "new" {
            #expect(text == (try line("host-ed25519")))
        } else {
            #expect(text == lines)
        }
        // ssh agrees, given the same files.
        let options =
            more + [
                "StrictHostKeyChecking=yes", "UpdateHostKeys=yes",
                "IdentityFile=\(try TestKeys.path("user-ed25519"))",
                "UserKnownHostsFile=\(harness.home.file("known_hosts"))",
                "GlobalKnownHostsFile=/dev/null",
            ]
        let user = String(try ClientHarness.user.get())
        if why == "new" { try harness.home.write("", to: "known_hosts") }
        let words =
            ["ssh", "-F", "none", "-n", "-p", "\(server.port)"] + options.flatMap { ["-o", $0] }
        #expect(try run(words + ["\(user)@127.0.0.1", "true"]).status == 0)
        #expect(try harness.home.read("known_hosts") == text)
    }

    @Test func everyFileOfTheUsersIsKeptUpToDate() throws {
        let second = harness.home.file("second")
        try harness.home.write(
            "# mine\n" + (try line("user-ecdsa-384")) + (try line("host-ecdsa-256")),
            to: "second", mode: "644")
        try run("ln", "-s", second, harness.home.file("link"))
        let first = harness.home.file("known_hosts")
        _ = try connect(
            try line("host-ed25519"),
            ["UserKnownHostsFile=\(first) \(harness.home.file("link"))"],
            until: { $0.split(separator: "\n").count == 2 })
        #expect(
            try harness.home.read("known_hosts")
                == (try line("host-ed25519") + (try line("host-rsa-2048"))))
        let wanted = "# mine\n" + (try line("host-ecdsa-256"))
        for _ in 0..<1000 where try harness.home.read("second") != wanted { usleep(2_000) }
        #expect(try harness.home.read("second") == wanted)
        // A link stays one, and the mode is the one that it was.
        #expect(try run("readlink", harness.home.file("link")).output == "\(second)\n")
        #expect(try run("stat", "-c", "%a", second).output == "644\n")
    }

    @Test func theUserMayBeAsked() throws {
        let lines = try line("host-ed25519")
        let refused = try connect(lines, ["UpdateHostKeys=ask"], answers: ["what", "no"])
        #expect(refused.questions.allSatisfy { $0.contains("Accept updated hostkeys?") })
        #expect(try harness.home.read("known_hosts") == lines)
        _ = try connect(
            lines, ["UpdateHostKeys=ask"], answers: ["yes"],
            until: { $0.split(separator: "\n").count == 3 })
        #expect(try keys(of: harness.home.read("known_hosts")) == blobs(Self.all))
    }

    /// With `CheckHostIP`, names and addresses are kept alike.
    @Test(arguments: [false, true])
    func keysOfTheAddressFollowThoseOfTheName(isHashed: Bool) throws {
        let address = "[192.0.2.7]:\(server.port)"
        let stale = try line("user-ecdsa-384") + (try line("user-ecdsa-384", address))
        let others =
            try line("user-ecdsa-521", "other.example") + (try line("user-rsa-2048", address))
        let known = try line("host-ed25519") + (try line("host-ed25519", address))
        try harness.home.write(stale + others + known, to: "known_hosts")
        let options = try harness.options(
            server.port,
            [
                "StrictHostKeyChecking=yes", "UpdateHostKeys=yes", "CheckHostIP=yes",
                "HashKnownHosts=\(isHashed ? "yes" : "no")", "IdentityAgent=none",
                "IdentityFile=\(try TestKeys.path("user-ed25519"))",
                "UserKnownHostsFile=\(harness.home.file("known_hosts"))",
                "GlobalKnownHostsFile=/dev/null", "HostKeyAlgorithms=+ssh-ed25519",
            ])
        let (loop, home) = (harness.loop, harness.home)
        let prompter = ScriptedPrompter()
        try loop.run {
            let session = try await SSHClient.connect(
                [options], loop: loop, world: ElsewhereWorld(system: SystemWorld(loop: loop)),
                prompter: prompter)
            try await echo(session, size: 1000)
            for _ in 0..<1000 where try home.read("known_hosts").contains(stale) {
                try await loop.sleep(for: .milliseconds(10))
            }
            await session.close()
        }
        let text = try harness.home.read("known_hosts")
        #expect(text.hasPrefix(others + known))
        for name in [name, address] {
            let found = try run("ssh-keygen", "-F", name, "-f", harness.home.file("known_hosts"))
            let blobs = found.output.split(separator: "\n").filter { !$0.hasPrefix("#") }
                .compactMap { $0.split(separator: " ").last.map(String.init) }
            let kept = name == address ? ["user-rsa-2048"] : []
            #expect(try Set(blobs) == self.blobs(Self.all + kept))
        }
    }
}

/// The server is not on this machine.
private struct ElsewhereWorld: WrappedWorld {
    let system: SystemWorld

    func dial(_ request: DialRequest) async throws -> DialedConnection {
        let dialed = try await system.dial(request)
        return DialedConnection(
            channel: dialed.channel, isLoopback: false, address: "192.0.2.7")
    }
}
