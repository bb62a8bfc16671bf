// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig

/// Connections over TCP.
extension SystemWorld {
    /// How many bytes wait in a connection's queue for the kernel.
    ///
    /// Few, so that what is small and urgent never waits behind much that is large and sealed.
    static let sendQueueLimit = 512 * 1024

    /// How long the server's system may acknowledge nothing of what was sent: as long as a server may be
    /// silent while somebody waits.
    static let unacknowledgedTime = Duration.seconds(15)

    /// Tries each address of the host in turn.
    func dialTCP(_ request: DialRequest) async throws -> DialedConnection {
        let options = request.options
        let addresses = try await resolve(
            options.hostName, options.port, options.addressFamily.internetFamily
        ) { .unknownHost($0) }
        var failures: [DialError.Failure] = []
        var problem: DialError?
        for (index, address) in addresses.enumerated() {
            // One dead address must not use up the time of the others.
            let share = request.deadline.map { deadline in
                loop.now + (deadline - loop.now) / (addresses.count - index)
            }
            request.say(
                "Connecting to \(options.hostName) [\(address)] port \(options.port)", .debug1)
            do {
                return try await dial(address, options, until: share)
            } catch let error as SystemError {
                request.say("connect to \(address) port \(options.port): \(error.reason)", .debug1)
                failures.append(DialError.Failure(address: address.description, error: error))
            } catch let error as DialError {
                problem = error
            }
        }
        throw failures.isEmpty ? problem ?? .notConnected([]) : DialError.notConnected(failures)
    }

    private func dial(
        _ address: SocketAddress, _ options: ClientOptions, until deadline: Duration?
    ) async throws -> DialedConnection {
        let settings = ConnectionSettings(
            localAddress: try await localAddress(for: address, options),
            keepsAlive: options.tcpKeepAlive, unacknowledgedTime: Self.unacknowledgedTime,
            typeOfService: options.ipQoS.interactive)
        let socket = try await loop.connect(to: address, settings: settings, deadline: deadline)
        let channel = try DescriptorChannel(
            socket: socket, loop: loop, sendQueueLimit: Self.sendQueueLimit)
        let qos = options.ipQoS
        return DialedConnection(
            channel: channel, isLoopback: address.isLoopback, address: address.description
        ) { [loop] in
            guard qos.interactive != qos.bulk else { return }
            // Zero is what the system begins with.
            loop.spawn { await channel.setTypeOfService(qos.bulk ?? 0) }
        }
    }

    /// What to connect from (`BindAddress`, or else `BindInterface`).
    private func localAddress(
        for peer: SocketAddress, _ options: ClientOptions
    ) async throws -> SocketAddress? {
        if let local = options.bindAddress {
            return try await resolve(local, 0, peer.internetFamily) {
                .badLocalAddress("BindAddress \(local): \($0)")
            }.first
        }
        guard let interface = options.bindInterface else { return nil }
        let address = try await loop.offload {
            try SocketAddress.ofInterface(interface, for: peer)
        }
        guard let address else {
            throw DialError.badLocalAddress(
                "BindInterface \(interface): there is no such interface, or it has no address to "
                    + "reach \(peer) from")
        }
        return address
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
