// SPDX-License-Identifier: Apache-2.0

/// Which source a part is the beginning of, as a number (FNV-1a, 64 bits).
///
/// It says only that two parts are not of the same source: what is in a part is looked at as well.
struct SourceIdentity: Sendable {
    private static let basis: UInt64 = 0xcbf2_9ce4_8422_2325
    private static let prime: UInt64 = 0x100_0000_01b3

    private var hash = basis

    /// Adds a text without NUL, such as a name.
    mutating func add(_ text: some Sequence<UInt8>) {
        for byte in text { mix(byte) }
        mix(0)
    }

    /// Adds a number.
    mutating func add(_ number: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            mix(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }

    private mutating func mix(_ byte: UInt8) {
        hash = (hash ^ UInt64(byte)) &* Self.prime
    }

    /// What has a name in this one.
    func adding(_ name: some Sequence<UInt8>) -> SourceIdentity {
        var result = self
        result.add(name)
        return result
    }

    /// The number in hexadecimal digits.
    var text: String {
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
