// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import CLinux
import EventLoop
import Glibc
import Wire

/// The program.
///
/// Its name decides what it is: `hawser`, a stand-in for `sshfs` or `scp`, or mount(8)'s helper.
@main enum Main {
    static func main() {
        let given = arguments
        switch programName {
        case "scp": run(Copy.self, given, as: .hawser, withValue: copyLettersWithValue)
        case "sshfs": run(Mount.self, given, as: .sshfs)
        case "mount.sshfs", "mount.fuse.sshfs":
            run(Mount.self, helperArguments(given), as: .sshfs)
        case "mount.hawser", "mount.fuse.hawser":
            run(Mount.self, helperArguments(given), as: .hawser)
        default:
            // As mount.fuse3(8) calls the program that the type of a line of fstab(5) names.
            if let word = given.first, word.contains(":"), !word.hasPrefix("-") {
                run(Mount.self, given, as: .hawser)
            }
            if let word = given.first, let problem = Hawser.problem(withCommand: word) {
                complain(problem)
                exit(1)
            }
            let isCopy = [Copy.self, CompletePath.self].contains {
                (command: any ParsableCommand.Type) in
                given.first == command.configuration.commandName
            }
            run(
                Hawser.self, given, as: .hawser,
                withValue: isCopy ? copyLettersWithValue : mountLettersWithValue)
        }
    }

    /// What the program was called with, behind its name; every byte of it is kept.
    private static let arguments: [String] = {
        var arguments: UnsafePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe clinux_command_line(&arguments)
        guard let arguments = unsafe arguments else { return [] }
        return (1..<max(Int(count), 1)).compactMap { index in
            unsafe arguments[index].map { unsafe String(keepingCString: $0) }
        }
    }()

    /// The name that the program was called by.
    static var programName: String {
        CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "hawser"
    }

    /// Parses, runs and exits: 0 for success and for help, 1 for whatever went wrong, as sshfs does.
    private static func run<Root: ParsableCommand>(
        _ root: Root.Type, _ given: [String], as role: Role,
        withValue letters: Set<Character> = mountLettersWithValue
    ) -> Never {
        let arguments = separateShortOptions(given, withValue: letters)
        if arguments.prefix(while: { $0 != "--" }).contains("-V") {
            print(versionText)
            exit(0)
        }
        do {
            var command = try root.parseAsRoot(arguments)
            if var mount = command as? Mount {
                mount.role = role
                exit(mount.start())
            }
            try command.run()
            exit(0)
        } catch let status as ExitCode {
            exit(status.rawValue)
        } catch {
            if root.exitCode(for: error).isSuccess {
                print(root.fullMessage(for: error))
                exit(0)
            }
            complain(root.message(for: error))
            exit(1)
        }
    }
}

/// Which program the caller means.
enum Role: String {
    case hawser, sshfs
}

/// The whole program's commands.
struct Hawser: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hawser", abstract: "Work with the files of another machine over SSH.",
        version: versionText,
        subcommands: [
            Mount.self, Unmount.self, Copy.self, Serve.self, List.self, Status.self,
            Reconnect.self, Flush.self, Config.self, Doctor.self, CompletePath.self,
        ])

    /// What is wrong with the first argument, if it should be a command and is none.
    static func problem(withCommand word: String) -> String? {
        let commands = configuration.subcommands.compactMap { subcommand in
            let (name, isShown) = (
                subcommand.configuration.commandName, subcommand.configuration.shouldDisplay
            )
            return isShown || name == word ? name : nil
        }
        guard !word.hasPrefix("-"), !commands.contains(word), word != "help" else { return nil }
        return "'\(word)' is not a command; there are: \(commands.joined(separator: ", "))"
    }
}

/// What `--version` prints.
let versionText = "hawser 0.1.0"

/// Writes one line about what is wrong to the standard error output; nothing in it steers a terminal.
func complain(_ message: String) {
    let line = Array("hawser: \(TerminalText.message(message))\n".utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
}
