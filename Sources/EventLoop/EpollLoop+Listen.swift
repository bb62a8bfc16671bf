// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A socket that other processes can connect to, for as long as it is there.
public struct Listener: ~Copyable, Sendable {
    /// The listening socket; it returns at once from every call.
    let socket: FileDescriptor
    /// Where it is.
    public let path: String

    /// A Unix socket at a path where nothing is, for this user's processes and root's only.
    ///
    /// - Throws: ``SystemError``: `EADDRINUSE` where something is, `ENAMETOOLONG` beyond what a Unix
    ///   socket can have.
    public init(unixSocket path: String) throws(SystemError) {
        guard !path.utf8.contains(0), path.utf8.count <= Int(clinux_UNIX_PATH_MAX) else {
            throw SystemError(call: "bind", code: ENAMETOOLONG)
        }
        let number = clinux_stream_socket(AF_UNIX)
        guard number >= 0 else { throw .last("socket") }
        let socket = FileDescriptor(owning: number)
        guard unsafe clinux_bind_unix(number, path) == 0 else { throw .last("bind") }
        // Nobody can connect before it listens.
        guard unsafe chmod(path, 0o600) == 0 else { throw .last("chmod") }
        guard clinux_listen(number) == 0 else { throw .last("listen") }
        self.socket = socket
        self.path = path
    }

    /// Takes the next connection; nil where none waits, or where it has ended meanwhile.
    public func accept() -> FileDescriptor? {
        let number = clinux_accept(socket.rawValue)
        return number >= 0 ? FileDescriptor(owning: number) : nil
    }

    /// The number of the socket, to be watched for reading.
    public var descriptor: CInt { socket.rawValue }
}
