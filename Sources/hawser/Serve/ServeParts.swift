// SPDX-License-Identifier: Apache-2.0

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

/// An address and a port, as `127.0.0.1:2222`, `[::1]:2222` or `*:2222`.
struct ListenAddress {
    let text: String
    let address: SocketAddress
    let port: UInt16

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
        self.text = text
        self.address = address
        self.port = port
    }
}

/// What the command line stands for on this machine.
struct ServeParts: Sendable {
    /// The user's home directory, if it has one.
    private let home: Bytes
    private let userName: Bytes
    private let authorizedKeys: Bytes
    private let passwords: Bytes?
    private let hostKeys: [Bytes]
    private let files: FileTree
    private var policy: RequestPolicy
    private let quota: Quota?
    private let rates: RateLimits
    private let log: ServerLog

    init(_ command: Serve) throws {
        let account = Accounts.user(number: Accounts.currentUser)
        // In a container the user may be a number only.
        home = account?.home ?? Array("/".utf8)[...]
        guard let name = command.user.map({ Array($0.utf8)[...] }) ?? account?.name else {
            throw CommandProblem("user \(Accounts.currentUser) has no name: give one by --user")
        }
        userName = name
        // Where it can't be told, as in one that has been removed, only relative paths need it.
        let directory = try? LocalFiles.workingDirectory() + Array("/".utf8)
        func path(_ text: String) -> Bytes {
            text.hasPrefix("/") ? Array(text.utf8)[...] : (directory ?? []) + Array(text.utf8)
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
            throw CommandProblem("\(command.root ?? ""): \(error)")
        }
        policy = RequestPolicy(
            isReadOnly: command.readOnly, denied: Set(command.deny.map(RequestPolicy.names) ?? []),
            allowed: command.allow.map { Set(RequestPolicy.names($0)) })
        quota =
            command.quotaBytes == nil && command.quotaFiles == nil
            ? nil : Quota(bytes: command.quotaBytes?.count, files: command.quotaFiles)
        rates = RateLimits(read: command.rateRead?.count, write: command.rateWrite?.count)
        let level = command.logLevel.flatMap(LogLevel.init(name:)) ?? .info
        let format = command.logFormat.flatMap(LogFormat.init(rawValue:)) ?? .text
        log = ServerLog(level: level, format: format) { _, message in
            let line = Array((message + "\n").utf8)
            // Nothing may wait for a reader of messages.
            _ = unsafe write(STDERR_FILENO, line, line.count)
        }
    }

    /// Goes where clients begin: home, or to the top if that can't be entered, as with sshd.
    ///
    /// With a root that is not where the process is, and the home need not be there.
    func enterWorkingDirectory() throws {
        let top = Array("/".utf8)[...]
        do {
            try LocalFiles.changeWorkingDirectory(to: files.isConfined ? top : home)
        } catch {
            let name = ServerLog.escaped(home)
            log.log(.error, "home directory \(name): \(error): clients begin in /")
            try LocalFiles.changeWorkingDirectory(to: top)
        }
    }

    /// Has new files and directories get these modes, where given, from now on.
    mutating func forceModes(file: UInt32?, directory: UInt32?) {
        guard file != nil || directory != nil else { return }
        policy.modes = ForcedModes(file: file, directory: directory, mask: umask(0))
    }

    /// Has the kernel refuse what the server has no use for, for as long as the process lives.
    ///
    /// Before there is any other thread, and once the host keys are made.
    func raiseSandbox(ports: [UInt16]) {
        Sandbox.raise(
            round: files, policy,
            reading: [authorizedKeys] + [passwords].compactMap(\.self) + hostKeys,
            ports: ports, log: log)
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
                let (name, type) = (ServerLog.escaped(path), key.publicKey.type)
                throw CommandProblem("\(name): a second key of the type \(type)")
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
        var settings = ServerSettings(
            ssh: ssh,
            login: LoginRules(
                userName: userName, authorizedKeys: authorizedKeys, passwords: passwords),
            policy: policy, files: files, quota: quota, log: log)
        settings.rates = rates
        return settings
    }
}
