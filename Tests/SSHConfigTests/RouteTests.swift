// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SSHConfig

/// The hosts on the way to one (`ProxyJump`).
@Suite struct RouteTests {
    private func route(
        _ text: String, host: String = "target", commandLine: [String] = []
    ) throws -> [String] {
        let local = ConfigurationTests.machine(["/home/me/.ssh/config": text])
        let configuration = SSHConfiguration(commandLine: commandLine, local: local)
        return try configuration.route(host: host).map {
            "\($0.user)@\($0.hostName):\($0.port)"
        }
    }

    @Test func withoutJumpHostsTheHostIsAll() throws {
        #expect(try route("") == ["me@target:22"])
        #expect(try route("ProxyJump none") == ["me@target:22"])
    }

    @Test func hopsStandInTheirOrderEachWithItsOwnBlock() throws {
        let text = """
            Host a
                HostName a.example
                User alice
            Host b
                Port 2222
            Host target
                ProxyJump a,bob@b:22,c
            """
        #expect(
            try route(text) == ["alice@a.example:22", "bob@b:22", "me@c:22", "me@target:22"])
    }

    @Test func hostsOnTheWayMayHaveAWayOfTheirOwn() throws {
        let text = """
            Host far
                ProxyJump near
            Host target
                ProxyJump far
            """
        #expect(try route(text) == ["me@near:22", "me@far:22", "me@target:22"])
        // Before a further hop, what is said for the last wins over its own block.
        #expect(
            try route(text, commandLine: ["ProxyJump=other,far"])
                == ["me@other:22", "me@far:22", "me@target:22"])
    }

    @Test func commandLineConcernsTheHostOnly() throws {
        let local = ConfigurationTests.machine([:])
        let configuration = SSHConfiguration(
            commandLine: ["ProxyJump=hop", "User=root", "Port=99", "LogLevel=DEBUG2"],
            local: local)
        let route = try configuration.route(host: "target")
        #expect(route.map(\.user) == ["me", "root"])
        #expect(route.map(\.port) == [22, 99])
        #expect(route.map(\.logLevel) == [.debug2, .debug2])
    }

    @Test func wayThatLeadsInACircleIsRefused() throws {
        for text in [
            "ProxyJump hop", "Host a b target\nProxyJump a\nHost c\nProxyJump b",
            "Host a\nProxyJump b\nHost b\nProxyJump a\nHost target\nProxyJump a",
            "Host target\nHostName other\nProxyJump target",
        ] {
            let error = #expect(throws: SSHConfigError.self) { try route(text) }
            #expect(error?.reason.hasSuffix("leads through itself") == true)
        }
    }

    /// As with ssh.
    @Test func aNameMayBeOnTheWayToTheHostThatItStandsFor() throws {
        let text = "Host t j\nHostName 127.0.0.1"
        let ways = [
            ("t", "t", ["me@127.0.0.1:22", "me@127.0.0.1:22"]),
            ("t", "j,j", ["me@127.0.0.1:22", "me@127.0.0.1:22", "me@127.0.0.1:22"]),
            ("h", "h:2222", ["me@h:2222", "me@h:22"]), ("h", "you@h", ["you@h:22", "me@h:22"]),
        ]
        for (host, jump, expected) in ways {
            #expect(
                try route(text, host: host, commandLine: ["ProxyJump=\(jump)"]) == expected)
        }
        for (host, jump) in [("h", "h"), ("h", "me@h:22"), ("t", "127.0.0.1"), ("h", "g,g")] {
            #expect(throws: SSHConfigError.self) {
                try route(text, host: host, commandLine: ["ProxyJump=\(jump)"])
            }
        }
    }

    @Test func addressesInBracketsStayAddresses() throws {
        #expect(
            try route("Host target\nProxyJump [::1]:2222,[::2]")
                == ["me@::1:2222", "me@::2:22", "me@target:22"])
    }
}
