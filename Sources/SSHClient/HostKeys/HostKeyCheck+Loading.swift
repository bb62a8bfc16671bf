// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto

extension HostKeyCheck {
    /// Reads the files that say which keys to trust.
    ///
    /// - Throws: ``SSHClientError/hostKeyRefused(_:_:)`` where one is there and cannot be relied on:
    ///   what it may say about the host, that a key is revoked for instance, is unknown.
    static func load(_ context: ConnectContext) async throws -> HostKeyCheck {
        let options = context.options
        var known = KnownHosts(
            for: KnownHostName(
                host: options.hostName, port: options.port, alias: options.hostKeyAlias))
        for path in options.userKnownHostsFiles + options.globalKnownHostsFiles {
            known = try await offload(context) { [known] world throws(FileProblem) in
                guard
                    let file = try world.readFile(path, limit: ConfigurationLimits.knownHostsBytes)
                else { return known }
                return try reading { () throws(SSHConfigError) in
                    var more = known
                    try more.add(file.bytes[...], file: path)
                    return more
                }
            } onFailure: {
                "\(path): \($0)"
            }
        }
        for problem in known.problems { context.show(problem.description, level: .info) }
        return HostKeyCheck(
            context: context, known: known, revoked: try await loadRevoked(context),
            authorityAlgorithms: try authorityAlgorithms(context))
    }

    /// Unlike known_hosts, a list of revoked keys has to be there.
    private static func loadRevoked(
        _ context: ConnectContext
    ) async throws -> (path: String, keys: RevokedKeys)? {
        guard let path = context.options.revokedHostKeys else { return nil }
        let keys = try await offload(context) { world throws(FileProblem) in
            guard let file = try world.readFile(path, limit: ConfigurationLimits.knownHostsBytes)
            else { throw FileProblem("No such file or directory") }
            return try reading { () throws(SSHConfigError) in
                try RevokedKeys(file.bytes[...], path: path)
            }
        } onFailure: {
            "RevokedHostKeys \(path): \($0)"
        }
        return (path, keys)
    }

    private static func authorityAlgorithms(
        _ context: ConnectContext
    ) throws -> [SignatureAlgorithm] {
        do throws(SSHConfigError) {
            return try context.options.authorityAlgorithms()
        } catch {
            throw SSHClientError.configuration(context.endpoint, error.description)
        }
    }

    private static func reading<Result>(
        _ body: () throws(SSHConfigError) -> Result
    ) throws(FileProblem) -> Result {
        do {
            return try body()
        } catch {
            throw FileProblem(error.description)
        }
    }

    private static func offload<Result: Sendable>(
        _ context: ConnectContext,
        _ body: @escaping @Sendable (any ClientWorld) throws(FileProblem) -> Result,
        onFailure text: (FileProblem) -> String
    ) async throws -> Result {
        do {
            return try await context.loop.offload { [world = context.world] in try body(world) }
        } catch let problem as FileProblem {
            throw context.refused(.unreliableFiles(text(problem)))
        }
    }
}
