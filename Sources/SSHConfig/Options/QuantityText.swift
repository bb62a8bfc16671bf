// SPDX-License-Identifier: Apache-2.0

/// Times as ssh_config(5) writes them.
enum TimeText {
    /// A time as sshd_config(5) describes it under TIME FORMATS: numbers, each with the letter of
    /// its unit, seconds without one.
    ///
    /// Nil where it is none, or longer than 2^31 - 1 seconds.
    static func duration(_ text: String) -> Duration? {
        guard !text.isEmpty else { return nil }
        var total = 0
        var number: Int?
        for byte in text.utf8 {
            if let digit = decimalDigit(byte) {
                let value = (number ?? 0) * 10 + digit
                guard value <= Int32.max else { return nil }
                number = value
            } else {
                guard let count = number, let unit = secondsPerUnit[byte | 0x20] else { return nil }
                total += count * unit
                number = nil
            }
            guard total <= Int32.max else { return nil }
        }
        total += number ?? 0
        return total <= Int32.max ? .seconds(total) : nil
    }

    /// A time as a number of seconds.
    static func seconds(_ duration: Duration) -> String { "\(duration.components.seconds)" }

    private static let secondsPerUnit: [UInt8: Int] = [
        UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3_600,
        UInt8(ascii: "d"): 86_400, UInt8(ascii: "w"): 604_800,
    ]
}

/// Sizes as ssh_config(5) writes them.
enum SizeText {
    /// A size as scan_scaled(3) reads it: a number, with a fraction if wanted, and `K`, `M`, `G`,
    /// `T`, `P` or `E` for powers of 1,024.
    ///
    /// Nil where it is none or does not fit.
    static func bytes(_ text: String) -> UInt64? {
        var digits = text[...]
        var shift: UInt64 = 0
        if let last = text.utf8.last, decimalDigit(last) == nil {
            guard let power = Array("bkmgtpe".utf8).firstIndex(of: last | 0x20) else { return nil }
            shift = UInt64(power) * 10
            digits = digits.dropLast()
        }
        let parts = digits.utf8.split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.contains(where: { !$0.isEmpty }),
            parts.allSatisfy({ $0.allSatisfy { decimalDigit($0) != nil } }),
            let whole = UInt64(parts[0].isEmpty ? "0" : Substring(parts[0]))
        else { return nil }
        let (scaled, overflow) = whole.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { return nil }
        // Digits beyond the eighteenth are below one byte anyway.
        let fraction = parts.count == 2 ? parts[1].prefix(18) : parts[0].prefix(0)
        guard let numerator = UInt64("0" + Substring(fraction)) else { return nil }
        let denominator = (0..<fraction.count).reduce(into: UInt64(1)) { power, _ in power *= 10 }
        let product = numerator.multipliedFullWidth(by: 1 << shift)
        let (sum, sumOverflow) = scaled.addingReportingOverflow(
            denominator.dividingFullWidth(product).quotient)
        return sumOverflow ? nil : sum
    }
}

private func decimalDigit(_ byte: UInt8) -> Int? {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int(byte - UInt8(ascii: "0")) : nil
}
