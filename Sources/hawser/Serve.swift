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

    @Flag(help: "Serve one connection and end.")
    var once = false

    @Flag(help: "Serve one connection over standard input and output.")
    var stdio = false

    @Option(
        help: ArgumentHelp(
            "What to log: as sshd's LogLevel. (default: info)", valueName: "level"))
    var logLevel: String?

    func validate() throws {
        if stdio, once || !listen.isEmpty {
            throw ValidationError("--stdio listens nowhere: --listen and --once do not go with it")
        }
        if let logLevel, LogLevel(name: logLevel) == nil {
            throw ValidationError("'\(logLevel)' is not a log level")
        }
        for name in [allow, deny].compactMap(\.self).flatMap(RequestPolicy.names)
        where !RequestPolicy.isName(name) {
            throw ValidationError(
                "'\(name)' is not a request: hawser-sftp-server -Q requests lists them")
        }
        if let umask, Self.mask(umask) == nil {
            throw ValidationError("'\(umask)' is not an octal number of permissions")
        }
        for address in listen where ListenAddress(address) == nil {
            throw ValidationError(
                "'\(address)' is not an address and a port, such as 127.0.0.1:2222")
        }
    }

    /// The permissions that an octal number stands for.
    private static func mask(_ text: String) -> mode_t? {
        mode_t(text, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil }
    }

    /// How long transfers may go on after SIGTERM.
    private static let patience = Duration.seconds(30)
    /// How much memory stays ours though it is not in use, in bytes: a few packets' worth.
    private static let freedMemoryKept: CInt = 1 << 20

    func run() throws {
        _ = clinux_make_undumpable()
        // A file that would grow beyond the allowed size is an error of the write, not our end.
        signal(SIGXFSZ, SIG_IGN)
        clinux_keep_freed_memory(Self.freedMemoryKept)
        ProcessLimits.raiseOpenDescriptors()
        let parts = try ServeParts(self)
        let settings = try parts.settings()
        // Not for the host keys, which may just have been made.
        if let mask = umask.flatMap(Self.mask) { _ = Glibc.umask(mask) }
        try LocalFiles.changeWorkingDirectory(to: parts.home)
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
            for text in listen.isEmpty && given.isEmpty ? ["127.0.0.1:2222"] : listen {
                guard let address = ListenAddress(text) else { continue }
                do {
                    let listener = try TCPListener(address.address)
                    try await server.listen(on: listener)
                } catch {
                    throw ServeProblem(description: "\(text): \(error)")
                }
            }
            ServiceManager.notify(.ready)
            await server.waitUntilEnd()
        }
    }
}

/// What keeps the server from starting; one line for a person.
struct ServeProblem: Error, CustomStringConvertible {
    let description: String
}

/// An address and a port, as `127.0.0.1:2222`, `[::1]:2222` or `*:2222`.
struct ListenAddress {
    let address: SocketAddress

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        guard let address = SocketAddress.numeric(host == "*" ? "0.0.0.0" : host, port: port) else {
            return nil
        }
        self.address = address
    }
}

/// What the command line stands for on this machine.
struct ServeParts: Sendable {
    /// Where clients begin.
    let home: Bytes
    private let userName: Bytes
    private let authorizedKeys: Bytes
    private let passwords: Bytes?
    private let hostKeys: [Bytes]
    private let files: FileTree
    private let policy: RequestPolicy
    private let log: ServerLog

    init(_ command: Serve) throws {
        let account = Accounts.user(number: Accounts.currentUser)
        // In a container the user may be a number only.
        home = account?.home ?? Array("/".utf8)[...]
        guard let name = command.user.map({ Array($0.utf8)[...] }) ?? account?.name else {
            throw ServeProblem(
                description: "user \(Accounts.currentUser) has no name: give one by --user")
        }
        userName = name
        let directory = try LocalFiles.workingDirectory() + Array("/".utf8)
        func path(_ text: String) -> Bytes {
            text.hasPrefix("/") ? Array(text.utf8)[...] : directory + Array(text.utf8)
        }
        authorizedKeys =
            command.authorizedKeys.map(path) ?? home + Array("/.ssh/authorized_keys".utf8)
        passwords = command.passwords.map(path)
        if command.hostKey.isEmpty {
            let folders = ["/.config", "/hawser"].reduce(into: [home]) { paths, name in
                paths.append(paths[paths.count - 1] + Array(name.utf8))
            }
            for folder in folders.dropFirst() {
                try? LocalFiles.makeDirectory(folder, permissions: 0o700)
            }
            hostKeys = [folders[folders.count - 1] + Array("/host_key".utf8)]
        } else {
            hostKeys = command.hostKey.map(path)
        }
        do throws(Errno) {
            files =
                try command.root.map(path).map { root throws(Errno) in
                    try FileTree(confinedTo: root)
                } ?? .whole
        } catch {
            throw ServeProblem(description: "\(command.root ?? ""): \(error)")
        }
        policy = RequestPolicy(
            isReadOnly: command.readOnly, denied: Set(command.deny.map(RequestPolicy.names) ?? []),
            allowed: command.allow.map { Set(RequestPolicy.names($0)) })
        let level = command.logLevel.flatMap(LogLevel.init(name:)) ?? .info
        log = ServerLog(level: level) { _, message in
            let line = Array((message + "\n").utf8)
            // Nothing may wait for a reader of messages.
            _ = unsafe write(STDERR_FILENO, line, line.count)
        }
    }

    /// By the name of OpenSSH in it, clients such as asyncssh know that SYMLINK takes its arguments in
    /// OpenSSH's order, not in that of the draft.
    private static let identificationComments = "OpenSSH-compatible"

    /// The settings as the files are now.
    func settings() throws -> ServerSettings {
        var keys: [PrivateKey] = []
        for path in hostKeys {
            let key = try HostKeyFile.readOrMake(path)
            if keys.contains(where: { $0.publicKey.type == key.publicKey.type }) {
                throw ServeProblem(
                    description:
                        "\(ServerLog.escaped(path)): a second key of the type \(key.publicKey.type)"
                )
            }
            keys.append(key)
        }
        let ssh = SSHServerConfiguration(
            hostKeys: keys, algorithms: .modern,
            authentication: .init(
                methods: passwords == nil ? [.publicKey] : [.publicKey, .password]),
            mlkem: .swiftCrypto,
            channels: ChannelParameters(window: ServerSettings.channelWindow),
            comments: Self.identificationComments)
        return ServerSettings(
            ssh: ssh,
            login: LoginRules(
                userName: userName, authorizedKeys: authorizedKeys, passwords: passwords),
            policy: policy, files: files, log: log)
    }
}
