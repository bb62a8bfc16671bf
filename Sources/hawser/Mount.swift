// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import FuseBridge
import Glibc
import MountOptions

/// `hawser mount`.
struct Mount: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Mount a directory of another machine.",
        usage: "hawser mount [options] [user@]host:[directory] mountpoint", version: versionText)

    @Argument(
        help: "What to mount: [user@]host:[directory]; without a directory, the login directory.")
    var source: String

    @Argument(help: "The directory to mount it on.")
    var mountPoint: String

    @Flag(name: .customShort("f"), help: "Stay in the foreground.")
    var foreground = false

    @Flag(name: [.short, .long], help: "Say what happens, and stay in the foreground.")
    var debug = false

    @Flag(name: [.short, .long], help: "Say what happens while connecting.")
    var verbose = false

    @Flag(name: .customShort("C"), help: "Compress (ssh_config: Compression).")
    var compresses = false

    @Flag(name: .customShort("s"), help: .hidden)
    var singleThreaded = false

    @Flag(name: .customLong("pretend"), help: .hidden)
    var pretends = false

    @Option(name: .customShort("p"), help: "The server's port.")
    var port: String?

    @Option(name: .customShort("F"), help: "The ssh_config file to read.")
    var configFile: String?

    @Option(name: .customShort("i"), help: "A file with a private key.")
    var identityFiles: [String] = []

    @Option(
        name: .customShort("o"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Options of the mount and of ssh_config.", valueName: "name[=value],...")
    )
    var optionLists: [String] = []

    /// Which program the caller means; not an argument.
    var role = Role.hawser

    enum CodingKeys: CodingKey {
        case source, mountPoint, foreground, debug, verbose, compresses, singleThreaded, pretends
        case port, configFile, identityFiles, optionLists
    }

    /// What the arguments say.
    func options() throws -> MountOptions {
        var options = MountOptions(
            source: try RemoteSource(parsing: source), mountPoint: mountPoint)
        options.typeName = role.rawValue
        options.staysInForeground = foreground
        options.isVerbose = verbose
        if debug { options.turnOnDebugging() }
        options.sshConfigFile = configFile
        if let port { try options.apply(name: "port", value: port) }
        if compresses { try options.apply(name: "Compression", value: "yes") }
        for file in identityFiles { try options.apply(name: "IdentityFile", value: file) }
        for list in optionLists { try options.apply(optionList: list) }
        return options
    }

    /// Mounts, and returns this process's exit status: at once in the foreground's own end, otherwise
    /// when the mount process has reported.
    func start() -> CInt {
        do {
            let options = try options()
            let mountPoint = try MountPoint(options.mountPoint)
            if try mountPoint.prepare() {
                complain("\(mountPoint.path): removed what a killed mount had left")
            }
            if pretends { return 0 }
            if options.staysInForeground {
                return MountProcess.run(options, mountPoint, launcher: nil)
            }
            switch try Launcher.fork() {
            case .launcher(let report): return report.wait()
            case .mountProcess(let launcher):
                return MountProcess.run(options, mountPoint, launcher: launcher)
            }
        } catch {
            complain("\(error)")
            return 1
        }
    }
}
