// SPDX-License-Identifier: Apache-2.0

/// Why a certificate does not prove what it was shown for.
public enum CertificateFault: Error, Equatable, Sendable {
    /// It is one of a user where a host's is needed, or the other way around.
    case wrongKind
    /// It is not valid yet.
    case notYetValid
    /// It is no longer valid.
    case expired
    /// It names nobody, and would be good for everybody.
    case noPrincipals
    /// It names somebody else.
    case wrongPrincipal
    /// It has restrictions that cannot be heeded.
    case criticalOptions
    /// Its authority signed it in a way that is not accepted.
    case signatureAlgorithm(SignatureAlgorithm)
}

extension Certificate {
    /// Checks everything that a host's certificate says itself.
    ///
    /// Who may sign it, and whether its key or authority is revoked, is for the caller to check.
    ///
    /// - Parameters:
    ///   - time: the present, in seconds since 1970.
    ///   - signatureAlgorithms: `CASignatureAlgorithms`.
    ///   - isName: whether a principal, which may hold wildcards, stands for the host.
    /// - Returns: what is wrong; nil where nothing is.
    public func faultAsHost(
        at time: UInt64, signatureAlgorithms: [SignatureAlgorithm], isName: (String) -> Bool
    ) -> CertificateFault? {
        if kind != .host { return .wrongKind }
        if time < validAfter { return .notYetValid }
        if time >= validBefore { return .expired }
        // Without principals a certificate would be good for every host (OpenSSH 10.3 refuses it).
        if principals.isEmpty { return .noPrincipals }
        if !principals.contains(where: isName) { return .wrongPrincipal }
        // None is defined for hosts.
        if !criticalOptions.isEmpty { return .criticalOptions }
        if !signatureAlgorithms.contains(signatureAlgorithm) {
            return .signatureAlgorithm(signatureAlgorithm)
        }
        return nil
    }
}

extension CertificateFault: CustomStringConvertible {
    /// What is wrong, to follow "the certificate".
    public var description: String {
        switch self {
        case .wrongKind: "is not one of a host"
        case .notYetValid: "is not valid yet"
        case .expired: "has expired"
        case .noPrincipals: "is for no name"
        case .wrongPrincipal: "is for another name"
        case .criticalOptions: "has critical options that are not known here"
        case .signatureAlgorithm(let algorithm):
            "is signed by \(algorithm.rawValue), which CASignatureAlgorithms does not allow"
        }
    }
}
