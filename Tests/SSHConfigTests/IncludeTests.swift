// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import Testing
import Wire

@Suite struct IncludeTests {
    /// Demands that ssh and we find the same in a folder of files, beginning with `config`.
    private static func compare(_ files: [String: String], host: String = "a") throws {
        let folder = try TemporaryFolder()
        for (name, text) in files {
            try folder.write(name, text.replacing("DIR", with: folder.path))
        }
        let text = files["config"] ?? ""
        try OracleTests.compare(text.replacing("DIR", with: folder.path), host: host)
    }

    @Test(arguments: [
        [
            "config": "Include DIR/one\nPort 3\nUser c", "one": "Port 1\nHost b\nUser x",
        ],
        [
            "config": "Include DIR/*.conf\nPort 3", "1.conf": "User first",
            "2.conf": "User second\nPort 2",
        ],
        ["config": "Include DIR/none DIR/no*\nPort 3"],
        [
            "config": "Host a\nInclude DIR/one\nPort 3\nHost b\nInclude DIR/two", "one": "User x",
            "two": "Port 4",
        ],
        ["config": "Host b\nInclude DIR/one\nPort 3", "one": "Host *\nUser x"],
        ["config": "Host a\nInclude DIR/one\nPort 3", "one": "Host b\nUser x"],
        ["config": "Include DIR/one\nPort 3", "one": "Include DIR/two\nPort 4", "two": "User x"],
        ["config": "Include \"DIR/with space\" # comment\n", "with space": "User x"],
        ["config": "Include"], ["config": "Include #"],
        ["config": "Include DIR/one", "one": "Port x"],
    ])
    func agreesWithSSH(files: [String: String]) throws {
        try Self.compare(files)
    }

    @Test func relativePathsStartWhereTheFileBelongs() throws {
        let local = ConfigurationTests.machine(
            [
                "/home/me/.ssh/config": "Include conf.d/* ~/more ${DIR}/env",
                "/home/me/.ssh/conf.d/x": "Include y", "/home/me/.ssh/y": "User y",
                "/home/me/more": "Port 5", "/dir/env": "Compression yes",
                "/etc/ssh/ssh_config": "Include ssh_config.d/*.conf",
                "/etc/ssh/ssh_config.d/z.conf": "LogLevel quiet",
            ], environment: ["DIR": "/dir"])
        let options = try SSHConfiguration(local: local).resolve(host: "h")
        #expect(options.user == "y")
        #expect(options.port == 5)
        #expect(options.compression == .yes)
        #expect(options.logLevel == .quiet)
    }

    @Test func aSystemFileHasNoHome() {
        let local = ConfigurationTests.machine(["/etc/ssh/ssh_config": "Include ~/x"])
        let error = #expect(throws: SSHConfigError.self) {
            try SSHConfiguration(local: local).resolve(host: "h")
        }
        #expect(error?.code == .invalidValue)
    }

    @Test func sixteenFilesMayIncludeOneAnotherAndNoMore() throws {
        func chain(of count: Int) throws -> ClientOptions {
            var files = (1..<count).reduce(into: [:]) { $0["/\($1)"] = "Include /\($1 + 1)" }
            files["/\(count)"] = "User deep"
            return try SSHConfiguration(
                files: .only("/1"), local: ConfigurationTests.machine(files)
            ).resolve(host: "h")
        }
        #expect(try chain(of: 17).user == "deep")
        let error = #expect(throws: SSHConfigError.self) { try chain(of: 18) }
        #expect(error?.code == .limitExceeded)
        #expect(error?.location == ConfigurationLocation(file: "/17", line: 1))
    }

    @Test func aFileThatIncludesItselfEnds() {
        let local = ConfigurationTests.machine(["/1": "Include /1"])
        let error = #expect(throws: SSHConfigError.self) {
            try SSHConfiguration(files: .only("/1"), local: local).resolve(host: "h")
        }
        #expect(error?.code == .limitExceeded)
    }

    @Test func filesThatIncludeEachOtherManyTimesEnd() {
        var files = (1...15).reduce(into: [:]) { $0["/\($1)"] = "Include /\($1 + 1) /\($1 + 1)" }
        files["/16"] = "User x"
        let local = ConfigurationTests.machine(files)
        let error = #expect(throws: SSHConfigError.self) {
            try SSHConfiguration(files: .only("/1"), local: local).resolve(host: "h")
        }
        #expect(error?.code == .limitExceeded)
        #expect(error?.keyword == "Include")
    }

    /// What goes beyond a limit, by a name that is short enough to be printed.
    enum Excess: CaseIterable {
        case bytesOfFile, lines, files, expansion

        var text: String {
            func repeated(_ text: String, _ count: Int) -> String {
                String(repeating: text, count: count)
            }
            return switch self {
            case .bytesOfFile: repeated("x", ConfigurationLimits.fileBytes + 1)
            case .lines: repeated("\n", ConfigurationLimits.linesRead + 1)
            case .files:
                "UserKnownHostsFile" + repeated(" x", ConfigurationLimits.knownHostsFiles + 1)
            case .expansion: "IdentityFile /" + repeated("${FOO}", 11_000)
            }
        }
    }

    @Test(arguments: Excess.allCases) func refusesWhatIsBeyondALimit(_ excess: Excess) {
        let local = ConfigurationTests.machine(
            ["/c": excess.text], environment: ["FOO": String(repeating: "x", count: 100)])
        let error = #expect(throws: SSHConfigError.self) {
            try SSHConfiguration(files: .only("/c"), local: local).resolve(host: "h")
        }
        #expect(error?.code == .limitExceeded)
    }

    /// The host's options in a file of any bytes.
    private static func resolve(_ text: [UInt8], host: String = "h") throws -> ClientOptions {
        var local = ConfigurationTests.machine()
        local.readFile = { _ in .bytes(text[...]) }
        return try SSHConfiguration(files: .only("/c"), local: local).resolve(host: host)
    }

    @Test func bytesThatAreNoUTF8StayAsTheyAre() throws {
        let latin1: [UInt8] = [0x6D, 0xFC, 0x6C]
        func line(_ before: String, _ after: String = "\n") -> [UInt8] {
            Array(before.utf8) + latin1 + Array(after.utf8)
        }
        let text =
            line("Host other ") + line("  User x") + line("Host * # ") + line("User ")
            + line("IdentityFile ", "%%\n") + line("ProxyCommand \"", "\" %r\n")
            + line("IgnoreUnknown ") + line("", " x\n") + Array("Port 7\n".utf8)
        let options = try Self.resolve(text)
        #expect(options.port == 7)
        #expect(options.user.keptBytes == latin1)
        #expect(options.identityFiles.first?.path.keptBytes == latin1 + [UInt8(ascii: "%")])
        #expect(
            options.proxyCommand?.keptBytes
                == line("\"", "\" ") + latin1)
    }

    @Test func linesMayBeAsLongAsFiles() throws {
        let long = [UInt8](repeating: UInt8(ascii: "a"), count: 300_000)
        let text =
            Array("#".utf8) + long + Array("\nHost other ".utf8) + long
            + Array("\nHost *\nPort 7\nProxyCommand ".utf8) + long
        let options = try Self.resolve(text)
        #expect(options.port == 7)
        #expect(options.proxyCommand?.utf8.count == long.count)
    }

    @Test func listsStopGrowing() throws {
        let names = (0..<2_000).map { "IdentityFile /\($0)" }.joined(separator: "\n")
        let options = try ConfigurationTests.resolve(names)
        #expect(options.identityFiles.count == ConfigurationLimits.listEntries)
    }
}
