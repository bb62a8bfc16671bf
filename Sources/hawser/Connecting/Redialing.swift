// SPDX-License-Identifier: Apache-2.0

import EventLoop
import MountOptions
import RemoteFS
import SFTPClient
import SSHClient

/// Makes the connections of a mount or a copy after the first: by what the first has left behind, without
/// asking anybody, and to the same directory.
struct Redialing: Sendable {
    /// How the first connection was made.
    let dialing: Dialing
    /// Who answers in place of the user.
    let answers: RememberedAnswers
    /// The directory that is mounted, as the first connection found it; nil if none is.
    let place: RemotePlace?

    /// How long a host may take to take a connection: short at first, so that a network that comes back
    /// is noticed soon, and longer later, for hosts that are far away.
    private static let dialTimes: [Duration] =
        Array(repeating: .milliseconds(1500), count: 6) + [.seconds(4), .seconds(10)]

    /// Connects once.
    ///
    /// - Throws: `LinkFailure`.
    func connect(generation: UInt64, failures: Int) async throws -> Connection {
        var dialing = dialing
        dialing.prompter = answers.again
        dialing.dialTime = Self.dialTimes[min(failures, Self.dialTimes.count - 1)]
        do {
            let connection = try await Connection.open(dialing, generation: generation)
            guard let place else { return connection }
            do {
                let found = try await connection.place(of: dialing.options)
                guard found == place else {
                    throw LinkFailure(.refused, "the directory is \(found) now instead of \(place)")
                }
                return connection
            } catch {
                await connection.close()
                throw error
            }
        } catch let error as SSHClientError {
            throw LinkFailure(error)
        }
    }
}

extension LinkFailure {
    init(_ error: SSHClientError) {
        let kind: Kind =
            switch error {
            case .notConnected, .unknownHost: .unreachable
            case .hostKeyRefused: .hostKey
            case .permissionDenied, .configuration: .login
            case .proxyFailed, .timedOut, .ended, .channelRefused, .programFailed, .channelIdle,
                .closed:
                .refused
            }
        self.init(kind, "\(error)")
    }
}

/// The directory that is mounted, in the server's words.
struct RemotePlace: Equatable, CustomStringConvertible {
    /// As it is sent.
    let path: [UInt8]
    /// Where that begins if it is relative: another login directory makes it another place.
    let loginDirectory: [UInt8]

    var description: String {
        let whole =
            path.first == UInt8(ascii: "/") ? path : loginDirectory + [UInt8(ascii: "/")] + path
        return escaped(whole[...], limit: 1024)
    }
}

extension Connection {
    /// Finds the directory to mount.
    func place(of options: MountOptions) async throws -> RemotePlace {
        let path = try await root(of: options)
        guard path.first != UInt8(ascii: "/") else {
            return RemotePlace(path: path, loginDirectory: [])
        }
        // A server that can't tell is taken at its word that it is the same.
        let directory = try? await client.realpath([UInt8(ascii: ".")])
        return RemotePlace(path: path, loginDirectory: Array(directory ?? []))
    }
}
