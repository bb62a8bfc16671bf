// SPDX-License-Identifier: Apache-2.0

public import Wire

/// A key that signs for a host or user.
///
/// The private numbers stand only in libcrypto's memory, which wipes them with the last copy.
public struct PrivateKey: Sendable {
    /// The half that may be shown.
    public let publicKey: PublicKey

    /// What the key's file says about it; empty where it says nothing.
    public let comment: String

    let handle: KeyHandle

    /// Puts both halves together and makes sure that they belong to each other: a signature made
    /// with the wrong half may give the private key away.
    init(_ handle: KeyHandle, publicBlob: Bytes, comment: String) throws(KeyError) {
        publicKey = try PublicKey(blob: publicBlob)
        self.handle = handle
        self.comment = comment
        guard let algorithm = publicKey.type.signatureAlgorithms.first,
            let signature = handle.sign([0].span, digestName: algorithm.digestName),
            publicKey.handle.verify(
                signature.span, data: [0].span, digestName: algorithm.digestName)
        else { throw .invalid("the private and the public half do not belong together") }
    }

    /// Signs `data`.
    ///
    /// - Parameters:
    ///   - data: what is to be signed, not hashed yet.
    ///   - algorithm: one of the key type's `signatureAlgorithms`.
    /// - Returns: the signature blob: the algorithm's name and its bytes (RFC 4253 section 6.6).
    /// - Throws: where libcrypto refuses, as it may do with SHA-1 by the system's policy.
    public func sign(_ data: Bytes, algorithm: SignatureAlgorithm) throws(KeyError) -> [UInt8] {
        let type = publicKey.type
        precondition(algorithm.keyType == type, "a \(type) key does not sign by \(algorithm)")
        guard let native = handle.sign(data.span, digestName: algorithm.digestName) else {
            throw .signingFailed(algorithm)
        }
        let content = type.curve.map { ECDSASignature(der: native, curve: $0).mpints } ?? native
        var writer = WireWriter(capacity: content.count + 32)
        writer.writeString(algorithm.rawValue)
        writer.writeString(content)
        return writer.bytes
    }
}
