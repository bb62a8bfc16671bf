// SPDX-License-Identifier: Apache-2.0

import CLinux
import SSHConfig
import SSHCrypto
import SSHProtocol

extension ClientOptions {
    /// What is offered to the server.
    ///
    /// - Parameter hostKeyAlgorithms: in the order that known_hosts suggests.
    func algorithms(
        hostKeyAlgorithms: [SignatureAlgorithm]
    ) throws(SSHConfigError) -> AlgorithmPreferences {
        let hasAES = clinux_has_aes_instructions() != 0
        return AlgorithmPreferences(
            keyExchange: try Self.choose(kexAlgorithms, KeyAgreementAlgorithm.allCases),
            hostKey: hostKeyAlgorithms,
            ciphers: try Self.choose(
                ciphers,
                hasAES
                    ? AlgorithmPreferences.ciphersWithAESInstructions
                    : AlgorithmPreferences.ciphersWithoutAESInstructions),
            macs: try Self.choose(macs, MACAlgorithm.allCases),
            compression: compression ? [.zlibOpenSSH, .none] : [.none, .zlibOpenSSH])
    }

    /// The host key algorithms, those of keys that known_hosts holds first.
    func hostKeyAlgorithms(known: KnownHosts) throws(SSHConfigError) -> [SignatureAlgorithm] {
        let names = SignatureAlgorithm.allCases.map(\.rawValue)
        let chosen = try hostKeyAlgorithms.names(defaults: names, supported: names)
        let ordered =
            switch hostKeyAlgorithms.change {
            case .replace, .prepend: chosen
            case .unchanged, .append, .remove: known.preferringKnownTypes(chosen)
            }
        return ordered.compactMap(SignatureAlgorithm.init(rawValue:))
    }

    /// The ways in which user keys may sign, the most wanted first.
    func userKeyAlgorithms() throws(SSHConfigError) -> [SignatureAlgorithm] {
        try Self.choose(pubkeyAcceptedAlgorithms, SignatureAlgorithm.allCases)
    }

    private static func choose<Algorithm: RawRepresentable<String>>(
        _ selection: AlgorithmSelection, _ supported: [Algorithm]
    ) throws(SSHConfigError) -> [Algorithm] {
        let names = supported.map(\.rawValue)
        return try selection.names(defaults: names, supported: names).compactMap(
            Algorithm.init(rawValue:))
    }
}
