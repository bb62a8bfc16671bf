// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

extension KeyHandle {
    /// The length of the longest signature in bytes; for RSA, of every one.
    var signatureCount: Int { Int(unsafe EVP_PKEY_get_size(pointer)) }

    /// Signs `data` with a private key, in libcrypto's own format.
    ///
    /// - Returns: nil where libcrypto refuses the digest, or the key's numbers turn out to be unusable.
    func sign(_ data: Span<UInt8>, digestName: String?) -> [UInt8]? {
        let context = unsafe mustExist(EVP_MD_CTX_new(), "a digest context")
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestSignInit_ex(context, nil, digestName, nil, nil, pointer, nil) == 1
        else {
            ERR_clear_error()
            return nil
        }
        let signature = [UInt8](capacity: signatureCount) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                unsafe data.withUnsafeBufferPointer { data in
                    var count = buffer.count
                    // A null pointer would ask for the data to be left out, not for empty data.
                    var none: UInt8 = 0
                    let result = unsafe withUnsafePointer(to: &none) { none in
                        unsafe EVP_DigestSign(
                            context, buffer.baseAddress, &count, data.baseAddress ?? none,
                            data.count)
                    }
                    initializedCount = result == 1 ? count : 0
                }
            }
        }
        guard !signature.isEmpty else {
            ERR_clear_error()
            return nil
        }
        return signature
    }

    /// Whether `signature`, in libcrypto's own format, is one of `data`.
    func verify(_ signature: Span<UInt8>, data: Span<UInt8>, digestName: String?) -> Bool {
        let context = unsafe mustExist(EVP_MD_CTX_new(), "a digest context")
        defer { unsafe EVP_MD_CTX_free(context) }
        guard
            unsafe EVP_DigestVerifyInit_ex(context, nil, digestName, nil, nil, pointer, nil) == 1
        else {
            ERR_clear_error()
            return false
        }
        let result = unsafe signature.withUnsafeBufferPointer { signature in
            unsafe data.withUnsafeBufferPointer { data in
                var none: UInt8 = 0
                return unsafe withUnsafePointer(to: &none) { none in
                    unsafe EVP_DigestVerify(
                        context, signature.baseAddress ?? none, signature.count,
                        data.baseAddress ?? none, data.count)
                }
            }
        }
        // Anything but one is a refusal: zero for a wrong signature, negative for other failures.
        guard result == 1 else {
            ERR_clear_error()
            return false
        }
        return true
    }
}
