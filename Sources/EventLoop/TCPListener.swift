// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A TCP socket that clients can connect to, for as long as it is there.
public struct TCPListener: ~Copyable, Sendable {
    private let socket: FileDescriptor
    /// Where it listens.
    public let address: SocketAddress

    /// A connection that a client has made.
    public struct Connection: ~Copyable, Sendable {
        /// The connection; small writes leave it at once (`TCP_NODELAY`).
        public let socket: FileDescriptor
        /// Where the client is.
        public let peer: SocketAddress

        /// Hands the socket over to whoever is to close it.
        public consuming func release() -> FileDescriptor { socket }
    }

    /// Listens at an address; at any free port where it has port 0.
    ///
    /// - Throws: ``SystemError``: `EADDRINUSE` where somebody listens already, `EACCES` where only root
    ///   may.
    public init(_ address: SocketAddress) throws(SystemError) {
        let number = clinux_stream_socket(address.family)
        guard number >= 0 else { throw .last("socket") }
        let socket = FileDescriptor(owning: number)
        guard clinux_set_listening_options(number, address.family) == 0 else {
            throw .last("setsockopt")
        }
        guard unsafe clinux_bind(number, address.bytes, address.bytes.count) == 0 else {
            throw .last("bind")
        }
        guard clinux_listen(number) == 0 else { throw .last("listen") }
        try self.init(listening: socket)
    }

    /// Takes over a socket that listens already, such as systemd's.
    ///
    /// - Throws: ``SystemError`` for what is no socket.
    public init(listening socket: consuming FileDescriptor) throws(SystemError) {
        try socket.setNonBlocking()
        guard let address = SocketAddress(ofSocket: socket.rawValue) else {
            throw .last("getsockname")
        }
        self.address = address
        self.socket = socket
    }

    /// The number of the socket, to be watched for reading.
    public var descriptor: CInt { socket.rawValue }

    /// Takes the next connection; nil where none waits, or where it has ended meanwhile.
    ///
    /// - Throws: ``SystemError`` where there is no descriptor or memory for it.
    public func accept() throws(SystemError) -> Connection? {
        var address = [UInt8](repeating: 0, count: SocketAddress.largestSize)
        var count = address.count
        let number = unsafe clinux_accept_from(socket.rawValue, &address, &count)
        if number < 0 {
            switch errno {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: throw .last("accept")
            default: return nil
            }
        }
        _ = clinux_set_no_delay(number)
        _ = clinux_set_keep_alive(number)
        return Connection(
            socket: FileDescriptor(owning: number),
            peer: SocketAddress(bytes: Array(address.prefix(count))))
    }
}

extension SocketAddress {
    /// The size of a `sockaddr_storage`.
    static let largestSize = MemoryLayout<sockaddr_storage>.size

    /// The address that a socket is bound to.
    init?(ofSocket descriptor: CInt) {
        var address = [UInt8](repeating: 0, count: Self.largestSize)
        let count = unsafe clinux_local_address(descriptor, &address, address.count)
        guard count >= 0 else { return nil }
        self.init(bytes: Array(address.prefix(Int(count))))
    }

    /// The port; 0 for an unknown family.
    public var port: UInt16 {
        // It follows the family in both sockaddr_in and sockaddr_in6, in network order.
        guard family == AF_INET || family == AF_INET6, bytes.count >= 4 else { return 0 }
        return UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }
}
