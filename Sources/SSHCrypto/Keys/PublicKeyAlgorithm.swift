// SPDX-License-Identifier: Apache-2.0

/// A public key algorithm as it is negotiated and named in requests (RFC 4253 section 6.6): a way to
/// sign, by a key as it is or by one that comes with a certificate (OpenSSH's PROTOCOL.certkeys).
///
/// Raw values are the names on the wire.
public struct PublicKeyAlgorithm: RawRepresentable, CaseIterable, Hashable, Sendable {
    /// How signatures are made; they bear this algorithm's name, also with a certificate.
    public let signature: SignatureAlgorithm
    /// Whether the key comes in a certificate.
    public let isCertificate: Bool

    /// An algorithm for keys as they are, or in certificates.
    public init(_ signature: SignatureAlgorithm, isCertificate: Bool = false) {
        self.signature = signature
        self.isCertificate = isCertificate
    }

    /// Every algorithm, in OpenSSH's order of preference.
    public static let allCases = [true, false].flatMap { isCertificate in
        SignatureAlgorithm.allCases.map { Self($0, isCertificate: isCertificate) }
    }

    /// What is good enough to be used without being asked for.
    public static let standard = allCases.filter {
        SignatureAlgorithm.standard.contains($0.signature)
    }

    /// What a name on the wire stands for; nil where it is not known here.
    public init?(rawValue: String) {
        guard let known = Self.names[rawValue] else { return nil }
        self = known
    }

    private static let names = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    /// The name on the wire.
    public var rawValue: String {
        isCertificate ? certificateName(signature.rawValue) : signature.rawValue
    }
}

/// The name that a type of key, or an algorithm, has for certificates.
func certificateName(_ name: String) -> String {
    let suffix = "@openssh.com"
    return (name.hasSuffix(suffix) ? name.dropLast(suffix.count) : name[...]) + "-cert-v01" + suffix
}
