// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto

extension KnownHosts {
    /// Reorders host key algorithms so that the server shows a key that is known, where it has one.
    ///
    /// Without this, a server with several keys would show the one that we like best, and an unknown
    /// key beside known ones counts as a changed one. The order stays as it is when the most wanted
    /// type is known. What an observer can learn from the order is that the host is known
    /// (CVE-2020-14145); that is less than what a false alarm teaches users to ignore.
    ///
    /// A certificate is as good as its key: if nobody known signed it, the key itself counts. Where an
    /// authority is known for the host, certificates of every type come first.
    ///
    /// Not to be used where ``AlgorithmSelection/demandsOrder`` says that the user has decided.
    public func preferringKnownTypes(_ algorithms: [PublicKeyAlgorithm]) -> [PublicKeyAlgorithm] {
        let knownTypes = Set(keys.map(\.type))
        let hasAuthority = hasCertificateAuthority
        func isKnown(_ algorithm: PublicKeyAlgorithm) -> Bool {
            knownTypes.contains(algorithm.signature.keyType.rawValue)
        }
        func isPreferred(_ algorithm: PublicKeyAlgorithm) -> Bool {
            hasAuthority && algorithm.isCertificate || isKnown(algorithm)
        }
        guard let best = algorithms.first, !isKnown(best) else { return algorithms }
        return algorithms.filter(isPreferred) + algorithms.filter { !isPreferred($0) }
    }
}
