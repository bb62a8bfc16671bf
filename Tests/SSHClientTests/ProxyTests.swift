// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalSFTPServer
import SSHClient
import SSHConfig
import Testing

/// Ways to a server that are not one TCP connection.
@Suite struct ProxyTests {
    /// A server that serves one connection on its standard input and output.
    private func standaloneServer(_ server: SSHDaemon) -> String {
        "/usr/sbin/sshd -i -f \(server.sandbox.file("config")) -E \(server.sandbox.file("log"))"
    }

    private func options(
        _ harness: ClientHarness, proxy: String, _ more: [String] = []
    ) throws -> ClientOptions {
        try harness.trusting(1, ["ProxyCommand=\(proxy)"] + more)
    }

    // MARK: ProxyCommand

    @Test func proxyCommandCarriesTheConnection() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        try harness.connectAndEcho(
            try options(harness, proxy: standaloneServer(server)), size: 3_000_000)
    }

    @Test func whatAProxySaysIsShownHarmless() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let prompter = ScriptedPrompter()
        let script = "sh -c 'printf \"by \\033[1m way\\nof %h\" >&2; exec "
        try harness.connectAndEcho(
            try options(harness, proxy: script + standaloneServer(server) + "'"), prompter)
        // Its end closes the stream, which may take a moment longer than the session.
        #expect(
            prompter.messages.contains("the proxy command: by \\u{1B}[1m way"),
            "\(prompter.messages)")
    }

    @Test func failureOfAProxyIsTheError() throws {
        let harness = try ClientHarness()
        for proxy in ["sh -c 'exit 7'", "sh -c 'echo SSH-2.0-x; exit 7'"] {
            #expect {
                try harness.connectAndEcho(try options(harness, proxy: proxy))
            } throws: { error in
                "\(error)".contains("127.0.0.1 port 1: ")
                    && "\(error)".contains("the proxy command ended with exit status 7")
            }
        }
    }

    @Test func proxyThatSaysNothingIsGivenUpInTime() throws {
        let harness = try ClientHarness()
        #expect {
            try harness.connectAndEcho(
                try options(harness, proxy: "sleep 1000", ["ConnectTimeout=1"]))
        } throws: { error in
            "\(error)".contains("timed out during the key exchange")
        }
        let loop = harness.loop
        try loop.run {
            while try shell("pgrep -P \(getpid()) -f '^sleep 1000'").output != "" {
                try await loop.sleep(for: .milliseconds(10))
            }
        }
    }

    @Test func proxyEndsWithTheConnection() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let proxy = "sh -c 'echo $$ >\(harness.home.file("pid")); exec \(standaloneServer(server))'"
        try harness.connectAndEcho(try options(harness, proxy: proxy))
        let pid = try harness.home.read("pid").split(separator: "\n").joined()
        let loop = harness.loop
        try loop.run {
            while try run("test", "-e", "/proc/\(pid)").status == 0 {
                try await loop.sleep(for: .milliseconds(10))
            }
        }
    }

    // MARK: ProxyUseFdpass

    private func passing(_ harness: ClientHarness, _ port: UInt16) throws -> String {
        try harness.home.write(
            """
            import array, socket, sys
            to = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            socket.socket(fileno=1).sendmsg(
                [b"\\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [to.fileno()]))])

            """, to: "pass.py")
        return "python3 \(harness.home.file("pass.py")) \(port)"
    }

    @Test func passedDescriptorCarriesTheConnection() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        try harness.connectAndEcho(
            try options(
                harness, proxy: try passing(harness, server.port), ["ProxyUseFdpass=yes"]))
    }

    @Test func proxyThatPassesNothingIsNamed() throws {
        let harness = try ClientHarness()
        #expect {
            try harness.connectAndEcho(
                try options(harness, proxy: "echo no", ["ProxyUseFdpass=yes"]))
        } throws: { error in
            "\(error)".hasSuffix(
                "the proxy command ended with exit status 0 and passed no connection")
        }
    }

    // MARK: ProxyJump

    @Test func severalHostsLieOnTheWay() throws {
        let servers = try (0..<3).map { _ in try SSHDaemon() }
        let harness = try ClientHarness()
        let route = try servers.map { try harness.trusting($0.port) }
        try harness.connectAndEcho(route[2], through: Array(route[..<2]), size: 3_000_000)
        for (index, server) in servers.enumerated() {
            let log = try server.log
            #expect(log.contains("Accepted publickey for"))
            #expect(log.contains("direct-tcpip") == (index < 2))
        }
    }

    @Test func hostThatCannotBeReachedFromTheLastOneIsNamed() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let port = try TCPPort.free()
        #expect {
            try harness.connectAndEcho(
                try harness.trusting(port), through: [try harness.trusting(server.port)])
        } throws: { error in
            "\(error)".hasPrefix(
                "127.0.0.1 port \(server.port): no way from there to 127.0.0.1 port \(port): ")
        }
    }

    @Test func refusedLoginNamesTheHostThatRefused() throws {
        let (first, second) = (try SSHDaemon(), try SSHDaemon())
        let harness = try ClientHarness()
        var target = try harness.trusting(second.port)
        target.identityFiles = [IdentityFile(path: try TestKeys.path("host-ed25519"))]
        #expect {
            try harness.connectAndEcho(target, through: [try harness.trusting(first.port)])
        } throws: { error in
            "\(error)".contains("@127.0.0.1 port \(second.port): Permission denied (publickey)")
        }
    }

    @Test func theEndOfAHopIsTheEndOfAll() throws {
        let (hop, target) = (try SSHDaemon(), try SSHDaemon())
        let harness = try ClientHarness()
        // The hop serves one connection, by a process whose number is known.
        let proxy = "sh -c 'echo $$ >\(harness.home.file("pid")); exec \(standaloneServer(hop))'"
        let route = [try options(harness, proxy: proxy), try harness.trusting(target.port)]
        let loop = harness.loop
        defer { harness.reapPrograms() }
        let session = try loop.run {
            try await SSHClient.connect(
                route, loop: loop, world: SystemWorld(loop: loop), prompter: SilentPrompter())
        }
        let process = try #require(Int32(try harness.home.read("pid").dropLast()))
        #expect(kill(process, SIGTERM) == 0)
        let reason = try loop.run { try await session.waitUntilEnd() }
        #expect("\(reason)".hasPrefix("127.0.0.1 port \(target.port): connection lost: "))
    }

    // MARK: Local addresses

    @Test func addressOfTheInterfaceIsConnectedFrom() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let loopback = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: 1).first)
        // Where there is another interface with an address, the server sees that; ours always works.
        let names = try run("ls", "/sys/class/net").output.split(separator: "\n").map(String.init)
        var seen = ["lo": "127.0.0.1"]
        for name in names where name != "lo" {
            seen[name] = try SocketAddress.ofInterface(name, for: loopback)?.description
        }
        for (name, address) in seen {
            try harness.connectAndEcho(
                try harness.trusting(server.port, ["BindInterface=\(name)"]))
            #expect(try server.log.contains("Connection from \(address) "), "\(name)")
        }
    }

    @Test func localAddressIsUsedAndAMissingInterfaceNamed() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        try harness.connectAndEcho(
            try harness.trusting(server.port, ["BindAddress=127.0.0.9"]))
        #expect(try server.log.contains("Connection from 127.0.0.9 "))
        #expect {
            try harness.connectAndEcho(
                try harness.trusting(server.port, ["BindInterface=no-such-0"]))
        } throws: { error in
            "\(error)".contains("BindInterface no-such-0: ")
        }
    }
}
