// SPDX-License-Identifier: Apache-2.0

public import SSHConfig
import SSHCrypto
import SSHProtocol

extension EffectiveConfiguration {
    /// The options in the form of `ssh -G`, with the algorithms that a server would be offered.
    ///
    /// - Throws: where a list holds no algorithm that we have.
    public func lines() throws(SSHConfigError) -> [String] {
        let options = options
        return try lines { selection throws(SSHConfigError) in
            switch selection.keyword {
            case "Ciphers": try options.algorithms(hostKeyAlgorithms: []).ciphers.map(\.rawValue)
            case "MACs": try options.algorithms(hostKeyAlgorithms: []).macs.map(\.rawValue)
            case "KexAlgorithms":
                try options.algorithms(hostKeyAlgorithms: []).keyExchange.map(\.rawValue)
            case "HostKeyAlgorithms":
                try options.hostKeyAlgorithms(
                    known: KnownHosts(
                        for: KnownHostName(host: options.hostName, port: options.port))
                ).map(\.rawValue)
            case "PubkeyAcceptedAlgorithms": try options.userKeyAlgorithms().map(\.rawValue)
            default: try Self.signatureNames(selection)
            }
        }
    }

    /// The algorithms by which certificates may be signed.
    private static func signatureNames(
        _ selection: AlgorithmSelection
    ) throws(SSHConfigError) -> [String] {
        let names = SignatureAlgorithm.allCases.map(\.rawValue)
        return try selection.names(defaults: names, supported: names)
    }
}
