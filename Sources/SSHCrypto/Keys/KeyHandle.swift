// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// The owner of a libcrypto key, public or private; libcrypto wipes it at the end.
///
/// It never changes, and libcrypto counts its references with atomics, so any thread may use it.
@safe final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over a key; nil where libcrypto refused to make one.
    init?(owning pointer: OpaquePointer?) {
        guard let pointer = unsafe pointer else {
            ERR_clear_error()
            return nil
        }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe EVP_PKEY_free(pointer)
    }

    /// The length of the key in bits.
    var bitCount: Int { Int(unsafe EVP_PKEY_get_bits(pointer)) }

    /// The kinds of keys that are just 32 bytes.
    enum RawKind: String {
        case x25519 = "X25519"
        case ed25519 = "ED25519"

        /// The length of private and public keys in bytes.
        static let byteCount = 32
        /// The length of an Ed25519 signature in bytes.
        static let signatureCount = 64
    }

    convenience init?(_ kind: RawKind, publicBytes: Span<UInt8>) {
        let pointer = unsafe publicBytes.withUnsafeBufferPointer { bytes in
            unsafe EVP_PKEY_new_raw_public_key_ex(
                nil, kind.rawValue, nil, bytes.baseAddress, bytes.count)
        }
        unsafe self.init(owning: pointer)
    }

    convenience init?(_ kind: RawKind, privateBytes: Span<UInt8>) {
        let pointer = unsafe privateBytes.withUnsafeBufferPointer { bytes in
            unsafe EVP_PKEY_new_raw_private_key_ex(
                nil, kind.rawValue, nil, bytes.baseAddress, bytes.count)
        }
        unsafe self.init(owning: pointer)
    }

    /// A key on a NIST curve; nil where `point` is not an uncompressed point of it.
    ///
    /// - Parameter scalar: the private key, or nil for a public one.
    convenience init?(_ curve: Curve, point: Span<UInt8>, scalar: BigNumber? = nil) {
        guard curve.isUncompressedPoint(point) else { return nil }
        let pointer = unsafe point.withUnsafeBufferPointer { point in
            unsafe clibcrypto_ec_key(
                curve.group.name, point.baseAddress, point.count, scalar?.pointer)
        }
        unsafe self.init(owning: pointer)
    }

    /// An RSA key; public where there are no private numbers.
    convenience init?(
        modulus: BigNumber, exponent: BigNumber, privateNumbers: RSAPrivateNumbers? = nil
    ) {
        var pointer: OpaquePointer?
        if let privateNumbers {
            var numbers = unsafe clibcrypto_rsa_private_numbers(
                d: privateNumbers.exponent.pointer, p: privateNumbers.p.pointer,
                q: privateNumbers.q.pointer, dp: privateNumbers.exponentModuloP.pointer,
                dq: privateNumbers.exponentModuloQ.pointer,
                qinv: privateNumbers.coefficient.pointer)
            unsafe pointer = clibcrypto_rsa_key(modulus.pointer, exponent.pointer, &numbers)
        } else {
            unsafe pointer = clibcrypto_rsa_key(modulus.pointer, exponent.pointer, nil)
        }
        unsafe self.init(owning: pointer)
    }

    /// The public half of a raw key.
    var rawPublicBytes: [UInt8] {
        [UInt8](capacity: RawKind.byteCount) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                var count = buffer.count
                mustSucceed(
                    unsafe EVP_PKEY_get_raw_public_key(pointer, buffer.baseAddress, &count),
                    "a public key")
                initializedCount = count
            }
        }
    }

    /// The private half of a raw key, for the caller to wipe.
    var rawPrivateBytes: [UInt8] {
        [UInt8](capacity: RawKind.byteCount) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                var count = buffer.count
                mustSucceed(
                    unsafe EVP_PKEY_get_raw_private_key(pointer, buffer.baseAddress, &count),
                    "a private key")
                initializedCount = count
            }
        }
    }

    /// What both sides of a key agreement arrive at.
    ///
    /// - Returns: nil where libcrypto finds the peer's key unfit, as when the result is zero.
    func agree(with peer: KeyHandle, count: Int) -> SecretBytes? {
        let context = unsafe mustExist(EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil), "a context")
        defer { unsafe EVP_PKEY_CTX_free(context) }
        mustSucceed(unsafe EVP_PKEY_derive_init(context), "a key agreement")
        guard unsafe EVP_PKEY_derive_set_peer(context, peer.pointer) == 1 else {
            ERR_clear_error()
            return nil
        }
        var isFit = false
        let secret = SecretBytes(count: count) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                unsafe buffer.initialize(repeating: 0)
                var written = count
                let result = unsafe EVP_PKEY_derive(context, buffer.baseAddress, &written)
                isFit = result == 1 && written == count
                initializedCount = count
            }
        }
        guard isFit else {
            ERR_clear_error()
            return nil
        }
        return secret
    }
}
