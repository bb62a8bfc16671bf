// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import Wire

extension HostKeyCheck {
    /// Reads the files that say which keys to trust.
    ///
    /// - Throws: ``SSHClientError/hostKeyRefused(_:_:)`` where one is there and cannot be relied on:
    ///   what it may say about the host, that a key is revoked for instance, is unknown.
    static func load(_ context: ConnectContext) async throws -> HostKeyCheck {
        if var check = context.memory?.check {
            check.context = context
            return check
        }
        let check = try await loadFiles(context)
        context.memory?.check = check
        return check
    }

    private static func loadFiles(_ context: ConnectContext) async throws -> HostKeyCheck {
        let options = context.options
        let known = try await read(
            KnownHosts(
                for: KnownHostName(
                    host: options.hostName, port: options.port, alias: options.hostKeyAlias)),
            context)
        for problem in known.problems { context.show(problem.description, level: .info) }
        return HostKeyCheck(
            context: context, known: known, revoked: try await loadRevoked(context),
            authorityAlgorithms: try authorityAlgorithms(context))
    }

    /// What is known of the host before it is connected to, to put the algorithms of its keys first.
    var knownForOrder: KnownHosts {
        get async throws {
            if context.options.hostKeyAlgorithms.demandsOrder { return known }
            return try await Self.addCommandOutput(to: known, for: .order, nil, context)
        }
    }

    /// Has all known_hosts files read, the user's first.
    static func read<Reader: KnownHostsReader>(
        _ reader: Reader, _ context: ConnectContext
    ) async throws -> Reader {
        let options = context.options
        return try await read(
            reader, of: options.userKnownHostsFiles + options.globalKnownHostsFiles, context)
    }

    /// Has known_hosts files read; one that is not there says nothing.
    static func read<Reader: KnownHostsReader>(
        _ reader: Reader, of paths: [String], _ context: ConnectContext
    ) async throws -> Reader {
        var reader = reader
        for path in paths {
            reader = try await offload(context) { [reader] world throws(FileProblem) in
                var (more, file) = (reader, KnownHostsFile(path: path))
                func add(_ piece: Bytes) throws(FileProblem) {
                    try reading { () throws(SSHConfigError) in try more.add(piece, of: &file) }
                }
                if try world.readFile(path, pieces: add) { try add([UInt8(ascii: "\n")]) }
                return more
            } onFailure: {
                "\(path): \($0)"
            }
        }
        return reader
    }

    /// Unlike known_hosts, a list of revoked keys has to be there.
    private static func loadRevoked(
        _ context: ConnectContext
    ) async throws -> (path: String, keys: RevokedKeys)? {
        guard let path = context.options.revokedHostKeys else { return nil }
        let keys = try await offload(context) { world throws(FileProblem) in
            guard let file = try world.readFile(path, limit: ConfigurationLimits.revokedKeysBytes)
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

    static func reading<Result>(
        _ body: () throws(SSHConfigError) -> Result
    ) throws(FileProblem) -> Result {
        do {
            return try body()
        } catch {
            throw FileProblem(error.description)
        }
    }

    static func offload<Result: Sendable>(
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
