// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import Glibc
import SSHConfig
import SSHCrypto
public import SSHProtocol

/// This machine: its network, programs, files and random numbers.
public struct SystemWorld: ClientWorld {
    let loop: EpollLoop

    /// The environment variables that `SendEnv` chooses from.
    public let environment: [String: String]

    /// Where the name servers stand.
    let resolverFile: String
    /// The port at which they listen.
    let nameServerPort: UInt16

    /// The machine as `loop` reaches it.
    ///
    /// - Parameters:
    ///   - loop: the loop of all that is opened or run.
    ///   - environment: the variables that `SendEnv` chooses from, and `HOME`.
    ///   - resolverFile: where the name servers stand, see resolv.conf(5).
    ///   - nameServerPort: the port at which they listen; it cannot stand in that file.
    public init(
        loop: EpollLoop, environment: [String: String] = [:],
        resolverFile: String = "/etc/resolv.conf", nameServerPort: UInt16 = 53
    ) {
        self.loop = loop
        self.environment = environment
        self.resolverFile = resolverFile
        self.nameServerPort = nameServerPort
    }

    /// The system's clock.
    public var secondsSince1970: UInt64 { UInt64(max(time(nil), 0)) }

    /// The system's random numbers.
    public var random: RandomSource { { SecureRandom.bytes($0) } }

    /// Connects over TCP, or by what `ProxyCommand` names.
    public func dial(_ request: DialRequest) async throws -> DialedConnection {
        if let command = request.options.proxyCommand {
            return try await dialProxy(command, request)
        }
        return try await dialTCP(request)
    }

    /// Connects to an agent's socket.
    public func connectAgent(_ path: String) async throws -> any ByteChannel {
        try DescriptorChannel(socket: try loop.connect(toUnixSocket: path), loop: loop)
    }
}
