// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import Wire

/// The public half of a key that libcrypto has read.
extension KeyHandle {
    /// The key in SSH's encoding (RFC 4253 section 6.6); nil for kinds that SSH has no use for.
    func publicBlob() -> [UInt8]? {
        var writer = WireWriter()
        switch unsafe EVP_PKEY_get_base_id(pointer) {
        case EVP_PKEY_ED25519:
            writer.writeString(KeyType.ed25519.rawValue)
            writer.writeString(rawPublicBytes)
        case EVP_PKEY_RSA:
            guard let modulus = number(OSSL_PKEY_PARAM_RSA_N),
                let exponent = number(OSSL_PKEY_PARAM_RSA_E)
            else { return nil }
            writer.writeString(KeyType.rsa.rawValue)
            writer.writeMPInt(exponent.digits)
            writer.writeMPInt(modulus.digits)
        case EVP_PKEY_EC:
            guard let curve, let type = KeyType.allCases.first(where: { $0.curve == curve }),
                let x = number(OSSL_PKEY_PARAM_EC_PUB_X), let y = number(OSSL_PKEY_PARAM_EC_PUB_Y)
            else { return nil }
            writer.writeString(type.rawValue)
            writer.writeString(curve.rawValue)
            writer.writeString(
                [0x04] + x.digits(count: curve.coordinateCount)
                    + y.digits(count: curve.coordinateCount))
        default: return nil
        }
        return writer.bytes
    }

    /// The named curve of an ECDSA key; nil where it is another one, or spelled out.
    private var curve: Curve? {
        var name = InlineArray<64, CChar>(repeating: 0)
        var span = name.mutableSpan
        return unsafe span.withUnsafeMutableBufferPointer { buffer in
            guard
                unsafe EVP_PKEY_get_group_name(pointer, buffer.baseAddress, buffer.count, nil) == 1,
                let text = buffer.baseAddress
            else { return nil }
            let identifier = unsafe OBJ_txt2nid(text)
            return Curve.allCases.first { $0.group.identifier == identifier }
        }
    }

    /// One of the key's numbers.
    func number(_ name: String) -> BigNumber? {
        var value: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(pointer, name, &value) == 1 else {
            ERR_clear_error()
            return nil
        }
        return unsafe value.map { unsafe BigNumber(owning: $0) }
    }
}
