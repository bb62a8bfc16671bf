// SPDX-License-Identifier: Apache-2.0

public import Wire

/// What a signature turned out to be.
///
/// There is one way to be accepted; whatever goes wrong on the way there is a refusal.
public enum SignatureVerdict: Equatable, Sendable {
    /// The key's owner signed these data.
    case valid
    /// The signature is not to be trusted.
    case invalid(Fault)

    /// What is wrong with a signature.
    public enum Fault: Equatable, Sendable {
        /// It was made by another algorithm than agreed, or by one that the key is not for.
        case wrongAlgorithm
        /// Its bytes break the format.
        case malformed
        /// It belongs to other data or another key.
        case mismatch
    }
}

extension PublicKey {
    /// Checks a signature as it goes over the wire.
    ///
    /// - Parameters:
    ///   - signature: the blob: the algorithm's name and its bytes (RFC 4253 section 6.6).
    ///   - data: what is said to be signed.
    ///   - algorithm: the only algorithm that is accepted.
    public func verify(
        signature: Bytes, data: Bytes, algorithm: SignatureAlgorithm
    ) -> SignatureVerdict {
        guard algorithm.keyType == type else { return .invalid(.wrongAlgorithm) }
        do throws(WireError) {
            var reader = WireReader(signature)
            let name = try reader.readString()
            guard name.elementsEqual(algorithm.rawValue.utf8) else {
                return .invalid(.wrongAlgorithm)
            }
            let content = try reader.readString()
            var signed = data
            if let application {
                signed = Self.securityKeyData(
                    data, application: application, use: try reader.readBytes(Self.useCount))
            }
            try reader.requireEnd()
            guard let native = try nativeSignature(content) else { return .invalid(.malformed) }
            let isValid = handle.verify(
                native.span, data: signed.span, digestName: algorithm.digestName)
            return isValid ? .valid : .invalid(.mismatch)
        } catch {
            return .invalid(.malformed)
        }
    }

    /// How many bytes a security key tells about the use it was put to: flags and a counter.
    private static let useCount = 5

    /// What a security key signs in place of `data` (OpenSSH's PROTOCOL.u2f).
    private static func securityKeyData(_ data: Bytes, application: Bytes, use: Bytes) -> Bytes {
        let hash = HashAlgorithm.sha256
        return (hash.digest(of: application) + use + hash.digest(of: data))[...]
    }

    /// The signature in libcrypto's format; nil where it has a wrong length.
    private func nativeSignature(_ content: Bytes) throws(WireError) -> [UInt8]? {
        if let curve = type.curve { return try ECDSASignature(mpints: content, curve: curve).der }
        let count = type == .rsa ? handle.signatureCount : KeyHandle.RawKind.signatureCount
        if content.count == count { return Array(content) }
        // Old peers leave out an RSA signature's leading zeros (RFC 4253 section 6.6 allows none).
        guard type == .rsa, content.count < count else { return nil }
        return [UInt8](repeating: 0, count: count - content.count) + content
    }
}
