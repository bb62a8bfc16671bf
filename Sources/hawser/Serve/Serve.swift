// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import CLinux
import EventLoop
import Glibc
import LocalFiles
import PostQuantum
import SFTPProtocol
import SFTPServer
import SSHCrypto
import SSHProtocol
import SSHServer
import Wire

/// `hawser serve`.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve this user's files over SSH, without sshd.",
        discussion: "See hawser-serve(1).", version: versionText)

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Where to listen; may be given several times. (default: 127.0.0.1:2222)",
            valueName: "address:port"))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "The keys that let in. (default: ~/.ssh/authorized_keys)", valueName: "file"))
    var authorizedKeys: String?

    @Option(
        help: ArgumentHelp(
            "A file of lines user:hash, for logins by password. (default: none)",
            valueName: "file"))
    var passwords: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A host key; made where there is none. (default: ~/.config/hawser/host_key)",
            valueName: "file"))
    var hostKey: [String] = []

    @Option(
        help: ArgumentHelp(
            "The name by which clients log in. (default: that of the user)", valueName: "name"))
    var user: String?

    @Option(
        help: ArgumentHelp(
            "The directory to serve, as if nothing lay above it. (default: all files)",
            valueName: "directory"))
    var root: String?

    @Flag(help: "Refuse everything that changes something.")
    var readOnly = false

    @Option(
        help: ArgumentHelp(
            "The only requests to carry out, separated by commas. (default: all)",
            valueName: "requests"))
    var allow: String?

    @Option(
        help: ArgumentHelp(
            "Requests to refuse, separated by commas. (default: none)", valueName: "requests"))
    var deny: String?

    @Option(
        help: ArgumentHelp(
            "What new files and directories do not let others do. (default: as it is)",
            valueName: "octal number"))
    var umask: String?

    @Option(
        name: .customShort("m", allowingJoined: true),
        help: ArgumentHelp(
            "The mode of new files, whatever clients ask for. (default: what they ask for)",
            valueName: "octal number"))
    var fileMode: String?

    @Option(
        name: .customShort("M", allowingJoined: true),
        help: ArgumentHelp(
            "The mode of new directories, whatever clients ask for. (default: what they ask for)",
            valueName: "octal number"))
    var directoryMode: String?

    @Flag(help: "Serve one connection and end.")
    var once = false

    @Flag(help: "Serve one connection over standard input and output.")
    var stdio = false

    @Option(
        help: ArgumentHelp(
            "What to log: as sshd's LogLevel. (default: info)", valueName: "level"))
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "How much all clients together may write, such as 10G. (default: no bound)",
            valueName: "bytes"))
    var quotaBytes: ByteCount?

    @Option(
        help: ArgumentHelp(
            "How many files all clients together may create. (default: no bound)",
            valueName: "number"))
    var quotaFiles: UInt64?

    @Option(
        help: ArgumentHelp(
            "How much each session may read a second, such as 10M. (default: no bound)",
            valueName: "bytes"))
    var rateRead: ByteCount?

    @Option(
        help: ArgumentHelp(
            "How much each session may write a second, such as 10M. (default: no bound)",
            valueName: "bytes"))
    var rateWrite: ByteCount?

    @Option(
        help: ArgumentHelp(
            "What the lines of the log are: text or json. (default: text)", valueName: "format"))
    var logFormat: String?

    func validate() throws {
        if stdio, once || !listen.isEmpty {
            throw ValidationError("--stdio listens nowhere: --listen and --once do not go with it")
        }
        if let logLevel, LogLevel(name: logLevel) == nil {
            throw ValidationError("'\(logLevel)' is not a log level")
        }
        if let logFormat, LogFormat(rawValue: logFormat) == nil {
            throw ValidationError("'\(logFormat)' is not a format of the log: text or json")
        }
        for name in [allow, deny].compactMap(\.self).flatMap(RequestPolicy.names)
        where !RequestPolicy.isName(name) {
            throw ValidationError(
                "'\(name)' is not a request: hawser-sftp-server -Q requests lists them")
        }
        for text in [umask, fileMode, directoryMode].compactMap(\.self)
        where ForcedModes.permissions(octal: text) == nil {
            throw ValidationError("'\(text)' is not an octal number of permissions")
        }
        for address in listen where ListenAddress(address) == nil {
            throw ValidationError(
                "'\(address)' is not an address and a port, such as 127.0.0.1:2222")
        }
    }

    /// How long transfers may go on after SIGTERM.
    private static let patience = Duration.seconds(30)

    func run() throws {
        ProcessLimits.prepareServer()
        ProcessLimits.raiseOpenDescriptors()
        var parts = try ServeParts(self)
        _ = try parts.settings()
        // Not for the host keys, which may just have been made.
        if let mask = umask.flatMap(ForcedModes.permissions) { _ = Glibc.umask(mask) }
        parts.forceModes(
            file: fileMode.flatMap(ForcedModes.permissions),
            directory: directoryMode.flatMap(ForcedModes.permissions))
        let settings = try parts.settings()
        try parts.enterWorkingDirectory()
        parts.raiseSandbox(ports: addresses.map(\.port))
        let loop = try EpollLoop(whenQuiet: clinux_release_freed_memory)
        if stdio {
            try loop.run {
                let channel = try DescriptorChannel(
                    input: FileDescriptor(owning: STDIN_FILENO),
                    output: FileDescriptor(owning: STDOUT_FILENO), loop: loop)
                await SSHServer.serve(over: channel, from: .unknown, settings, loop: loop)
            }
        } else {
            try serve(settings, parts, loop)
        }
    }

    /// Where to listen, unless sockets are given and no addresses.
    private var addresses: [ListenAddress] {
        (listen.isEmpty ? ["127.0.0.1:2222"] : listen).compactMap(ListenAddress.init)
    }

    private func serve(_ settings: ServerSettings, _ parts: ServeParts, _ loop: EpollLoop) throws {
        let server = SSHServer(settings, maximumConnections: once ? 1 : nil, loop: loop)
        // Before there is any other thread.
        try loop.handleSignals([SIGTERM, SIGINT, SIGHUP]) { signal in
            server.assumeIsolated { server in
                guard signal == SIGHUP else {
                    ServiceManager.notify(.stopping)
                    return server.stop(patience: Self.patience)
                }
                ServiceManager.notify(.reloading)
                do {
                    server.use(try parts.settings())
                } catch {
                    settings.log.log(.error, "still with the old settings: \(error)")
                }
                ServiceManager.notify(.ready)
            }
        }
        let given = try ServiceManager.takeListeners()
        try loop.run {
            for number in given {
                let listener = try TCPListener(listening: FileDescriptor(owning: number))
                try await server.listen(on: listener)
            }
            for address in listen.isEmpty && !given.isEmpty ? [] : addresses {
                do {
                    let listener = try TCPListener(address.address)
                    try await server.listen(on: listener)
                } catch {
                    throw CommandProblem("\(address.text): \(error)")
                }
            }
            ServiceManager.notify(.ready)
            await server.waitUntilEnd()
        }
    }
}
