// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import Glibc
import Wire

/// A way to an SFTP server that is not an SSH connection of ours.
public enum PlainTransport: Equatable, Sendable {
    /// The standard streams of a program, given by its arguments; ssh itself, for example.
    case program([String])
    /// TCP, with SFTP right on top: no SSH, no protection.
    case tcp(host: String, port: UInt16)
    /// A port of another context of a virtual machine, see vsock(7).
    case vsock(context: UInt32, port: UInt32)
    /// Our own standard input and output.
    case standardStreams
}

/// Why no such connection came about, in one line.
public struct TransportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What failed, where and why.
    public let description: String
}

extension SystemWorld {
    /// How long connecting may take: what dialling may take for SSH.
    private static let connectTime = SSHClient.defaultConnectTime

    /// Connects.
    ///
    /// - Parameters:
    ///   - transport: the way to take.
    ///   - say: tells the user what a program writes to its standard error.
    /// - Throws: ``TransportError``, or `CancellationError`.
    public func connect(
        to transport: PlainTransport, say: @escaping @Sendable (String) -> Void
    ) async throws -> any ByteChannel {
        switch transport {
        case .program(let arguments): return try start(arguments, say)
        case .tcp(let host, let port): return try await connect(host, port)
        case .vsock(let context, let port): return try await connect(context: context, port)
        case .standardStreams:
            return try translating("standard input and output") { try standardStreams() }
        }
    }

    private func start(
        _ arguments: [String], _ say: @escaping @Sendable (String) -> Void
    ) throws -> any ByteChannel {
        try translating("ssh_command \(arguments[0])") {
            let errors = try ErrorOutput(of: arguments[0], loop: loop) {
                say(TerminalText.line($0))
            }
            defer { errors.programHasStarted() }
            return try ProgramChannel(
                Program(arguments, error: errors.stream), name: arguments[0], loop: loop,
                sendQueueLimit: Self.sendQueueLimit)
        }
    }

    private func connect(_ host: String, _ port: UInt16) async throws -> any ByteChannel {
        let name = Endpoint(host: host, port: port).description
        let addresses: [SocketAddress]
        do {
            addresses = try await loop.offload {
                try SocketAddress.resolve(host: host, port: port)
            }
        } catch {
            throw TransportError(description: "\(name): \(error)")
        }
        let deadline = loop.now + Self.connectTime
        var failures: [String] = []
        for (index, address) in addresses.enumerated() {
            do {
                let share = (deadline - loop.now) / (addresses.count - index)
                let socket = try await loop.connect(to: address, deadline: loop.now + share)
                return try DescriptorChannel(
                    socket: socket, loop: loop, sendQueueLimit: Self.sendQueueLimit)
            } catch let error as SystemError {
                failures.append("\(address): \(error.reason)")
            }
        }
        throw TransportError(
            description: "connect to \(name): \(failures.joined(separator: ", "))")
    }

    private func connect(context: UInt32, _ port: UInt32) async throws -> any ByteChannel {
        let name = "vsock \(context):\(port)"
        do {
            // On a helper thread: a virtual machine that is stopped does not answer.
            let descriptor = try await loop.offload {
                try openVsock(context: context, port: port).release()
            }
            return try DescriptorChannel(
                socket: FileDescriptor(owning: descriptor), loop: loop,
                sendQueueLimit: Self.sendQueueLimit)
        } catch let error as SystemError {
            throw TransportError(description: "connect to \(name): \(error.reason)")
        }
    }

    private func translating<T>(_ name: String, _ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as SystemError {
            throw TransportError(description: "\(name): \(error.reason)")
        }
    }
}
