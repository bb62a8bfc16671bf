// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Wire

/// What a new TCP connection is set to.
public struct ConnectionSettings: Sendable {
    /// The local address to connect from; nil for the system's choice.
    public var localAddress: SocketAddress?
    /// Whether TCP itself asks after a silent peer.
    public var keepsAlive: Bool
    /// How long the peer's system may acknowledge nothing of what was sent before the connection is
    /// broken; nil for TCP's own limit.
    public var unacknowledgedTime: Duration?
    /// The type-of-service byte (IPv6 traffic class); nil leaves the system's.
    public var typeOfService: UInt8?

    /// Sets what is not the default.
    public init(
        localAddress: SocketAddress? = nil, keepsAlive: Bool = true,
        unacknowledgedTime: Duration? = nil, typeOfService: UInt8? = nil
    ) {
        self.localAddress = localAddress
        self.keepsAlive = keepsAlive
        self.unacknowledgedTime = unacknowledgedTime
        self.typeOfService = typeOfService
    }
}

extension EpollLoop {
    /// Connects to a TCP server; the socket sends small writes at once (`TCP_NODELAY`).
    ///
    /// - Parameters:
    ///   - address: the server's address, with its port.
    ///   - settings: what the socket is set to.
    ///   - deadline: until when, in the loop's time; nil for TCP's own limit.
    /// - Throws: ``SystemError``, with `ETIMEDOUT` once the deadline has come, or
    ///   `CancellationError`.
    public func connect(
        to address: SocketAddress, settings: ConnectionSettings = ConnectionSettings(),
        deadline: Duration? = nil
    ) async throws -> FileDescriptor {
        let socket = try openSocket(family: address.family)
        try configure(socket, family: address.family, settings)
        let started = unsafe clinux_connect(socket.rawValue, address.bytes, address.bytes.count)
        if started != 0 {
            guard errno == EINPROGRESS else { throw SystemError.last("connect") }
            do {
                try await waitUntilWritable(socket.rawValue, deadline)
            } catch is TimeoutError {
                throw SystemError(call: "connect", code: ETIMEDOUT)
            }
            let code = clinux_socket_error(socket.rawValue)
            guard code == 0 else { throw SystemError(call: "connect", code: code) }
        }
        // Not before: connecting has a limit of its own.
        if let time = settings.unacknowledgedTime {
            _ = clinux_set_user_timeout(socket.rawValue, UInt32(time / .milliseconds(1)))
        }
        return socket
    }

    /// Connects to a Unix socket; never waits.
    public func connect(toUnixSocket path: String) throws(SystemError) -> FileDescriptor {
        let name = path.keptCString
        guard !name.dropLast().contains(0), name.count <= Int(clinux_UNIX_PATH_MAX) + 1 else {
            throw SystemError(call: "connect", code: ENAMETOOLONG)
        }
        let socket = try openSocket(family: AF_UNIX)
        guard unsafe clinux_connect_unix(socket.rawValue, name) == 0 else {
            throw .last("connect")
        }
        return socket
    }

    private func openSocket(family: CInt) throws(SystemError) -> FileDescriptor {
        let number = clinux_stream_socket(family)
        guard number >= 0 else { throw .last("socket") }
        return FileDescriptor(owning: number)
    }

    private func configure(
        _ socket: borrowing FileDescriptor, family: CInt, _ settings: ConnectionSettings
    ) throws(SystemError) {
        // Refused only where the protocol lacks them; then the connection works without.
        _ = clinux_set_no_delay(socket.rawValue)
        if settings.keepsAlive { _ = clinux_set_keep_alive(socket.rawValue) }
        if let value = settings.typeOfService {
            _ = clinux_set_type_of_service(socket.rawValue, family, CInt(value))
        }
        if let local = settings.localAddress {
            guard unsafe clinux_bind(socket.rawValue, local.bytes, local.bytes.count) == 0 else {
                throw .last("bind")
            }
        }
    }

    private func waitUntilWritable(_ descriptor: CInt, _ deadline: Duration?) async throws {
        let writable = WaitQueue(loop: self)
        let watch = try watch(descriptor, for: .write, trigger: .edge) { _ in writable.wakeAll() }
        defer { unwatch(watch) }
        try await writable.wait(until: deadline)
    }
}

/// Connects to a port of another context of a virtual machine, see vsock(7); blocks.
public func openVsock(context: UInt32, port: UInt32) throws(SystemError) -> FileDescriptor {
    let number = clinux_connect_vsock(context, port)
    guard number >= 0 else { throw .last("connect") }
    return FileDescriptor(owning: number)
}
