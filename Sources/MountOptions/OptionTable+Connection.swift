// SPDX-License-Identifier: Apache-2.0

extension OptionTable {
    /// How the server is reached.
    static let connection = OptionGroup(
        title: "The connection",
        entries: [
            OptionEntry(
                "port", value: "PORT", help: "the server's port, as -p",
                rule: .value { options, value throws(OptionRule.Expected) in
                    guard let port = UInt16(value), port > 0 else {
                        throw .init(text: "a port number from 1 to 65535")
                    }
                    options.sshOptions.append(.init(name: "Port", value: value))
                }),
            OptionEntry(
                "compression", value: "auto|yes|no",
                help: "auto: as far as it helps; or always, never", rule: .compression),
            OptionEntry(
                "password_stdin", help: "read the password from the standard input",
                rule: .flag { $0.readsPassword = true }),
            OptionEntry(
                "reconnect", help: "make a lost connection anew, as is done anyway",
                rule: .flag { $0.reconnects = true }),
            OptionEntry(
                "noreconnect", help: "leave a lost connection lost",
                rule: .flag { $0.reconnects = false }),
            OptionEntry(
                "timeout", value: "SECONDS",
                help: "the wait for a lost connection (default: 60)",
                rule: .seconds { $0.lossTimeout = $1 }),
            OptionEntry(
                "hard", help: "let operations wait for ever", rule: .flag { $0.lossTimeout = nil }),
            OptionEntry(
                "delay_connect", help: "connect when the mount is first used",
                rule: .flag { $0.delaysConnection = true }),
            OptionEntry(
                "max_conns", value: "N",
                help: "large files over N connections (default: 1)",
                rule: .value { options, value throws(OptionRule.Expected) in
                    guard let number = UInt32(value), number > 0 else {
                        throw .init(text: "a number of connections")
                    }
                    options.maximumConnections = Int(number)
                }),
            OptionEntry(
                "sftp_server", value: "NAME",
                help: "the subsystem, or a command with a slash in it",
                rule: .text("a subsystem or a command") { $0.sftpServer = $1 }),
            OptionEntry(
                "ssh_command", value: "COMMAND", help: "run a program in place of a connection",
                rule: .sshCommand),
            OptionEntry(
                "directport", value: "PORT", help: "speak SFTP over TCP, with nothing between",
                rule: .directPort),
            OptionEntry(
                "vsock", value: "CID:PORT", help: "speak SFTP to a virtual machine", rule: .vsock),
            OptionEntry(
                "passive", "slave", help: "speak SFTP over the standard input and output",
                rule: .passive),
            OptionEntry(
                "workaround", value: "NAME:...", help: "how to bear with what a server lacks",
                rule: .value { options, value throws(OptionRule.Expected) in
                    try options.workarounds.apply(list: value)
                }),
        ])

    /// How to see what happens.
    static let troubleshooting = OptionGroup(
        title: "Troubleshooting",
        entries: [
            OptionEntry(
                "debug", "sshfs_debug", help: "tell of each request, as -d",
                rule: .flag { $0.turnOnDebugging() }),
            OptionEntry(
                "sshfs_verbose", help: "say more while connecting, as -v",
                rule: .flag { $0.sayMore(times: 1) }),
        ])
}
