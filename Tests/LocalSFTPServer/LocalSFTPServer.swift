// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import Glibc

/// OpenSSH's own SFTP server as a child process, spoken to over a socket pair: no SSH, no port.
public final class LocalSFTPServer: Sendable {
    /// Where Debian keeps it.
    private static let program = "/usr/lib/openssh/sftp-server"

    private let process: pid_t
    private let socket: CInt

    /// Starts a server whose relative paths begin in `directory`.
    public init(directory: String, arguments: [String] = []) throws {
        var sockets: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &sockets) == 0 else {
            throw SystemError.last("socketpair")
        }
        socket = sockets[0]
        defer { close(sockets[1]) }
        let words = [Self.program, "-e", "-l", "QUIET", "-d", directory] + arguments
        do {
            process = try spawn(words, input: sockets[1], output: sockets[1], errors: 2)
        } catch {
            close(socket)
            throw error
        }
    }

    /// The client's end of the connection; to be called once.
    public func channel(loop: EpollLoop) throws -> DescriptorChannel {
        try DescriptorChannel(socket: FileDescriptor(owning: socket), loop: loop)
    }

    /// Stops the server in its tracks: it answers nothing until ``thaw()``.
    public func freeze() { kill(process, SIGSTOP) }

    /// Lets a frozen server go on.
    public func thaw() { kill(process, SIGCONT) }

    /// Ends the server and waits for its end; to be called once.
    public func stop() {
        kill(process, SIGKILL)
        _ = wait(for: process)
    }
}
