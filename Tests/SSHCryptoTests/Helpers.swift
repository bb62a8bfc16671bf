// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

/// The bytes that a text of hexadecimal digits and white space stands for.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    precondition(digits.count % 2 == 0, "half a byte")
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
}

/// `count` bytes that look random and are the same in every run.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 24)
    }
}

extension SecretBytes {
    /// A copy that a test can compare.
    borrowing func copied() -> [UInt8] {
        withSpan { span in span.indices.map { span[$0] } }
    }
}

/// A cipher with the MAC it goes with: everything that can be negotiated, and nil for no encryption.
struct Protection: Sendable, CustomTestStringConvertible {
    let cipher: CipherAlgorithm?
    let mac: MACAlgorithm?

    static let encrypted: [Protection] = CipherAlgorithm.allCases.flatMap { cipher in
        cipher.isAEAD
            ? [Protection(cipher: cipher, mac: nil)]
            : MACAlgorithm.allCases.map { Protection(cipher: cipher, mac: $0) }
    }

    static let all = [Protection(cipher: nil, mac: nil)] + encrypted

    var testDescription: String {
        [cipher?.rawValue ?? "none", mac?.rawValue].compactMap { $0 }.joined(separator: " ")
    }

    private func keys(_ cipher: CipherAlgorithm) -> PacketKeys {
        PacketKeys(
            initializationVector: SecretBytes(copying: pattern(cipher.ivLength, seed: 11)),
            encryption: SecretBytes(copying: pattern(cipher.keyLength, seed: 12)),
            mac: SecretBytes(copying: pattern(mac?.keyLength ?? 0, seed: 13)))
    }

    func sealer() -> PacketSealer {
        guard let cipher else { return PacketSealer() }
        return PacketSealer(cipher: cipher, mac: mac, keys: keys(cipher))
    }

    func opener() -> PacketOpener {
        guard let cipher else { return PacketOpener() }
        return PacketOpener(cipher: cipher, mac: mac, keys: keys(cipher))
    }
}

extension PacketSealer {
    /// One packet with the least padding.
    mutating func sealed(_ payload: [Bytes], sequenceNumber: UInt32) -> [UInt8] {
        var wire: [UInt8] = []
        let count = payload.reduce(0) { $0 + $1.count }
        seal(
            payload, padding: pattern(paddingLength(payloadCount: count), seed: 5)[...],
            sequenceNumber: sequenceNumber, into: &wire)
        return wire
    }
}
