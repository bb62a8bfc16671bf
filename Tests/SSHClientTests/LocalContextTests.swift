// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalSFTPServer
import SSHClient
import SSHConfig
import Testing

/// What configurations find out about this machine.
@Suite struct LocalContextTests {
    @Test(arguments: [
        ("127.1", "127.0.0.1"), ("::0001", "::1"), ("0x7f000001", "127.0.0.1"), ("localhost", nil),
        ("", nil), ("fe80::1%no-such-interface", nil),
    ])
    func writesNumbersAsTheSystemDoes(text: String, address: String?) throws {
        #expect(try LocalContext.thisMachine().numericAddress(text) == address)
    }

    @Test func knowsItsOwnAddresses() throws {
        let addresses = try LocalContext.thisMachine().interfaceAddresses()
        #expect(addresses.contains([127, 0, 0, 1]))
        #expect(addresses.allSatisfy { $0.count == 4 || $0.count == 16 })
    }

    @Test func asksTheResolver() throws {
        let local = try LocalContext.thisMachine()
        #expect(local.lookUp("localhost", .inet) != nil)
        #expect(local.lookUp("no-such-host.invalid", .any) == nil)
    }

    @Test(arguments: [
        ("true", CommandOutcome.exited(status: 0)), ("exit 3", .exited(status: 3)),
        ("kill -9 $$", .broken("it was ended by signal 9")),
        ("test \"$(cat)\" = ''", .exited(status: 0)),
        ("no-such-command 2>&1", .exited(status: 127)),
        ("echo this is seen nowhere", .exited(status: 0)),
    ])
    func runsCommandsByTheShell(command: String, outcome: CommandOutcome) throws {
        #expect(try LocalContext.thisMachine().runCommand(command) == outcome)
    }

    @Test func readsAPipeOnceAndKnowsItAfterwards() throws {
        let sandbox = try Sandbox()
        let path = sandbox.file("pipe")
        try #require(unsafe mkfifo(path, 0o600) == 0)
        let local = try LocalContext.thisMachine()
        var request = ConfigurationFileRequest(path: path, requiresTrustedOwner: false)
        #expect(local.readFile(request) == .unreadable("not a regular file"))
        request.mayBePipe = true
        _ = try shell("sh -c \"printf 'Port 7' >'\(path)'\" >/dev/null 2>&1 &")
        // The second time, nobody writes into it.
        for _ in 0..<2 { #expect(local.readFile(request) == .bytes(Array("Port 7".utf8)[...])) }
    }

    @Test func directoriesReadAsEmptyFiles() throws {
        let sandbox = try Sandbox()
        try run("mkdir", "-p", sandbox.file("conf.d/inner"))
        try sandbox.write("User inner\n", to: "conf.d/inner/x")
        try sandbox.write("Port 7\n", to: "conf.d/z")
        let path = sandbox.file("conf.d")
        try sandbox.write("Include \(path)/*\nInclude \(path)\nUser outer\n", to: "config")
        let configuration = SSHConfiguration(
            files: .only(sandbox.file("config")), local: try LocalContext.thisMachine())
        let options = try configuration.resolve(host: "h")
        #expect(options.user == "outer" && options.port == 7)
    }

    /// As with ssh: others could put configuration there.
    @Test func directoriesOfOthersAreNotRead() throws {
        let sandbox = try Sandbox()
        try run("mkdir", "-m", "777", sandbox.file("conf.d"))
        let local = try LocalContext.thisMachine()
        let request = ConfigurationFileRequest(
            path: sandbox.file("conf.d"), requiresTrustedOwner: true)
        #expect(local.readFile(request) == .unreadable("bad owner or permissions"))
    }

    @Test(arguments: ["m\\374l", "m*"])
    func pathsThatAreNoUTF8AreFound(_ pattern: String) throws {
        let sandbox = try Sandbox()
        try sandbox.write("User x\n", to: "included")
        try shell(
            """
            cd \(sandbox.path) && mkdir conf.d && cp -p included "$(printf 'conf.d/m\\374l')" \
            && printf 'Include \(sandbox.path)/conf.d/\(pattern)\\n' >config
            """)
        let configuration = SSHConfiguration(
            files: .only(sandbox.file("config")), local: try LocalContext.thisMachine())
        #expect(try configuration.resolve(host: "h").user == "x")
    }
}
