// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol
import Synchronization
import Wire

/// An SFTP server that runs as a process of its own, asked over pipes.
final class ServerProcess {
    private let process: pid_t
    private let input: Int32
    private let output: Int32
    private var decoder = SFTPPacketDecoder()
    private var lastID: UInt32 = 0

    /// OpenSSH's server, where Debian has it.
    static let openSSH = "/usr/lib/openssh/sftp-server"

    static var isOpenSSHInstalled: Bool { unsafe access(openSSH, X_OK) == 0 }

    /// Our own, as it was built with the tests.
    static let ours: String = {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/self/exe", &path, path.count)
        let bytes = path.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }
        let folder = bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes[...$0] } ?? []
        return text(folder) + "hawser-sftp-server"
    }()

    /// Starts a server in a directory; its log goes where the test's goes unless told otherwise.
    init(_ program: String, in directory: String, arguments: String = "") throws {
        (process, input, output) = try Self.spawning.withLock { _ in
            try Self.spawn("cd '\(directory)' && exec '\(program)' \(arguments)")
        }
    }

    /// One start at a time: between pipe(2) and fcntl(2) a descriptor is not yet close-on-exec.
    private static let spawning = Mutex(())

    /// Runs a shell command with pipes as standard input and output, and returns their other ends.
    private static func spawn(_ command: String) throws -> (pid_t, input: Int32, output: Int32) {
        var requests: [Int32] = [-1, -1]
        var replies: [Int32] = [-1, -1]
        guard unsafe pipe(&requests) == 0, unsafe pipe(&replies) == 0 else {
            throw Unexpected("no pipe")
        }
        for descriptor in requests + replies { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawn_file_actions_adddup2(&actions, requests[0], STDIN_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, replies[1], STDOUT_FILENO)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let arguments: [String] = ["sh", "-c", command]
        var words = unsafe arguments.map { word in unsafe strdup(word) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var process: pid_t = 0
        let failed = unsafe posix_spawn(&process, "/bin/sh", &actions, nil, &words, environ)
        close(requests[0])
        close(replies[1])
        guard failed == 0 else { throw Unexpected("posix_spawn: \(failed)") }
        return (process, requests[1], replies[0])
    }

    deinit {
        close(output)
        close(input)
        kill(process, SIGKILL)
        var status: Int32 = 0
        unsafe waitpid(process, &status, 0)
    }

    /// Stops it, as a disk that does not answer would.
    func stop() { kill(process, SIGSTOP) }

    /// Whether it has ended; it is not waited for.
    var hasEnded: Bool {
        var information = unsafe siginfo_t()
        let options = WEXITED | WNOHANG | WNOWAIT
        guard unsafe waitid(P_PID, id_t(process), &information, options) == 0 else { return false }
        return unsafe information.si_signo == SIGCHLD
    }

    /// The answer to INIT.
    func initialize(_ extensions: [SFTPVersion.ExtensionPair] = []) throws -> SFTPVersion {
        try send(SFTPClientMessage.initialize(version: 3, extensions: extensions).encode())
        guard case .version(let version) = try receive() else { throw Unexpected("no version") }
        return version
    }

    /// The reply to a request.
    func ask(_ request: SFTPRequest) throws -> SFTPReply {
        lastID += 1
        try send(request.encode(id: lastID))
        guard case .reply(lastID, let reply) = try receive() else { throw Unexpected("no reply") }
        return reply
    }

    func send(_ packet: [Bytes]) throws {
        for piece in packet {
            var rest = piece
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes {
                    unsafe write(input, $0.baseAddress, $0.count)
                }
                guard count > 0 else { throw Unexpected("the server takes no more requests") }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// The next message, waited for.
    func receive() throws -> SFTPServerMessage {
        while true {
            if let frame = try decoder.next() { return try SFTPServerMessage(decoding: frame) }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe Glibc.read(output, &chunk, chunk.count)
            guard count > 0 else { throw Unexpected("the server is gone") }
            decoder.append(chunk[..<count])
        }
    }
}
