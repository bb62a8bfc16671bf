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
        // None is defined for hosts.
        if kind == .host, !criticalOptions.isEmpty { return .criticalOptions }
        return fault(
            as: .host, at: time, signatureAlgorithms: signatureAlgorithms, isName: isName)
    }

    /// Checks everything that a user's certificate says itself, but for its critical options, which are
    /// for the caller to heed.
    ///
    /// - Parameters:
    ///   - time: the present, in seconds since 1970.
    ///   - signatureAlgorithms: `CASignatureAlgorithms`.
    ///   - isName: whether a principal stands for the user.
    /// - Returns: what is wrong; nil where nothing is.
    public func faultAsUser(
        at time: UInt64, signatureAlgorithms: [SignatureAlgorithm], isName: (String) -> Bool
    ) -> CertificateFault? {
        fault(as: .user, at: time, signatureAlgorithms: signatureAlgorithms, isName: isName)
    }

    private func fault(
        as wanted: Kind, at time: UInt64, signatureAlgorithms: [SignatureAlgorithm],
        isName: (String) -> Bool
    ) -> CertificateFault? {
        if kind != wanted { return .wrongKind }
        if time < validAfter { return .notYetValid }
        if time >= validBefore { return .expired }
        // Without principals it would be good for everybody (OpenSSH 10.3 refuses it for hosts).
        if principals.isEmpty { return .noPrincipals }
        if !principals.contains(where: isName) { return .wrongPrincipal }
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
        case .wrongKind: "is one of a user in place of a host, or the other way around"
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
