// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import SSHConfig

/// What ssh(1) does not show or does otherwise, on a machine that exists in memory only.
@Suite struct ConfigurationTests {
    /// A machine with these files and variables.
    static func machine(
        _ files: [String: String] = [:], environment: [String: String] = [:]
    ) -> LocalContext {
        var local = LocalContext(
            userName: "me", userID: 1_000, homeDirectory: "/home/me", hostName: "desk.example.net",
            environment: environment)
        local.homeDirectoryOfUser = { $0 == "other" ? "/home/other" : nil }
        local.readFile = { request in
            files[request.path].map { .bytes(Array($0.utf8)[...]) } ?? .missing
        }
        local.expandGlob = { pattern in
            files.keys.filter { Pattern(pattern.utf8).matches(Array($0.utf8)) }.sorted()
        }
        return local
    }

    /// The options that a user's file with this text gives.
    static func resolve(
        _ text: String, host: String = "example.com", environment: [String: String] = [:]
    ) throws -> ClientOptions {
        let local = machine(["/home/me/.ssh/config": text], environment: environment)
        return try SSHConfiguration(local: local).resolve(host: host)
    }

    /// The fault of a user's file with this text.
    static func fault(
        _ text: String, host: String = "example.com",
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> SSHConfigError? {
        #expect(throws: SSHConfigError.self, sourceLocation: sourceLocation) {
            try resolve(text, host: host)
        }
    }

    @Test func sourcesComeInTheOrderCommandLineTargetUserSystem() throws {
        let local = Self.machine([
            "/home/me/.ssh/config": "Port 3\nUser user-file\nCompression yes\nIdentityFile /user",
            "/etc/ssh/ssh_config": "Port 4\nCompression no\nLogLevel debug\nIdentityFile /system",
        ])
        let configuration = SSHConfiguration(commandLine: ["Port=1"], local: local)
        let options = try configuration.resolve(host: "h", user: "target", port: 2)
        #expect(options.port == 1)
        #expect(options.user == "target")
        #expect(options.compression == .yes)
        #expect(options.logLevel == .debug1)
        #expect(options.identityFiles.map(\.path) == ["/user", "/system"])
        #expect(try SSHConfiguration(local: local).resolve(host: "h", port: 2).port == 2)
    }

    @Test func aFileOfTheCommandLineStandsForAllOthers() throws {
        let local = Self.machine([
            "/home/me/.ssh/config": "Port 3", "/etc/ssh/ssh_config": "Port 4", "/other": "User x",
        ])
        let options = try SSHConfiguration(files: .only("/other"), local: local).resolve(host: "h")
        #expect(options.port == 22)
        #expect(options.user == "x")
        #expect(try SSHConfiguration(files: .none, local: local).resolve(host: "h").port == 22)
        #expect(SSHConfiguration.Files(argument: "NONE") == .none)
        #expect(SSHConfiguration.Files(argument: "./f") == .only("./f"))
        #expect(throws: SSHConfigError(.unreadableFile, "/missing does not exist")) {
            try SSHConfiguration(files: .only("/missing"), local: local).resolve(host: "h")
        }
    }

    @Test func onlyTheUsersOwnAndIncludedFilesMustHaveATrustedOwner() throws {
        let expected: [String: Bool] = [
            "/home/me/.ssh/config": true, "/home/me/.ssh/more": true, "/etc/ssh/ssh_config": false,
        ]
        var local = Self.machine(["/home/me/.ssh/more": ""])
        local.readFile = { request in
            #expect(request.requiresTrustedOwner == expected[request.path])
            return request.path.hasSuffix("config") && request.path.hasPrefix("/home")
                ? .bytes(Array("Include more".utf8)[...]) : .missing
        }
        _ = try SSHConfiguration(local: local).resolve(host: "h")
    }

    @Test func aFileThatCannotBeReadStopsEverything() {
        var local = Self.machine()
        local.readFile = { _ in .unreadable("others may write to it") }
        #expect(
            throws: SSHConfigError(
                .unreadableFile, "/home/me/.ssh/config: others may write to it")
        ) { try SSHConfiguration(local: local).resolve(host: "h") }
    }

    @Test(arguments: [
        "ProxyCommand none", "ProxyJump none", "ProxyCommand None\nProxyJump gateway",
        "CanonicalizeHostname no", "RevokedHostKeys none",
        "KnownHostsCommand none", "Host other\nProxyJump gateway\nRefuseConnection x",
    ])
    func passesOverWhatIsTurnedOffOrNotForThisHost(text: String) throws {
        _ = try Self.resolve(text)
    }

    @Test func passesOverTheOptionsOfShellsAndForwardings() throws {
        let text = """
            ForwardAgent yes
            LocalForward 8080 localhost:80
            RemoteCommand tmux attach
            RequestTTY yes
            PermitLocalCommand yes
            LocalCommand echo %n
            UseKeychain yes
            GSSAPIKeyExchange yes
            """
        let local = Self.machine(["/c": text])
        let plain = try SSHConfiguration(files: .none, local: local).resolve(host: "h")
        #expect(try SSHConfiguration(files: .only("/c"), local: local).resolve(host: "h") == plain)
    }

    @Test(arguments: ["Ciphers none", "MACs hmac-md5,umac-64@openssh.com", "Ciphers -*"])
    func refusesAListWithoutASupportedAlgorithm(line: String) throws {
        let options = try Self.resolve("\n" + line)
        let selection = line.hasPrefix("MACs") ? options.macs : options.ciphers
        let error = #expect(throws: SSHConfigError.self) {
            try selection.names(defaults: ["a", "b"], supported: ["a", "b", "c"])
        }
        #expect(error?.code == .unsupported)
        #expect(error?.location?.line == 2)
        #expect(error?.keyword == line.split(separator: " ").first.map(String.init))
    }

    @Test func wildcardsChooseFromWhatIsSupported() throws {
        let options = try Self.resolve("Ciphers aes*\nMACs ^hmac-sha2-5*\nKexAlgorithms x,b")
        let ciphers = ["aes128-ctr", "chacha", "aes256-ctr"]
        #expect(
            try options.ciphers.names(defaults: ["chacha"], supported: ciphers)
                == ["aes128-ctr", "aes256-ctr"])
        #expect(
            try options.macs.names(
                defaults: ["hmac-sha2-256", "hmac-sha2-512"],
                supported: ["hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-512-etm"])
                == ["hmac-sha2-512", "hmac-sha2-512-etm", "hmac-sha2-256"])
        #expect(try options.kexAlgorithms.names(defaults: ["a"], supported: ["a", "b"]) == ["b"])
        #expect(options.kexAlgorithms.demandsOrder && options.macs.demandsOrder)
        #expect(!options.hostKeyAlgorithms.demandsOrder)
        #expect(try !Self.resolve("Ciphers -x").ciphers.demandsOrder)
    }

    @Test func findsTheAgent() throws {
        let environment = ["SSH_AUTH_SOCK": "/agent", "MINE": "/mine", "EMPTY": ""]
        let expected: [(String, String?)] = [
            ("", "/agent"), ("IdentityAgent none", nil), ("IdentityAgent SSH_AUTH_SOCK", "/agent"),
            ("IdentityAgent $MINE", "/mine"), ("IdentityAgent $UNSET", nil),
            ("IdentityAgent $EMPTY", nil), ("IdentityAgent ~/%r-${MINE}", "/home/me/me-/mine"),
        ]
        for (text, socket) in expected {
            #expect(try Self.resolve(text, environment: environment).identityAgent == socket)
        }
        #expect(try Self.resolve("").identityAgent == nil)
        #expect(Self.fault("IdentityAgent ${UNSET}")?.code == .expansion)
    }

    @Test func expandsTokensInPaths() throws {
        let text = """
            HostName real.example.com
            User bob
            Port 2222
            IdentityFile ~/%d|%h|%i|%j|%k|%L|%l|%n|%p|%r|%u|%%
            IdentityFile ~other/key
            CertificateFile ${DIR}/cert
            """
        let options = try Self.resolve(text, environment: ["DIR": "/dir"])
        #expect(
            options.identityFiles.map(\.path) == [
                "/home/me//home/me|real.example.com|1000||example.com|desk|desk.example.net"
                    + "|example.com|2222|bob|me|%", "/home/other/key",
            ])
        #expect(options.certificateFiles == ["/dir/cert"])
        #expect(try Self.resolve("User %u-%n").user == "me-example.com")
    }

    @Test(arguments: [
        "IdentityFile /%H", "IdentityFile /%x", "IdentityFile /%", "IdentityFile ~nobody/x",
        "IdentityFile ${UNSET}", "IdentityFile ${UNSET", "User %r", "HostName %n",
        "CertificateFile /%H",
    ])
    func refusesTokensThatStandForNothing(line: String) {
        let fault = Self.fault("\n" + line)
        #expect(fault?.code == .expansion)
        #expect(fault?.location?.line == 2)
        #expect(fault?.keyword == line.split(separator: " ").first.map(String.init))
    }

    @Test func namesTheDefaultKeysAndMarksThem() throws {
        let files = try Self.resolve("").identityFiles
        #expect(files.contains(IdentityFile(path: "/home/me/.ssh/id_ed25519", isDefault: true)))
        #expect(files.allSatisfy { $0.isDefault })
        #expect(try Self.resolve("IdentityFile none").identityFiles.isEmpty)
        #expect(try Self.resolve("IdentityFile x").identityFiles == [IdentityFile(path: "x")])
    }

    @Test(arguments: [
        "-oProxyCommand=x", "", "a b", "a\nb", "a;b", "$(x)", "`x`", "a\u{1B}[1m", "a|b", "a&b",
        "a'b", "a\"b", "a\\b", "a{b}", "a\0b", "a\u{7F}", String(repeating: "a", count: 1_025),
    ])
    func refusesHostNamesThatCouldBeSomethingElse(name: String) throws {
        let configuration = SSHConfiguration(files: .none, local: Self.machine())
        #expect(throws: SSHConfigError.self) { try configuration.resolve(host: name) }
        let hostName = SSHConfiguration(
            commandLine: ["HostName \"\(name)\""], files: .none, local: Self.machine())
        #expect(throws: SSHConfigError.self) { try hostName.resolve(host: "h") }
    }

    @Test(arguments: [
        "-l", "a -b", "", "a;b", "a`b", "a\nb", "a\"b", "a'b", "a\\", "a|b", "a\u{1B}",
        String(repeating: "a", count: 1_025),
    ])
    func refusesUserNamesThatCouldBeSomethingElse(name: String) throws {
        let configuration = SSHConfiguration(files: .none, local: Self.machine())
        #expect(throws: SSHConfigError.self) { try configuration.resolve(host: "h", user: name) }
    }

    @Test(arguments: ["bob", "DOMAIN\\bob", "bob@example.com", "a b", "bob-1", "日本", "$x", "50%"])
    func takesUserNamesAsTheyAre(name: String) throws {
        let configuration = SSHConfiguration(files: .none, local: Self.machine())
        #expect(try configuration.resolve(host: "h", user: name).user == name)
    }

    @Test func faultsNameFileLineAndKeyword() {
        #expect(
            Self.fault("Host *\n\n  PORT x")?.description
                == "/home/me/.ssh/config line 3: Port: \"x\" is not a number from 1 to 65535")
        #expect(
            Self.fault("Prot 22")?.description
                == "/home/me/.ssh/config line 1: Prot: there is no such option in ssh_config(5)")
        #expect(
            Self.fault("Port 1\u{1B}[2J")?.description
                == "/home/me/.ssh/config line 1: Port: \"1\\u{1B}[2J\" is not a number from 1 to 65535"
        )
    }

    @Test(arguments: [
        "Bad\u{1B}[31mKey\u{7} x", "\"Bad\u{1B}[2J\" x", "Host\u{9B}2J x", "Include /in\u{1B}[31mc",
        "Include /new\nline", "Include ~no\u{202E}body/x", "Match ex\u{1B}ec x",
        "Ciphers \u{1B}[2J", "IdentityFile %\u{1B}", "ProxyJump a:\u{1B}[2J",
    ])
    func faultsHoldNothingThatATerminalObeys(line: String) throws {
        var local = Self.machine(["/evil\u{1B}]0;x\u{7}\nhost line 1": line])
        local.expandGlob = { [$0] }
        let readFile = local.readFile
        local.readFile = { $0.path.hasPrefix("/evil") ? readFile($0) : .unreadable("bad") }
        let error = #expect(throws: SSHConfigError.self) {
            try SSHConfiguration(files: .only("/evil\u{1B}]0;x\u{7}\nhost line 1"), local: local)
                .resolve(host: "h")
        }
        let text = try #require(error).description
        #expect(text.hasPrefix("/evil\\u{1B}]0;x\\u{7}\\u{A}host line 1 line 1: "))
        #expect(text == TerminalText.line(text))
    }

    @Test func refusesQuotesThatDoNotClose() {
        for text in ["\"User bob", "User \"bob", "User 'bob", "\"User"] {
            #expect(Self.fault(text)?.code == .syntax)
        }
    }

    @Test func variablesToSendAreSortedAndSetEnvWins() throws {
        let options = try Self.resolve("SendEnv LC_* LANG\nSetEnv LANG=C X=1")
        let environment = ["LC_TIME": "t", "LC_ALL": "a", "LANG": "de", "HOME": "/", "X": "2"]
        #expect(
            options.variablesToSend(from: environment).map { "\($0.name)=\($0.value)" }
                == ["LC_ALL=a", "LC_TIME=t", "LANG=C", "X=1"])
    }
}
