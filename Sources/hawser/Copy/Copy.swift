// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import CopyEngine
import SSHConfig

/// `hawser cp`, and the program where it is called `scp`.
struct Copy: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "cp", abstract: "Copy files from and to other machines.",
            usage: "\(usageName) [options] source ... target",
            discussion: """
                A source or target is a local path, [user@]host:path, or a URI scp://[user@]host[:port][/path]. \
                The options with one letter are scp's.
                """,
            version: versionText)
    }

    /// What users call it.
    private static var usageName: String { Main.programName == "scp" ? "scp" : "hawser cp" }

    @Argument(help: "What to copy, and where to.")
    var operands: [String]

    @Flag(name: .customShort("r"), help: "Copy directories, with all that is in them.")
    var isRecursive = false

    @Flag(name: .customShort("p"), help: "Keep times and permissions.")
    var preserves = false

    @Flag(name: .customShort("q"), help: "Show no progress, and nothing of the connection.")
    var isQuiet = false

    @Flag(name: .customShort("B"), help: "Ask nothing (ssh_config: BatchMode).")
    var asksNothing = false

    @Option(
        name: .customShort("c"),
        help: ArgumentHelp(
            "The ciphers to choose from (ssh_config: Ciphers).", valueName: "ciphers"))
    var ciphers: String?

    @Option(
        name: .customShort("D"),
        help: ArgumentHelp(
            "Run this local program as the server, without SSH.", valueName: "program"))
    var serverProgram: String?

    @Option(
        name: .customShort("l"),
        help: ArgumentHelp("The most to copy in a second, in Kbit.", valueName: "limit"))
    var limit: UInt64?

    @Option(
        name: .customShort("P"), help: ArgumentHelp("The server's port.", valueName: "port"))
    var port: String?

    @Option(
        name: .customShort("S"),
        help: ArgumentHelp(
            "The program to connect with, in place of our own SSH.", valueName: "program"))
    var sshProgram: String?

    @Option(
        name: .customShort("X"),
        help: ArgumentHelp(
            "buffer=BYTES: the size of a request. nrequests=N: accepted; it is chosen by itself.",
            valueName: "option"))
    var tuning: [String] = []

    @Option(
        name: .customShort("i"),
        help: ArgumentHelp("A file with a private key.", valueName: "file"))
    var identityFiles: [String] = []

    @Option(
        name: .customShort("J"),
        help: ArgumentHelp("Hosts to go through: [user@]host[:port],...", valueName: "hosts"))
    var jumpHosts: String?

    @Option(
        name: .customShort("F"),
        help: ArgumentHelp("The ssh_config file to read; none for no file.", valueName: "file"))
    var configFile: String?

    @Option(
        name: .customShort("o"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("An option of ssh_config.", valueName: "name=value"))
    var sshOptions: [String] = []

    @Flag(name: .customShort("C"), help: "Compress (ssh_config: Compression).")
    var compresses = false

    @Flag(name: .customShort("4"), help: "Use IPv4 only.")
    var usesIPv4Only = false

    @Flag(name: .customShort("6"), help: "Use IPv6 only.")
    var usesIPv6Only = false

    @Flag(name: [.short, .long], help: "Say what happens while connecting; more often, say more.")
    var verbose: Int

    @Flag(
        name: [.customShort("3"), .customShort("A"), .customShort("s"), .customShort("T")],
        help: "Accepted: it is always so, or has no use here.")
    var accepted: Int

    @Flag(
        name: [.customShort("O"), .customShort("R")],
        help: "Refused: the old protocol is not spoken, no scp is run on the source's host.")
    var refused: Int

    @Flag(help: "Copy symbolic links in directories as links.")
    var links = false

    @Flag(help: "Make files one again that are one in the source, where it tells.")
    var hardLinks = false

    @Option(
        name: .customLong("preserve"),
        help: ArgumentHelp(
            "Keep this, and nothing else: mode, times, nanoseconds, owner; separated by commas.",
            valueName: "list"))
    var preserved: PreservedList?

    @Flag(help: "Remove from the copied directories what the source does not have.")
    var delete = false

    @Flag(help: "Tell what would be done, and do nothing.")
    var dryRun = false

    @Flag(help: "Write files where they are, rather than beside it until they are whole.")
    var inplace = false

    @Flag(help: "Go on with what an earlier copy has left, once that has been looked at.")
    var resume = false

    @Flag(help: "Read back what was written, and compare it with the source.")
    var verify = false

    @Option(
        name: .customLong("limit"),
        help: ArgumentHelp(
            "The most bytes to copy in a second, such as 500K or 2M.", valueName: "bytes"))
    var byteLimit: ByteCount?

    @Flag(help: "Leave files alone that are there already.")
    var skipExisting = false

    @Flag(help: "Leave files alone that are as new as the source.")
    var update = false

    @Flag(help: "Leave files alone that have the size of the source.")
    var sizeOnly = false

    @Flag(help: "Leave files alone that have the content of the source: both are read.")
    var checksum = false

    @Flag(help: "For programs: tell what happens as a line of JSON each.")
    var json = false

    /// The largest request that OpenSSH's scp takes for `-X buffer`, in bytes.
    private static let largestBuffer = 256 << 10

    func run() throws {
        guard refused == 0 else {
            throw CommandProblem(
                "-O and -R are not supported: the old scp protocol is not spoken, and copies between "
                    + "two servers go through this machine")
        }
        guard operands.count > 1 else { throw CommandProblem("a source and a target are needed") }
        guard [skipExisting, update, sizeOnly, checksum].count(where: { $0 }) < 2 else {
            throw CommandProblem(
                "only one of --skip-existing, --update, --size-only and --checksum can be had")
        }
        guard !delete || isRecursive else { throw CommandProblem("--delete is only for -r") }
        let status = CopyProcess.run(
            try operands.map { try CopyArgument($0) }, options: try options(), connection: self)
        throw ExitCode(status)
    }

    /// What is to be done, apart from the connections.
    func options() throws -> CopyOptions {
        var options = CopyOptions(random: { UInt32.random(in: 0...(.max)) })
        options.isRecursive = isRecursive
        if preserves { options.preserved = [.mode, .times] }
        if let preserved { options.preserved = preserved.parts }
        options.keepsHardLinks = hardLinks
        options.deletes = delete
        options.isDry = dryRun
        options.keepsLinks = links
        options.writesInPlace = inplace
        options.resumes = resume
        options.verifies = verify
        if skipExisting { options.skipping = .existing }
        if update { options.skipping = .newer }
        if sizeOnly { options.skipping = .sameSize }
        if checksum { options.skipping = .sameContent }
        if let byteLimit { options.bytesPerSecond = byteLimit.count }
        if let limit {
            guard byteLimit == nil else { throw CommandProblem("either -l or --limit") }
            guard limit > 0, limit <= UInt64(UInt32.max) else {
                throw CommandProblem("-l: the limit is at least 1 Kbit/s")
            }
            options.bytesPerSecond = limit * 1024 / 8
        }
        for text in tuning { try tune(&options, text) }
        return options
    }

    private func tune(_ options: inout CopyOptions, _ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let number = Int(parts[1]), number > 0 else {
            throw CommandProblem("-X \(text): expected nrequests=NUMBER or buffer=BYTES")
        }
        switch parts[0] {
        case "buffer" where number <= Self.largestBuffer: options.chunkBytes = number
        case "buffer": throw CommandProblem("-X \(text): at most \(Self.largestBuffer)")
        case "nrequests": break
        default: throw CommandProblem("-X \(text): expected nrequests=NUMBER or buffer=BYTES")
        }
    }

    /// What the letters stand for among the options of ssh_config(5); the first of a name counts.
    func connectionOptions(to host: CopyArgument.Host) -> [(name: String, value: String)] {
        var options: [(String, String)] = []
        if verbose > 0 { options.append(("LogLevel", "DEBUG\(min(verbose, 3))")) }
        if isQuiet { options.append(("LogLevel", "QUIET")) }
        if let port = host.port ?? port { options.append(("Port", port)) }
        if asksNothing { options.append(("BatchMode", "yes")) }
        if let ciphers { options.append(("Ciphers", ciphers)) }
        var letters = ConnectionArguments()
        letters.port = nil
        letters.user = nil
        letters.identityFiles = identityFiles
        letters.jumpHosts = jumpHosts
        letters.compresses = compresses
        letters.usesIPv4Only = usesIPv4Only
        letters.usesIPv6Only = usesIPv6Only
        return options + letters.sshOptions
            + sshOptions.map { option in
                let end = option.firstIndex { "= \t".contains($0) } ?? option.endIndex
                let value = option[end...].drop { "= \t".contains($0) }
                return (String(option[..<end]), String(value))
            }
    }
}

/// What `--preserve` names.
struct PreservedList: ExpressibleByArgument {
    let parts: Set<CopyOptions.Preserved>

    init?(argument: String) {
        let names = argument.split(separator: ",", omittingEmptySubsequences: false)
        let parts = names.compactMap { CopyOptions.Preserved(rawValue: String($0)) }
        guard parts.count == names.count else { return nil }
        self.parts = Set(parts)
    }
}
