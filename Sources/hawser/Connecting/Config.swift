// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import EventLoop
import Glibc
import SSHClient
import SSHConfig
import Wire

/// `hawser config`.
struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the configuration that holds for a host.",
        usage: "hawser config [options] [user@]host", version: versionText)

    @OptionGroup var connection: ConnectionArguments

    @Option(
        name: .customShort("o"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("An option of ssh_config.", valueName: "name=value"))
    var options: [String] = []

    @Argument(help: "The host, as for ssh.")
    var host: String

    func run() throws {
        // Programs want the values as they are; a terminal would obey what stands in them.
        let isSeen = isatty(STDOUT_FILENO) == 1
        var rest = try lines(local: .thisMachine()).flatMap { line in
            (isSeen ? Array(TerminalText.line(line, limit: .max).utf8) : line.keptBytes)
                + [UInt8(ascii: "\n")]
        }[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBufferPointer {
                unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            guard count > 0 || errno == EINTR else { throw SystemError.last("standard output") }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    /// What is printed.
    func lines(local: LocalContext) throws -> [String] {
        let letters = connection.sshOptions.map { "\($0.name)=\($0.value)" }
        let level = connection.verbose > 0 ? ["LogLevel=DEBUG\(min(connection.verbose, 3))"] : []
        let configuration = SSHConfiguration(
            commandLine: level + letters + options,
            files: connection.configFile.map(SSHConfiguration.Files.init(argument:)) ?? .standard,
            local: local)
        let at = host.lastIndex(of: "@")
        return try configuration.effective(
            host: String(at.map { host[host.index(after: $0)...] } ?? host[...]),
            user: at.map { String(host[..<$0]) }
        ).lines()
    }
}
