// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// Stops the process when a libcrypto call failed that cannot fail on account of the peer: its
/// arguments are ours, so it is out of memory or we misused it.
@inline(__always)
func mustSucceed(_ result: Int32, _ operation: StaticString) {
    precondition(result == 1, "libcrypto refused \(operation)")
}

/// Stops the process when libcrypto gave no object where only we or a lack of memory can be why.
@inline(__always)
func mustExist(_ object: OpaquePointer?, _ operation: StaticString) -> OpaquePointer {
    guard let object = unsafe object else {
        preconditionFailure("libcrypto gave nothing for \(operation)")
    }
    return unsafe object
}

/// Algorithms fetched from libcrypto's providers once and kept for the life of the process:
/// a fetch costs more than a small packet.
///
/// They are immutable and counted by libcrypto, so that all threads may use them.
@safe struct FetchedAlgorithm: @unchecked Sendable {
    let pointer: OpaquePointer

    /// A cipher that libcrypto may lack, or that the system's policy may forbid; to be released.
    static func find(cipher name: String) -> FetchedAlgorithm? {
        guard let pointer = unsafe EVP_CIPHER_fetch(nil, name, nil) else {
            ERR_clear_error()
            return nil
        }
        return unsafe FetchedAlgorithm(pointer: pointer)
    }

    static func cipher(_ name: String) -> FetchedAlgorithm {
        unsafe FetchedAlgorithm(pointer: mustExist(EVP_CIPHER_fetch(nil, name, nil), "a cipher"))
    }

    static func digest(_ name: String) -> FetchedAlgorithm {
        unsafe FetchedAlgorithm(pointer: mustExist(EVP_MD_fetch(nil, name, nil), "a digest"))
    }

    static func mac(_ name: String) -> FetchedAlgorithm {
        unsafe FetchedAlgorithm(pointer: mustExist(EVP_MAC_fetch(nil, name, nil), "a MAC"))
    }

    private init(pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    /// Gives a cipher back that was not fetched for good; what uses it has counted it for itself.
    func releaseCipher() { unsafe EVP_CIPHER_free(pointer) }
}
