// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SSHConfig

/// What came after OpenSSH 9.2, by what ssh_config(5) of OpenSSH 10.5 says.
@Suite struct LaterOptionTests {
    /// A machine with one interface, in 192.0.2.0/24, and an address of its own in 2001:db8::/32.
    private static func machine(_ text: String) -> LocalContext {
        var local = ConfigurationTests.machine(
            ["/c": text, "/home/me/.ssh/example.com": "User included", "/foo/x": "User foo"],
            environment: ["FOO": "foo"])
        local.interfaceAddresses = {
            [[192, 0, 2, 7], [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]]
        }
        local.runCommand = { .exited(status: $0 == "yes gate" ? 0 : 1) }
        return local
    }

    private static func printed(
        _ text: String, host: String = "example.com"
    ) throws(SSHConfigError) -> [String] {
        let configuration = SSHConfiguration(files: .only("/c"), local: machine(text))
        return try configuration.effective(host: host).lines { _ in [] }
    }

    /// Configurations, and a line that is printed for each.
    private static let values = [
        ("Tag work", "tag work"),
        ("RefuseConnection \"go away\"", "refuseconnection \"go away\""),
        ("ChannelTimeout session=5m global=1h", "channeltimeout session=300 global=3600"),
        ("ChannelTimeout none", "channeltimeout none"),
        ("", "channeltimeout none"),
        ("", "warnweakcrypto yes"), ("WarnWeakCrypto no-pq-kex", "warnweakcrypto no"),
        ("VersionAddendum on-%L", "versionaddendum on-%L"),
        ("User %u-${FOO}", "user me-foo"), ("User x-%n", "user x-example.com"),
        ("SetEnv A=${FOO} B=50%", "setenv A=foo"), ("SetEnv A=${FOO} B=50%", "setenv B=50%"),
        ("ProxyJump a,gate\nControlPath /%j", "controlpath /gate"),
        ("ControlPath /%j/x", "controlpath //x"),
        ("Include %h", "user included"), ("Include /${FOO}/*", "user foo"),
        ("Host a\nHostName example.com\nInclude %h\nHost *\nUser late", "user late"),
    ]

    /// Criteria of `Match` that hold.
    private static let holding = [
        "tagged work", "tagged w*,x", "!tagged play", "localnetwork 192.0.2.0/24",
        "localnetwork 10.0.0.0/8,192.0.0.0/16,192.0.2.7", "localnetwork 2001:db8::/32",
        "localnetwork 2001:db8::1", "!localnetwork 198.51.100.0/24", "version Hawser*",
        "!version OpenSSH_*", "command sftp", "sessiontype subsystem", "!sessiontype shell,exec",
        "!command none", "tagged=work", "exec \"yes %j\"", "tagged work command sftp",
    ]

    /// All that stands in the tables.
    static let all = values.map(\.0) + holding

    @Test(arguments: values)
    func printsOptionsThatSSHOf2026Has(text: String, line: String) throws {
        #expect(try Self.printed(text).contains(line))
    }

    @Test(arguments: holding)
    func criteriaThatHold(criterion: String) throws {
        let text = "Tag work\nProxyJump gate\nMatch \(criterion)\nPort 7"
        #expect(try Self.printed(text).contains("port 7"))
    }

    @Test(arguments: [
        "tagged play", "!tagged work", "tagged \"\"", "localnetwork 198.51.100.0/24",
        "localnetwork 2001:db9::/32", "localnetwork 192.0.2.8", "version OpenSSH_*",
        "command ls", "command \"\"", "sessiontype shell", "sessiontype none", "exec \"no %j\"",
    ])
    func criteriaThatDoNotHold(criterion: String) throws {
        let text = "Tag work\nProxyJump gate\nMatch \(criterion)\nPort 7"
        #expect(try Self.printed(text).contains("port 22"))
    }

    @Test func noTagIsMatchedByAnEmptyOne() throws {
        #expect(try Self.printed("Match tagged \"\"\nPort 7").contains("port 7"))
        #expect(try Self.printed("Match tagged *\nPort 7").contains("port 22"))
    }

    @Test(arguments: [
        "Match localnetwork 192.0.2.0/33", "Match localnetwork 192.0.2.1/24",
        "Match localnetwork example.com", "Match localnetwork 1:2:3", "Match localnetwork 1::2::3",
        "Match localnetwork 192.0.2/24", "Match localnetwork \"\"", "Match version", "Match tagged",
        "Match localnetwork 192.0.2.0/-1", "Match localnetwork 2001:db8::/129", "ChannelTimeout x",
        "ChannelTimeout x=y", "ChannelTimeout none x=5", "WarnWeakCrypto maybe",
        "SetEnv A=${UNSET}", "SetEnv A=${UNSET", "Include /%y", "Include /${UNSET}",
    ])
    func refuses(text: String) {
        let error = #expect(throws: SSHConfigError.self) { try Self.printed("\n" + text) }
        #expect(error?.location == ConfigurationLocation(file: "/c", line: 2))
    }

    @Test func aRefusedConnectionIsShownAndNotMade() throws {
        let text = "Host x\nRefuseConnection \"%h is for others\"\nHost y\nRefuseConnection no"
        let configuration = SSHConfiguration(files: .only("/c"), local: Self.machine(text))
        let error = #expect(throws: SSHConfigError.self) { try configuration.resolve(host: "x") }
        #expect(error?.code == .refused)
        #expect(error?.location?.line == 2)
        #expect(try configuration.effective(host: "x").options.refuseConnection != nil)
        #expect(try configuration.resolve(host: "z").refuseConnection == nil)
    }

    @Test func theCommandForKnownHostsIsSplitFirstAndExpandedLater() throws {
        let text = "KnownHostsCommand /bin/x \"%H x\" %I:%t %% %K%f %h ${FOO} '%n' \"\""
        let configuration = SSHConfiguration(files: .only("/c"), local: Self.machine(text))
        let options = try configuration.effective(host: "h").options
        let command = try #require(options.knownHostsCommand)
        let query = KnownHostsCommand.Query(
            .address, hostName: "[%d ${FOO}]:22", keyType: "T", key: "K", fingerprint: "F")
        #expect(
            command.arguments(for: query)
                == ["/bin/x", "[%d ${FOO}]:22 x", "ADDRESS:T", "%", "KF", "h", "foo", "h", ""])
        #expect(
            command.arguments(for: .init(.order, hostName: "h"))
                == ["/bin/x", "h x", "ORDER:NONE", "%", "NONENONE", "h", "foo", "h", ""])
        #expect(throws: SSHConfigError.self) {
            try Self.printed("KnownHostsCommand /bin/x %T")
        }
    }
}
