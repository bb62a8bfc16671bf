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
        hostKeyAlgorithms: [PublicKeyAlgorithm]
    ) throws(SSHConfigError) -> AlgorithmPreferences {
        let hasAES = clinux_has_aes_instructions() != 0
        var preferences = AlgorithmPreferences(
            keyExchange: try Self.choose(
                kexAlgorithms, KeyAgreementAlgorithm.allCases,
                defaults: KeyAgreementAlgorithm.standard),
            hostKey: hostKeyAlgorithms,
            ciphers: try Self.choose(
                ciphers,
                hasAES
                    ? AlgorithmPreferences.ciphersWithAESInstructions
                    : AlgorithmPreferences.ciphersWithoutAESInstructions),
            macs: try Self.choose(macs, MACAlgorithm.allCases),
            compression: compression == .no ? [.none, .zlibOpenSSH] : [.zlibOpenSSH, .none])
        preferences.steersCompression = compression == .measured
        return preferences
    }

    /// The host key algorithms, those of keys that known_hosts holds first.
    func hostKeyAlgorithms(known: KnownHosts) throws(SSHConfigError) -> [PublicKeyAlgorithm] {
        let chosen = try hostKeyAlgorithms.names(
            defaults: PublicKeyAlgorithm.standard.map(\.rawValue),
            supported: PublicKeyAlgorithm.allCases.map(\.rawValue))
        let algorithms = chosen.compactMap(PublicKeyAlgorithm.init(rawValue:))
        return hostKeyAlgorithms.demandsOrder ? algorithms : known.preferringKnownTypes(algorithms)
    }

    /// How authorities may sign the certificates of hosts.
    func authorityAlgorithms() throws(SSHConfigError) -> [SignatureAlgorithm] {
        try Self.choose(
            caSignatureAlgorithms, SignatureAlgorithm.allCases,
            defaults: SignatureAlgorithm.standard)
    }

    /// The ways in which user keys may sign, the most wanted first.
    func userKeyAlgorithms() throws(SSHConfigError) -> [PublicKeyAlgorithm] {
        try Self.choose(
            pubkeyAcceptedAlgorithms, PublicKeyAlgorithm.allCases,
            defaults: PublicKeyAlgorithm.standard)
    }

    private static func choose<Algorithm: RawRepresentable<String>>(
        _ selection: AlgorithmSelection, _ supported: [Algorithm], defaults: [Algorithm]? = nil
    ) throws(SSHConfigError) -> [Algorithm] {
        try selection.names(
            defaults: (defaults ?? supported).map(\.rawValue), supported: supported.map(\.rawValue)
        ).compactMap(Algorithm.init(rawValue:))
    }
}
