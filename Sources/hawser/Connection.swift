// SPDX-License-Identifier: Apache-2.0

import EventLoop
import MountOptions
import PostQuantum
import SFTPClient
import SFTPProtocol
import SSHClient
import SSHConfig

/// An SFTP connection over SSH, as the options of a mount describe it.
struct Connection {
    let session: SSHSession
    let client: SFTPClient

    /// How long the server may take to begin with SFTP.
    private static let handshakeTime = Duration.seconds(30)

    /// Connects, logs in and begins SFTP.
    ///
    /// - Throws: an error whose description is one line for the user.
    static func open(
        _ options: MountOptions, loop: EpollLoop, prompter: any Prompter
    ) async throws -> Connection {
        let clientOptions = try await loop.offload { try resolve(options) }
        let world = SystemWorld(loop: loop, environment: LocalContext.environmentVariables)
        let session = try await SSHClient.connect(
            clientOptions, loop: loop, world: world, prompter: prompter, mlkem: .swiftCrypto)
        do {
            let channel = try await session.openSubsystem("sftp")
            let client = try await loop.withTimeout(handshakeTime) {
                try await SFTPClient.open(over: channel, loop: loop)
            }
            return Connection(session: session, client: client)
        } catch {
            await session.close()
            throw ConnectionProblem(options.source, reason(of: error))
        }
    }

    private static func resolve(_ options: MountOptions) throws -> ClientOptions {
        var commandLine = options.sshOptions.map { "\($0.name)=\($0.value)" }
        if options.readsPassword { commandLine.insert("NumberOfPasswordPrompts=1", at: 0) }
        let configuration = SSHConfiguration(
            commandLine: commandLine,
            files: options.sshConfigFile.map(SSHConfiguration.Files.init(argument:)) ?? .standard,
            local: try LocalContext.thisMachine())
        return try configuration.resolve(host: options.source.host, user: options.source.user)
    }

    private static func reason(of error: any Error) -> String {
        error is TimeoutError
            ? "the server did not begin with SFTP within \(handshakeTime.components.seconds) seconds"
            : "\(error)"
    }

    /// Finds the directory to mount, and makes sure that it is one unless that is not wanted.
    func root(of options: MountOptions) async throws -> [UInt8] {
        let directory = options.source.directory
        var path = Array(directory.utf8)
        do {
            if directory == "~" || directory.hasPrefix("~/") {
                path = Array(try await client.expandPath(path[...]))
            }
            guard options.checksRoot else { return path }
            let attributes = try await client.stat(path.isEmpty ? [UInt8(ascii: ".")] : path[...])
            guard let mode = attributes.permissions, mode & 0o170000 != 0o040000 else {
                return path
            }
        } catch {
            throw ConnectionProblem(options.source, "\(directory): \(error)")
        }
        throw ConnectionProblem(options.source, "\(directory): Not a directory")
    }
}

/// What is wrong with a connection, or on the other side of it, with the host's name in front.
struct ConnectionProblem: Error, CustomStringConvertible {
    let description: String

    init(_ source: RemoteSource, _ reason: String) {
        description = "\(source.host): \(reason)"
    }
}
