// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import Glibc
public import SSHConfig
import SSHCrypto
public import SSHProtocol

/// This machine: its network, files and random numbers.
public struct SystemWorld: ClientWorld {
    /// How many bytes wait in a connection's queue for the kernel.
    ///
    /// Few, so that what is small and urgent never waits behind much that is large and sealed.
    private static let sendQueueLimit = 512 * 1024

    private let loop: EpollLoop

    /// The environment variables that `SendEnv` chooses from.
    public let environment: [String: String]

    /// The machine as `loop` reaches it.
    public init(loop: EpollLoop, environment: [String: String] = [:]) {
        self.loop = loop
        self.environment = environment
    }

    /// The system's clock.
    public var secondsSince1970: UInt64 { UInt64(max(time(nil), 0)) }

    /// The system's random numbers.
    public var random: RandomSource { { SecureRandom.bytes($0) } }

    /// Connects over TCP, trying each address of the host in turn.
    public func dial(
        _ options: ClientOptions, deadline: Duration?
    ) async throws -> DialedConnection {
        let family = options.addressFamily.internetFamily
        let (host, port) = (options.hostName, options.port)
        let addresses = try await resolve(host, port, family) { .unknownHost($0) }
        var settings = ConnectionSettings(
            keepsAlive: options.tcpKeepAlive, typeOfService: options.ipQoS.bulk)
        if let local = options.bindAddress {
            settings.localAddress = try await resolve(local, 0, family) {
                .badLocalAddress("BindAddress \(local): \($0)")
            }.first
        }
        var failures: [DialError.Failure] = []
        for (index, address) in addresses.enumerated() {
            // One dead address must not use up the time of the others.
            let share = deadline.map { deadline in
                loop.now + (deadline - loop.now) / (addresses.count - index)
            }
            do {
                let socket = try await loop.connect(
                    to: address, settings: settings, deadline: share)
                let channel = try DescriptorChannel(
                    socket: socket, loop: loop, sendQueueLimit: Self.sendQueueLimit)
                return DialedConnection(channel: channel, isLoopback: address.isLoopback)
            } catch let error as SystemError {
                failures.append(DialError.Failure(address: address.description, error: error))
            }
        }
        throw DialError.notConnected(failures)
    }

    private func resolve(
        _ host: String, _ port: UInt16, _ family: InternetFamily,
        _ failure: @escaping @Sendable (String) -> DialError
    ) async throws -> [SocketAddress] {
        try await loop.offload {
            do throws(ResolutionError) {
                return try SocketAddress.resolve(host: host, port: port, family: family)
            } catch {
                throw failure(error.description)
            }
        }
    }

    /// Connects to an agent's socket.
    public func connectAgent(_ path: String) async throws -> any ByteChannel {
        try DescriptorChannel(socket: try loop.connect(toUnixSocket: path), loop: loop)
    }
}

extension AddressFamily {
    var internetFamily: InternetFamily {
        switch self {
        case .any: .any
        case .inet: .ipv4
        case .inet6: .ipv6
        }
    }
}
