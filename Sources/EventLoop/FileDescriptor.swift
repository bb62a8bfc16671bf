// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Owns an open file descriptor and closes it exactly once, at the end of its life.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The descriptor's number, for system calls; it stays owned here.
    public let rawValue: CInt

    /// Takes over `rawValue`: nobody else closes it from now on.
    public init(owning rawValue: CInt) {
        precondition(rawValue >= 0, "not a descriptor")
        self.rawValue = rawValue
    }

    /// Gives the descriptor up without closing it.
    public consuming func release() -> CInt {
        let rawValue = self.rawValue
        discard self
        return rawValue
    }

    /// Makes reads and writes return at once, with EAGAIN where they would wait.
    public func setNonBlocking() throws(SystemError) {
        let flags = fcntl(rawValue, F_GETFL)
        guard flags >= 0, fcntl(rawValue, F_SETFL, flags | O_NONBLOCK) >= 0 else {
            throw .last("fcntl")
        }
    }

    /// Whether this is a socket, a pipe or a FIFO.
    var isSocketOrPipe: Bool {
        var status = stat()
        guard unsafe fstat(rawValue, &status) == 0 else { return false }
        let kind = status.st_mode & S_IFMT
        return kind == S_IFSOCK || kind == S_IFIFO
    }

    deinit {
        // POSIX leaves the descriptor's state open after EINTR; on Linux it is always closed.
        _ = Glibc.close(rawValue)
    }
}
