// SPDX-License-Identifier: Apache-2.0

public import Wire

/// A key with what an authority says about its owner, and the authority's signature (OpenSSH's
/// PROTOCOL.certkeys).
///
/// One that exists was signed by ``authority``. Whether that authority may be trusted, and in what, is
/// for others to say.
public struct Certificate: Sendable {
    /// The certificate as it goes over the wire.
    public let blob: [UInt8]
    /// The key that it is about.
    public let publicKey: PublicKey
    /// The number that the authority gave it.
    public let serial: UInt64
    /// Whom it is about.
    public let kind: Kind
    /// The name that the authority gave it, for logs.
    public let keyID: String
    /// The names of users or hosts that the owner may go by, in a host's certificate with wildcards.
    public let principals: [String]
    /// From when on it is valid, in seconds since 1970.
    public let validAfter: UInt64
    /// From when on it is no longer valid, in seconds since 1970.
    public let validBefore: UInt64
    /// What whoever does not understand it must not ignore.
    public let criticalOptions: [Option]
    /// What may be ignored.
    public let extensions: [Option]
    /// Who signed it.
    public let authority: PublicKey
    /// How it was signed.
    public let signatureAlgorithm: SignatureAlgorithm

    /// Whom a certificate is about; raw values are those on the wire.
    public enum Kind: UInt32, Sendable {
        /// A user.
        case user = 1
        /// A host.
        case host = 2
    }

    /// A restriction or a permission.
    public struct Option: Equatable, Sendable {
        /// Its name, as `force-command`.
        public let name: String
        /// What it says, in its own encoding.
        public let data: [UInt8]
    }

    /// Reads a certificate and checks its signature.
    ///
    /// - Throws: a `KeyError`.
    public init(blob: Bytes) throws(KeyError) {
        guard let keyType = Self.keyType(ofBlob: blob) else { throw .unsupportedType }
        var reader = KeyReader(blob)
        _ = try reader.string()  // the type
        _ = try reader.string()  // a nonce, so that nobody can choose what the authority signs
        publicKey = try Self.readKey(keyType, &reader)
        serial = try reader.uint64()
        guard let kind = Kind(rawValue: try reader.uint32()) else {
            throw .invalid("a certificate for neither a user nor a host")
        }
        self.kind = kind
        keyID = try reader.name()
        principals = try Self.readPrincipals(try reader.string())
        validAfter = try reader.uint64()
        validBefore = try reader.uint64()
        criticalOptions = try Self.readOptions(try reader.string())
        extensions = try Self.readOptions(try reader.string())
        _ = try reader.string()  // reserved
        // Certificates don't sign certificates, so a certificate's type is not known here.
        authority = try PublicKey(blob: try reader.string())
        let signed = blob[..<reader.position]
        let signature = try reader.string()
        try reader.requireEnd()
        var signatureReader = KeyReader(signature)
        guard let algorithm = SignatureAlgorithm(rawValue: try signatureReader.name()),
            authority.verify(signature: signature, data: signed, algorithm: algorithm) == .valid
        else { throw .wrongCertificateSignature }
        signatureAlgorithm = algorithm
        self.blob = Array(blob)
    }

    /// The type of the key that a certificate is about; nil for what is no certificate.
    static func keyType(ofBlob blob: Bytes) -> KeyType? {
        var reader = KeyReader(blob)
        guard let name = try? reader.name() else { return nil }
        return KeyType.allCases.first { $0.certificateName == name }
    }

    /// How many strings a key of each type has.
    private static func fieldCount(_ type: KeyType) -> Int {
        switch type {
        case .ed25519: 1
        case .rsa, .ecdsaP256, .ecdsaP384, .ecdsaP521, .securityKeyEd25519: 2
        case .securityKeyECDSA: 3
        }
    }

    private static func readKey(
        _ type: KeyType, _ reader: inout KeyReader
    ) throws(KeyError) -> PublicKey {
        var writer = WireWriter()
        writer.writeString(type.rawValue)
        for _ in 0..<fieldCount(type) { writer.writeString(try reader.string()) }
        return try PublicKey(blob: writer.bytes[...])
    }

    private static func readPrincipals(_ list: Bytes) throws(KeyError) -> [String] {
        var reader = KeyReader(list)
        var names: [String] = []
        while !reader.isAtEnd {
            guard names.count < KeyLimits.certificatePrincipals else {
                throw .invalid(
                    "a certificate for more than \(KeyLimits.certificatePrincipals) principals")
            }
            names.append(try reader.text())
        }
        return names
    }

    private static func readOptions(_ list: Bytes) throws(KeyError) -> [Option] {
        var reader = KeyReader(list)
        var options: [Option] = []
        while !reader.isAtEnd {
            options.append(Option(name: try reader.name(), data: Array(try reader.string())))
        }
        return options
    }
}

extension Certificate: Hashable {
    /// Two certificates are the same when their encodings are.
    public static func == (first: Certificate, second: Certificate) -> Bool {
        first.blob == second.blob
    }

    /// Feeds the encoding to `hasher`.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(blob)
    }
}
