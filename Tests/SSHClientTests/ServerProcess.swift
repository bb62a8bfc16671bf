// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Synchronization

/// A server that runs as long as this object lives.
final class ServerProcess: Sendable {
    private let number: pid_t
    private let isReaped = Mutex(false)

    init(_ words: String...) throws {
        number = try Program(words, error: .null).start()
    }

    /// Whether it has ended by itself.
    var hasEnded: Bool {
        isReaped.withLock {
            $0 = $0 || reap(WNOHANG); return $0
        }
    }

    private func reap(_ options: CInt) -> Bool {
        var status: CInt = 0
        while true {
            let result = unsafe waitpid(number, &status, options)
            if result >= 0 || errno != EINTR { return result == number }
        }
    }

    deinit {
        isReaped.withLock { isReaped in
            // Once reaped, the number may be another process's.
            guard !isReaped else { return }
            kill(number, SIGKILL)
            isReaped = reap(0)
        }
    }
}

/// TCP ports of the loopback address.
enum TCPPort {
    /// A port that nobody listens on.
    static func free() throws -> UInt16 {
        try withSocket { socket in
            var address = Self.address(port: 0)
            var count = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe bind(socket, address, count) | getsockname(socket, address, &count)
                }
            }
            guard result == 0 else { throw SystemError.last("bind") }
            return UInt16(bigEndian: address.sin_port)
        }
    }

    /// Whether somebody takes connections there.
    static func isListening(_ port: UInt16) -> Bool {
        let result = try? withSocket { socket in
            var address = Self.address(port: port)
            let count = socklen_t(MemoryLayout<sockaddr_in>.size)
            return unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe connect(socket, address, count)
                }
            }
        }
        return result == 0
    }

    private static func withSocket<T>(_ body: (CInt) throws -> T) throws -> T {
        let socket = Glibc.socket(
            AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw SystemError.last("socket") }
        defer { close(socket) }
        return try body(socket)
    }

    private static func address(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
