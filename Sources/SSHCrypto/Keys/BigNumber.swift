// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// A number of any size that may be secret: its memory is wiped, and libcrypto's calculations with
/// it do not depend on its value where they can help it.
///
@safe final class BigNumber {
    let pointer: OpaquePointer

    /// Zero.
    init() {
        unsafe pointer = mustExist(BN_secure_new(), "a number")
        unsafe BN_set_flags(pointer, BN_FLG_CONSTTIME)
    }

    /// The number with these big-endian digits.
    convenience init(_ magnitude: Span<UInt8>) {
        self.init()
        unsafe magnitude.withUnsafeBufferPointer { digits in
            _ = unsafe mustExist(
                BN_bin2bn(digits.baseAddress, Int32(digits.count), pointer), "a number")
        }
    }

    /// This number modulo `divisor` - 1.
    func moduloPredecessor(of divisor: BigNumber) -> BigNumber {
        let result = BigNumber()
        let predecessor = BigNumber()
        let scratch = unsafe mustExist(BN_CTX_secure_new(), "a scratch space")
        defer { unsafe BN_CTX_free(scratch) }
        mustSucceed(unsafe BN_sub(predecessor.pointer, divisor.pointer, BN_value_one()), "BN_sub")
        mustSucceed(
            unsafe BN_div(nil, result.pointer, pointer, predecessor.pointer, scratch), "BN_div")
        return result
    }

    deinit {
        unsafe BN_clear_free(pointer)
    }
}
