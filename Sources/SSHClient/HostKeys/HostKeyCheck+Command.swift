// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import SSHProtocol
import Wire

/// Lines of known_hosts that a program prints (`KnownHostsCommand`).
extension HostKeyCheck {
    /// Adds what the command says about a name, where there is a command.
    ///
    /// As with ssh, one that cannot be run says nothing; one that fails is no ground to trust anything
    /// on.
    ///
    /// - Parameter key: what the server has shown, if it has.
    /// - Throws: ``SSHClientError/hostKeyRefused(_:_:)``.
    static func addCommandOutput(
        to known: KnownHosts, for purpose: KnownHostsCommand.Query.Purpose, _ key: HostKey?,
        _ context: ConnectContext
    ) async throws -> KnownHosts {
        guard let command = context.options.knownHostsCommand else { return known }
        let name = "KnownHostsCommand-\(purpose.rawValue)"
        let arguments = command.arguments(for: query(purpose, known.name, key, context))
        guard arguments.first?.hasPrefix("/") == true else {
            context.show(
                "\(name): \(command.text): the program has to be given by its whole path",
                level: .error)
            return known
        }
        context.trace("\(name): running \(arguments)")
        do {
            let output = try await context.world.output(
                of: CommandRequest(
                    name: name, arguments: arguments,
                    outputLimit: ConfigurationLimits.commandOutputBytes,
                    // No longer than connecting may take, of which it is a part.
                    deadline: context.loop.now
                        + (context.options.connectTimeout ?? SSHClient.defaultConnectTime)
                ) { context.show($0, level: .error) })
            return try await add(output, from: name, to: known, context)
        } catch CommandError.notStarted(let reason) {
            context.show("\(name): \(arguments[0]) \(reason)", level: .error)
            return known
        } catch CommandError.failed(let reason) {
            throw context.refused(.unreliableFiles("\(name): \(arguments[0]) \(reason)"))
        }
    }

    private static func query(
        _ purpose: KnownHostsCommand.Query.Purpose, _ name: KnownHostName, _ key: HostKey?,
        _ context: ConnectContext
    ) -> KnownHostsCommand.Query {
        guard let key else { return KnownHostsCommand.Query(purpose, hostName: name.name) }
        let type = key.key.type
        return KnownHostsCommand.Query(
            purpose, hostName: name.name,
            keyType: key.certificate == nil ? type.rawValue : type.certificateName,
            key: Base64.encode(key.blob), fingerprint: context.fingerprint(of: key.key))
    }

    private static func add(
        _ output: [UInt8], from name: String, to known: KnownHosts, _ context: ConnectContext
    ) async throws -> KnownHosts {
        try await offload(context) { _ throws(FileProblem) in
            try reading { () throws(SSHConfigError) in
                var more = known
                try more.add(output[...], file: name)
                return more
            }
        } onFailure: {
            "\($0)"
        }
    }
}
