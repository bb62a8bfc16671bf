// SPDX-License-Identifier: Apache-2.0

/// What is to run on the server.
public enum ServerProgram: Equatable, Sendable {
    /// What the server knows by this name.
    case subsystem(String)
    /// A command line for the user's shell.
    case command(String)

    /// What sshfs's `sftp_server` means: a subsystem by its name, or a command if there is a slash in
    /// it.
    public init(sftpServer text: String) {
        self = text.contains("/") ? .command(text) : .subsystem(text)
    }

    var isSubsystem: Bool {
        switch self {
        case .subsystem: true
        case .command: false
        }
    }

    /// The name or the command line.
    var text: String {
        switch self {
        case .subsystem(let name): name
        case .command(let command): command
        }
    }
}
