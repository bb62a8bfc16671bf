// SPDX-License-Identifier: Apache-2.0

public import Wire

/// A key that signs for a host or user.
///
/// The private numbers stand only in libcrypto's memory, which wipes them with the last copy.
public struct PrivateKey: Sendable {
    /// The half that may be shown.
    public let publicKey: PublicKey

    private let handle: KeyHandle

    /// Puts both halves together and makes sure that they belong to each other: a signature made
    /// with the wrong half may give the private key away.
    init(_ handle: KeyHandle, publicBlob: Bytes) throws(KeyError) {
        publicKey = try PublicKey(blob: publicBlob)
        self.handle = handle
        guard let algorithm = publicKey.type.signatureAlgorithms.first,
            let signature = handle.sign([0].span, digestName: algorithm.digestName),
            publicKey.handle.verify(
                signature.span, data: [0].span, digestName: algorithm.digestName)
        else { throw .invalid("the private and the public half do not belong together") }
    }

    /// Signs `data`.
    ///
    /// - Parameter algorithm: one of the key type's `signatureAlgorithms`.
    /// - Returns: the signature blob: the algorithm's name and its bytes (RFC 4253 section 6.6).
    public func sign(_ data: Bytes, algorithm: SignatureAlgorithm) -> [UInt8] {
        let type = publicKey.type
        precondition(algorithm.keyType == type, "a \(type) key does not sign by \(algorithm)")
        guard let native = handle.sign(data.span, digestName: algorithm.digestName) else {
            preconditionFailure("libcrypto refused to sign with a key that it signed with before")
        }
        let content = type.curve.map { ECDSASignature(der: native, curve: $0).mpints } ?? native
        var writer = WireWriter(capacity: content.count + 32)
        writer.writeString(algorithm.rawValue)
        writer.writeString(content)
        return writer.bytes
    }
}
