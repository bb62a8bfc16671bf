// SPDX-License-Identifier: Apache-2.0

import EventLoop
import LocalSFTPServer
import SSHClient
import SSHConfig
import Testing

/// Real sockets, names and files.
@Suite struct DialTests {
    @Test func refusedPortNamesHostPortAndCause() throws {
        let harness = try ClientHarness()
        let port = try TCPPort.free()
        #expect {
            try harness.connectAndEcho(try harness.trusting(port))
        } throws: { error in
            "\(error)" == "connect to 127.0.0.1 port \(port): Connection refused"
        }
    }

    @Test func unknownHostIsNamed() throws {
        let harness = try ClientHarness()
        var options = try harness.trusting(22)
        options.hostName = "host.invalid"
        #expect {
            try harness.connectAndEcho(options)
        } throws: { error in
            "\(error)".hasPrefix("could not resolve hostname host.invalid: ")
        }
    }

    @Test func everyAddressIsTried() throws {
        // The server listens on one of the addresses of localhost only.
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        for name in ["localhost", "127.0.0.1"] {
            var options = try harness.trusting(server.port)
            options.hostName = name
            try harness.connectAndEcho(options)
        }
    }

    @Test func unusableLocalAddressIsNamed() throws {
        let harness = try ClientHarness()
        #expect {
            try harness.connectAndEcho(
                try harness.trusting(22, ["BindAddress=host.invalid"]))
        } throws: { error in
            "\(error)".contains("BindAddress host.invalid: ")
        }
    }

    @Test func errorOutputOfACommandIsShownHarmlessAndBounded() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let prompter = ScriptedPrompter()
        try harness.connect(try harness.trusting(server.port), prompter) { session in
            let channel = try await session.openCommand(
                "printf 'oops \\033[1m\\n' >&2; head -c 1000000 /dev/zero | tr '\\0' x >&2; echo ok"
            )
            var output: [UInt8] = []
            while let bytes = try await channel.read() { output += bytes }
            #expect(output == Array("ok\n".utf8))
            await channel.close()
        }
        let shown = prompter.messages.filter { $0.hasPrefix("remote: ") }
        #expect(shown.first?.hasPrefix("remote: oops \\u{1B}[1m") == true)
        #expect(shown.reduce(0) { $0 + $1.count } < 100_000)
    }

    @Test func severalChannelsShareAConnection() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        try harness.connect(try harness.trusting(server.port)) { session in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await echo(session, size: 500_000) } }
                try await group.waitForAll()
            }
        }
    }

    @Test func configurationOfThisMachineIsRead() throws {
        var local = try LocalContext.thisMachine()
        #expect(try run("id", "-un").output == local.userName + "\n")
        #expect(
            try shell("getent passwd $(id -u) | cut -d: -f6").output == local.homeDirectory + "\n")
        #expect(try run("uname", "-n").output == local.hostName + "\n")
        #expect(local.homeDirectoryOfUser(local.userName) == local.homeDirectory)
        #expect(local.homeDirectoryOfUser("no such user") == nil)
        #expect(try shell("printenv PATH").output == local.environment["PATH"].map { $0 + "\n" })
        local.environment["SSH_AUTH_SOCK"] = "/agent"
        let options = try SSHConfiguration(files: .none, local: local).resolve(
            host: "server.example")
        #expect(options.identityAgent == "/agent")
    }

    @Test func configurationThatOthersMayWriteIsRefused() throws {
        let sandbox = try Sandbox()
        try sandbox.write("User mallory\n", to: "config", mode: "666")
        let local = try LocalContext.thisMachine()
        var request = ConfigurationFileRequest(
            path: sandbox.file("config"), requiresTrustedOwner: true)
        #expect(
            local.readFile(request)
                == .unreadable("bad owner or permissions"))
        request.requiresTrustedOwner = false
        #expect(local.readFile(request) == .bytes(Array("User mallory\n".utf8)[...]))
        // What scripts write for "no configuration".
        request.path = "/dev/null"
        #expect(local.readFile(request) == .bytes([]))
        request.path = sandbox.file("none")
        #expect(local.readFile(request) == .missing)
        #expect(
            local.expandGlob(sandbox.file("c*")) == [sandbox.file("config")])
    }
}
