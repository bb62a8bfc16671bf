// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// The block cipher Blowfish (Schneier, 1994) with the expensive key schedule of bcrypt (Provos and
/// Mazières, "A Future-Adaptable Password Scheme", 1999, section 3).
///
/// libcrypto has the cipher, but not that key schedule. Nothing but key files uses it.
///
/// The tables lie behind a pointer because that is a hundred times as fast here as an inline array, and
/// the time is the user's. An index into a table is a byte, so none is out of range.
@safe struct Blowfish: ~Copyable {
    /// 18 subkeys, then four tables of 256 words.
    private let words: UnsafeMutablePointer<UInt32>
    private static let subkeyCount = 18
    private static let wordCount = subkeyCount + 4 * 256

    /// The cipher without a key.
    init() {
        unsafe words = .allocate(capacity: Self.wordCount)
        precondition(Self.piDigits.count == Self.wordCount)
        for index in 0..<Self.wordCount {
            unsafe (words + index).initialize(to: Self.piDigits[index])
        }
    }

    deinit {
        unsafe OPENSSL_cleanse(words, Self.wordCount * MemoryLayout<UInt32>.stride)
        unsafe words.deallocate()
    }

    @inline(__always)
    private func mixed(_ half: UInt32) -> UInt32 {
        let tables = unsafe words + Self.subkeyCount
        let first = unsafe tables[Int(half &>> 24)] &+ tables[256 + Int(half &>> 16 & 0xFF)]
        return unsafe (first ^ tables[512 + Int(half &>> 8 & 0xFF)])
            &+ tables[768 + Int(half & 0xFF)]
    }

    /// Encrypts one block.
    @inline(__always)
    func encrypt(_ left: inout UInt32, _ right: inout UInt32) {
        var (first, second) = unsafe (left ^ words[0], right)
        var round = 1
        while round < 17 {
            unsafe second ^= mixed(first) ^ words[round]
            unsafe first ^= mixed(second) ^ words[round + 1]
            round += 2
        }
        unsafe (left, right) = (second ^ words[17], first)
    }

    /// Mixes a key into the key schedule, and a salt, which may be empty.
    ///
    /// - Precondition: the salt has an even number of words.
    mutating func expand(salt: Span<UInt32>, key: Span<UInt32>) {
        for index in 0..<Self.subkeyCount { unsafe words[index] ^= key[index % key.count] }
        var (left, right) = (UInt32(0), UInt32(0))
        var (index, saltIndex) = (0, 0)
        while index < Self.wordCount {
            if !salt.isEmpty {
                left ^= salt[saltIndex]
                right ^= salt[saltIndex + 1]
                saltIndex = (saltIndex + 2) % salt.count
            }
            encrypt(&left, &right)
            unsafe words[index] = left
            unsafe words[index + 1] = right
            index += 2
        }
    }
}
