// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import Wire

extension PrivateKey {
    /// The key as an agent is given it to keep (draft-ietf-sshm-ssh-agent section 3.2): its type, the
    /// certificate if there is one, and its numbers.
    ///
    /// - Parameter certificate: one that is about this key.
    public func agentFields(certificate: Certificate? = nil) -> SecretBytes {
        precondition(certificate.map { $0.publicKey == publicKey } ?? true, "another key's")
        let type = publicKey.type
        // With room for all of it, no part stays behind in a buffer that was grown out of.
        var writer = WireWriter(
            capacity: 64 + 4 * KeyLimits.rsaBits.upperBound / 8 + (certificate?.blob.count ?? 0))
        if let certificate {
            writer.writeString(type.certificateName)
            writer.writeString(certificate.blob)
        } else {
            writer.writeString(type.rawValue)
        }
        switch type {
        case .ed25519:
            var seed = handle.rawPrivateBytes
            let point = handle.rawPublicBytes
            writer.writeString(point)
            var both = seed + point
            writer.writeString(both)
            wipe(&seed)
            wipe(&both)
        case .ecdsaP256, .ecdsaP384, .ecdsaP521:
            if certificate == nil {
                var reader = KeyReader(publicKey.blob[...])
                _ = try? reader.string()
                writer.writeBytes(reader.remaining())
            }
            write([OSSL_PKEY_PARAM_PRIV_KEY], to: &writer)
        case .rsa:
            if certificate == nil {
                write([OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E], to: &writer)
            }
            write(
                [
                    OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_COEFFICIENT + "1",
                    OSSL_PKEY_PARAM_RSA_FACTOR + "1", OSSL_PKEY_PARAM_RSA_FACTOR + "2",
                ], to: &writer)
        case .securityKeyEd25519, .securityKeyECDSA:
            preconditionFailure("the private half of a security key is not here")
        }
        var bytes = writer.bytes
        writer = WireWriter()
        defer { wipe(&bytes) }
        return SecretBytes(copying: bytes)
    }

    private func write(_ names: [String], to writer: inout WireWriter) {
        for name in names {
            guard let number = handle.number(name) else {
                preconditionFailure("a private key without its numbers")
            }
            var digits = number.digits
            writer.writeMPInt(digits)
            wipe(&digits)
        }
    }
}
