// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import FuseBridge
import Glibc
import MountOptions
import SSHConfig

/// `hawser mount`.
struct Mount: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "mount", abstract: "Mount a directory of another machine.",
            usage: "\(usageName) [options] [user@]host:[directory] mountpoint",
            discussion: MountOptions.help,
            version: versionText)
    }

    /// What users call it.
    private static var usageName: String { Main.programName == "sshfs" ? "sshfs" : "hawser mount" }

    @Argument(
        help: "What to mount: [user@]host:[directory]; without a directory, the login directory.")
    var source: String

    @Argument(help: "The directory to mount it on.")
    var mountPoint: String

    @Flag(name: .customShort("f"), help: "Stay in the foreground.")
    var foreground = false

    @Flag(name: [.short, .long], help: "Tell of each request, and stay in the foreground.")
    var debug = false

    @Flag(name: .customShort("s"), help: .hidden)
    var singleThreaded = false

    @Flag(name: .customShort("1"), help: .hidden)
    var firstVersion = false

    @Flag(name: .customLong("pretend"), help: .hidden)
    var pretends = false

    @OptionGroup var connection: ConnectionArguments

    @Option(
        name: .customShort("o"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Options of the mount and of ssh_config.", valueName: "name[=value],...")
    )
    var optionLists: [String] = []

    /// Which program the caller means; not an argument.
    var role = Role.hawser

    enum CodingKeys: CodingKey {
        case source, mountPoint, foreground, debug, singleThreaded, firstVersion, pretends
        case connection, optionLists
    }

    /// What the arguments say.
    func options() throws -> MountOptions {
        var options = MountOptions(
            source: try RemoteSource(parsing: source), mountPoint: mountPoint,
            sshKeywords: SSHConfiguration.keywords)
        options.typeName = role.rawValue
        options.staysInForeground = foreground
        options.sshConfigFile = connection.configFile
        for option in connection.sshOptions {
            try options.apply(name: option.name, value: option.value)
        }
        for list in optionLists { try options.apply(optionList: list) }
        try options.requireConsistency()
        options.sayMore(times: connection.verbose)
        if debug { options.turnOnDebugging() }
        if firstVersion {
            options.notes.append("-1 changes nothing: there is only version 2 of SSH")
        }
        return options
    }

    /// Mounts, and returns this process's exit status: at once in the foreground's own end, otherwise
    /// when the mount process has reported.
    func start() -> CInt {
        do {
            let options = try options()
            for note in options.notes { complain(note) }
            let mountPoint = try MountPoint(options.mountPoint)
            if try mountPoint.prepare() {
                complain("\(mountPoint.path): removed what a killed mount had left")
            }
            if pretends { return 0 }
            if options.staysInForeground {
                return MountProcess.run(options, mountPoint, launcher: nil)
            }
            return try Launcher.fork { launcher in
                MountProcess.run(options, mountPoint, launcher: launcher)
            }.wait()
        } catch {
            complain("\(error)")
            return 1
        }
    }
}
