// SPDX-License-Identifier: Apache-2.0

import Glibc
import SSHCrypto
import SSHProtocol
import Wire

/// One session of a private OpenSSH server, on a socket pair (`sshd -i`): no port, own keys.
final class OpenSSHServer {
    static let program = "/usr/sbin/sshd"

    let socket: Int32
    private let process: pid_t
    private let folder: PrivateFolder

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - hostKey: the file text of its only host key.
    ///   - options: lines of sshd_config(5) beside those that every such server needs.
    init(hostKey: String, options: [String]) throws {
        folder = try PrivateFolder()
        // As root, sshd wants the directory that its package's service makes at boot.
        if geteuid() == 0 { _ = unsafe mkdir("/run/sshd", 0o755) }
        let user = TestKeys.user.publicKey
        try folder.write("host_key", hostKey + "\n")
        try folder.write(
            "authorized_keys", "\(user.type.rawValue) \(Base64.encode(user.blob))\n")
        let lines =
            [
                "HostKey \(folder.path)/host_key",
                "AuthorizedKeysFile \(folder.path)/authorized_keys", "StrictModes no",
                "UsePAM no", "PermitRootLogin yes", "PidFile none", "LogLevel DEBUG2",
                "Subsystem sftp internal-sftp",
            ] + options
        try folder.write("config", lines.joined(separator: "\n") + "\n")
        var sockets: [Int32] = [0, 0]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &sockets) == 0 else {
            throw SystemFailure(call: "socketpair")
        }
        socket = sockets[0]
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
        process = try spawn(
            [Self.program, "-i", "-e", "-f", folder.path + "/config"],
            input: .descriptor(sockets[1]), output: .descriptor(sockets[1]),
            errors: .file(folder.path + "/log"))
        Glibc.close(sockets[1])
    }

    deinit {
        Glibc.close(socket)
        // It ends by itself when its client is gone; this is for when it does not.
        kill(process, SIGTERM)
        while waitpid(process, nil, 0) < 0, errno == EINTR {}
    }

    /// How often `text` stands in what the server has logged.
    func logCount(of text: String) throws -> Int {
        String(decoding: try folder.read("log"), as: UTF8.self)
            .split(whereSeparator: \.isNewline).count { $0.contains(text) }
    }

    /// The name of the user that this process runs as: the only one that may log in.
    static var userName: String {
        guard let entry = unsafe getpwuid(getuid()) else { return "root" }
        return unsafe String(cString: entry.pointee.pw_name)
    }
}

/// A client connection on a socket, for a test that may wait.
struct LiveClient: ~Copyable {
    /// The other side did not do what was waited for.
    struct Stuck: Error {
        var waitingFor: String
        var events: [String]
    }

    var connection: SSHClientConnection
    let server: OpenSSHServer
    private var unsent: [UInt8] = []
    private var seen: [String] = []
    private var hasEnded = false

    init(_ configuration: SSHClientConfiguration, server: OpenSSHServer) {
        self.server = server
        connection = SSHClientConnection(
            configuration: configuration, now: .zero, random: SecureRandom.bytes)
    }

    /// Handles events until `body` has got what it looks for.
    mutating func wait<Result>(
        for what: String, _ body: (inout SSHClientConnection, SSHClientEvent) throws -> Result?
    ) throws -> Result {
        while true {
            while let event = connection.nextEvent() {
                seen.append("\(event)".prefix(200).description)
                if let result = try body(&connection, event) { return result }
            }
            guard !hasEnded, try exchange() else {
                throw Stuck(waitingFor: what, events: seen.suffix(10))
            }
        }
    }

    /// Sends and receives once.
    ///
    /// - Returns: whether the other side is still there and did something within a long time.
    private mutating func exchange() throws -> Bool {
        if unsent.isEmpty { unsent = connection.takeOutput(maximum: 65_536, now: .zero) }
        var poller = pollfd(
            fd: server.socket, events: Int16(POLLIN | (unsent.isEmpty ? 0 : POLLOUT)), revents: 0)
        guard unsafe poll(&poller, 1, 60_000) > 0 else { return false }
        if poller.revents & Int16(POLLOUT) != 0 {
            let count = unsafe unsent.withUnsafeBytes {
                unsafe send(server.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 { unsent.removeFirst(count) } else { unsent = [] }
        }
        if poller.revents & Int16(POLLIN | POLLHUP) != 0 { receive() }
        return true
    }

    private mutating func receive() {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = unsafe max(0, read(server.socket, buffer.baseAddress, buffer.count))
        }
        if bytes.isEmpty {
            hasEnded = true
            connection.receiveEnd(now: .zero)
        } else {
            connection.receive(bytes[...], now: .zero)
        }
    }
}

// Scripts.
extension LiveClient {
    /// Exchanges keys and logs in by the test's user key.
    mutating func logIn() throws {
        try wait(for: "login") { connection, event -> Void? in
            switch event {
            case .hostKeyVerificationRequired: connection.acceptHostKey(now: .zero)
            case .authenticationRequired(let status):
                guard status.cause == .start else { return nil }
                connection.authenticate(
                    .publicKey(
                        blob: TestKeys.user.publicKey.blob[...], algorithm: .ed25519,
                        probesFirst: true))
            case .signatureRequired(let request):
                let signature = try TestKeys.user.sign(request.data, algorithm: request.algorithm)
                connection.provideSignature(signature[...])
            case .authenticated: return ()
            default: break
            }
            return nil
        }
    }

    /// Opens a session and has something started on it.
    mutating func open(_ request: SessionRequest) throws -> ChannelID {
        let id = connection.openSession()
        try wait(for: "\(request)") { connection, event -> Void? in
            switch event {
            case .channel(id, .opened): connection.request(request, on: id)
            case .channel(id, .requestAnswered(isSuccess: true)): return ()
            default: break
            }
            return nil
        }
        return id
    }
}
