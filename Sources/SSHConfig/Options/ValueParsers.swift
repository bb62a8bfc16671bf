// SPDX-License-Identifier: Apache-2.0

/// The kinds of values that options take.
enum ValueParsers {
    /// One argument as it is.
    static func text(_ arguments: inout Arguments) throws(SSHConfigError) -> String {
        try arguments.word()
    }

    /// `yes` or `no`.
    static func flag(_ arguments: inout Arguments) throws(SSHConfigError) -> Bool {
        try choice(["yes": true, "true": true, "no": false, "false": false])(&arguments)
    }

    /// One of some words, in any case.
    static func choice<Value: Sendable>(_ values: [String: Value]) -> Option.Parser<Value> {
        { arguments throws(SSHConfigError) in
            let word = try arguments.word()
            guard let value = values[word.lowercased()] else {
                let names = values.keys.sorted().joined(separator: ", ")
                throw arguments.invalid(word, expected: "one of \(names)")
            }
            return value
        }
    }

    /// A decimal number.
    static func number<Value: FixedWidthInteger & Sendable>(
        _ range: ClosedRange<Value>
    ) -> Option.Parser<Value> {
        { arguments throws(SSHConfigError) in
            let word = try arguments.word()
            guard let number = Value(word), range.contains(number) else {
                throw arguments.invalid(
                    word, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }

    /// A time like `90`, `1h30m` or `2d`, or `none` for zero.
    static func time(_ arguments: inout Arguments) throws(SSHConfigError) -> Duration {
        let word = try arguments.word()
        if word.lowercased() == "none" { return .zero }
        guard let duration = duration(word) else {
            throw arguments.invalid(word, expected: "a time like 90, 1h30m or 2d")
        }
        return duration
    }

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

    private static let secondsPerUnit: [UInt8: Int] = [
        UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3_600,
        UInt8(ascii: "d"): 86_400, UInt8(ascii: "w"): 604_800,
    ]

    /// A size as scan_scaled(3) reads it: a number, with a fraction if wanted, and `K`, `M`, `G`,
    /// `T`, `P` or `E` for powers of 1,024.
    ///
    /// Nil where it is none or does not fit.
    static func size(_ text: String) -> UInt64? {
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

    private static func decimalDigit(_ byte: UInt8) -> Int? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int(byte - UInt8(ascii: "0")) : nil
    }

    /// Names with commas between.
    static func nameList(_ arguments: inout Arguments) throws(SSHConfigError) -> [String] {
        try arguments.word().split(separator: ",").map(String.init)
    }

    /// A list of algorithms, or a change of the default one.
    static func algorithms(
        _ arguments: inout Arguments
    ) throws(SSHConfigError) -> AlgorithmSelection {
        let word = try arguments.word()
        guard
            let selection = AlgorithmSelection(
                word, keyword: arguments.keyword, at: arguments.location)
        else { throw arguments.invalid(word, expected: "a list of algorithms") }
        return selection
    }

    /// Some file names, or `none`.
    static func files(_ arguments: inout Arguments) throws(SSHConfigError) -> [String] {
        let words = try arguments.remainingWords()
        guard words.count <= ConfigurationLimits.knownHostsFiles else {
            throw arguments.fault(.limitExceeded, "too many files")
        }
        guard let none = words.first(where: { $0.lowercased() == "none" }) else { return words }
        guard words.count == 1 else {
            throw arguments.fault(.syntax, "\(quoted(none)) must stand alone")
        }
        return []
    }
}
