// SPDX-License-Identifier: Apache-2.0

/// How the server is reached.
public enum Transport: Equatable, Sendable {
    /// By an SSH connection of our own.
    case ssh
    /// By a program in place of ssh, given by its first arguments (`ssh_command`).
    case program([String])
    /// By TCP, with nothing between it and SFTP (`directport`).
    case tcp(port: UInt16)
    /// By a port of another context of a virtual machine (`vsock`).
    case vsock(context: UInt32, port: UInt32)
    /// By our own standard input and output (`passive`).
    case standardStreams
}

extension OptionRule {
    /// `ssh_command`: words with spaces between; a backslash takes the meaning from the next one.
    static let sshCommand = OptionRule.value { options, value throws(Expected) in
        var words: [String] = []
        var word: String?
        var characters = value.makeIterator()
        while let character = characters.next() {
            switch character {
            case " ":
                if let word { words.append(word) }
                word = nil
            case "\\": word = (word ?? "") + String(characters.next() ?? "\\")
            default: word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        guard !words.isEmpty else { throw Expected(text: "a command") }
        options.transport = .program(words)
    }

    /// `directport`.
    static let directPort = OptionRule.value { options, value throws(Expected) in
        guard let port = UInt16(value), port > 0 else {
            throw Expected(text: "a port number from 1 to 65535")
        }
        options.transport = .tcp(port: port)
    }

    /// `vsock=CID:PORT`.
    static let vsock = OptionRule.value { options, value throws(Expected) in
        let parts = value.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let context = UInt32(parts[0]), let port = UInt32(parts[1]) else {
            throw Expected(text: "CID:PORT, two numbers")
        }
        options.transport = .vsock(context: context, port: port)
    }

    /// `passive`, and its old name: standard input and output can't be used in the background.
    static let passive = OptionRule.flag { options in
        options.transport = .standardStreams
        options.staysInForeground = true
    }
}

extension MountOptions {
    /// The program to start in place of an SSH connection of ours, and its arguments; sshfs's, for
    /// what stands behind `ssh_command` is told apart by them.
    public func programArguments(_ words: [String]) -> [String] {
        var arguments = words + ["-x", "-a", "-oClearAllForwardings=yes"]
        if let sshConfigFile { arguments += ["-F", sshConfigFile] }
        arguments += sshOptions.map { "-o\($0.name)=\($0.value)" }
        let isSubsystem = !sftpServer.contains("/")
        if isSubsystem { arguments.append("-s") }
        let login = source.user.map { "\($0)@\(source.host)" } ?? source.host
        return arguments + ["--", login, sftpServer]
    }
}
