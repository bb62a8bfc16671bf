// SPDX-License-Identifier: Apache-2.0

extension KnownHosts {
    /// Reorders host key algorithms so that the server shows a key that is known, where it has one.
    ///
    /// Without this, a server with several keys would show the one that we like best, and an unknown
    /// key beside known ones counts as a changed one. The order stays as it is when the most wanted
    /// type is known. What an observer can learn from the order is that the host is known
    /// (CVE-2020-14145); that is less than what a false alarm teaches users to ignore.
    ///
    /// Not to be used where ``AlgorithmSelection/demandsOrder`` says that the user has decided.
    public func preferringKnownTypes(_ algorithms: [String]) -> [String] {
        let knownTypes = Set(keys.map(\.type))
        func isKnown(_ algorithm: String) -> Bool {
            knownTypes.contains(Self.keyType(ofAlgorithm: algorithm))
        }
        guard let best = algorithms.first, !isKnown(best) else { return algorithms }
        return algorithms.filter(isKnown) + algorithms.filter { !isKnown($0) }
    }

    /// The type of the keys that make signatures of an algorithm: only RSA's names differ (RFC 8332).
    private static func keyType(ofAlgorithm algorithm: String) -> String {
        switch algorithm {
        case "rsa-sha2-256", "rsa-sha2-512": "ssh-rsa"
        default: algorithm
        }
    }
}
