// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MountOptions

/// Ways to the server that are not an SSH connection of ours, by sshfs's options.
@Suite struct TransportTests {
    private func options(_ lists: String...) throws -> MountOptions {
        var options = MountOptions(
            source: try RemoteSource(parsing: "me@host:/dir"), mountPoint: "/mnt",
            sshKeywords: ["Compression", "Port", "ServerAliveInterval"])
        for list in lists { try options.apply(optionList: list) }
        try options.requireConsistency()
        return options
    }

    static let transports: [(String, Transport)] = [
        ("ro", .ssh), ("ssh_command=ssh", .program(["ssh"])),
        ("ssh_command=autossh -M 0", .program(["autossh", "-M", "0"])),
        (#"ssh_command= my\\ ssh  -x "#, .program(["my ssh", "-x"])),
        ("directport=7000", .tcp(port: 7000)), ("vsock=3:1024", .vsock(context: 3, port: 1024)),
        ("passive", .standardStreams), ("slave", .standardStreams),
    ]

    @Test(arguments: transports)
    func optionNamesTheTransport(_ text: String, _ expected: Transport) throws {
        #expect(try options(text).transport == expected)
    }

    @Test(arguments: [
        "ssh_command=", "ssh_command= ", "directport=0", "directport=65536", "directport=x",
        "vsock=3", "vsock=3:", "vsock=3:4:5", "vsock=-1:4", "passive=yes", "sftp_server=",
    ])
    func valueThatDoesNotFitIsRefused(_ text: String) {
        #expect(throws: MountOptionError.self) { try options(text) }
    }

    @Test func passiveStaysInForeground() throws {
        #expect(try options("passive").staysInForeground)
        #expect(try !options("directport=1").staysInForeground)
    }

    @Test func compressionMayBeMeasured() throws {
        for (text, isSteered, words) in [
            ("compression=auto", true, []), ("Compression=Auto", true, []),
            ("COMPRESSION=yes", false, ["yes"]), ("compression=no,Compression=auto", true, ["no"]),
        ] {
            let options = try options(text)
            #expect(options.steersCompression == isSteered)
            #expect(options.sshOptions.map(\.value) == words)
            #expect(options.sshOptions.allSatisfy { $0.name == "Compression" })
        }
    }

    @Test(arguments: ["passive", "ssh_command=ssh", "directport=1", "vsock=1:1", "delay_connect"])
    func passwordIsForConnectionsOfOurOwn(_ text: String) {
        #expect(throws: MountOptionError.self) { try options("password_stdin", text) }
    }

    @Test func programGetsTheArgumentsThatItGetsFromSSHFS() throws {
        var options = try options(
            "ssh_command=autossh -M 0,reconnect,compression=yes,transform_symlinks",
            "ServerAliveInterval=45")
        #expect(options.notes.isEmpty)
        guard case .program(let words) = options.transport else {
            Issue.record("no program")
            return
        }
        #expect(
            options.programArguments(words) == [
                "autossh", "-M", "0", "-x", "-a", "-oClearAllForwardings=yes",
                "-oCompression=yes", "-oServerAliveInterval=45", "-s", "--", "me@host", "sftp",
            ])
        options.sftpServer = "sudo /usr/lib/openssh/sftp-server"
        options.sshConfigFile = "/config"
        #expect(
            options.programArguments(["ssh"]) == [
                "ssh", "-x", "-a", "-oClearAllForwardings=yes", "-F", "/config",
                "-oCompression=yes", "-oServerAliveInterval=45", "--", "me@host",
                "sudo /usr/lib/openssh/sftp-server",
            ])
    }
}
