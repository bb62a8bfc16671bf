// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// A number of any size that may be secret.
///
/// Its memory is wiped, and libcrypto's calculations with it do not depend on its value where they can
/// help it.
///
/// It does not change once it is made, so any thread may use it.
@safe final class BigNumber: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Zero.
    init() {
        unsafe pointer = mustExist(BN_secure_new(), "a number")
        unsafe BN_set_flags(pointer, BN_FLG_CONSTTIME)
    }

    /// Takes over a number that libcrypto made.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
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

    /// The number's big-endian digits, without leading zeros.
    var digits: [UInt8] { digits(count: (bitCount + 7) / 8) }

    /// The number's big-endian digits, with as many leading zeros as it takes.
    ///
    /// - Precondition: the number has at most `count` digits.
    func digits(count: Int) -> [UInt8] {
        [UInt8](capacity: count) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                let written = unsafe BN_bn2binpad(pointer, buffer.baseAddress, Int32(count))
                precondition(written == count, "a number with more digits than that")
                initializedCount = count
            }
        }
    }

    /// The length in bits, leading zeros not counted.
    var bitCount: Int { Int(unsafe BN_num_bits(pointer)) }

    /// This number to the power of a secret one, modulo an odd number.
    func power(_ exponent: BigNumber, modulo modulus: BigNumber) -> BigNumber {
        let result = BigNumber()
        let scratch = unsafe mustExist(BN_CTX_secure_new(), "a scratch space")
        defer { unsafe BN_CTX_free(scratch) }
        mustSucceed(
            unsafe BN_mod_exp_mont_consttime(
                result.pointer, pointer, exponent.pointer, modulus.pointer, scratch, nil), "a power"
        )
        return result
    }

    /// Whether another number is above one and below this one's predecessor.
    func hasBetweenOneAndPredecessor(_ other: BigNumber) -> Bool {
        let predecessor = BigNumber()
        mustSucceed(unsafe BN_sub(predecessor.pointer, pointer, BN_value_one()), "BN_sub")
        return unsafe BN_cmp(other.pointer, BN_value_one()) > 0
            && BN_cmp(other.pointer, predecessor.pointer) < 0
    }

    deinit {
        unsafe BN_clear_free(pointer)
    }
}
