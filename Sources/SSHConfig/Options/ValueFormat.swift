// SPDX-License-Identifier: Apache-2.0

/// How the values of an option are written.
struct ValueFormat<Value: Sendable>: Sendable {
    /// Understands the arguments of a line, as far as they belong to the value.
    typealias Parser = @Sendable (inout Arguments) throws(SSHConfigError) -> Value

    /// Understands the arguments of a line.
    let parse: Parser
    /// The value as `ssh -G` prints it; nil for nothing.
    let text: @Sendable (Value) -> String?

    init(text: @escaping @Sendable (Value) -> String?, parse: @escaping Parser) {
        self.parse = parse
        self.text = text
    }
}

extension ValueFormat where Value == Bool {
    /// `yes` or `no`.
    static let flag = choice([("yes", true), ("true", true), ("no", false), ("false", false)])
}

extension ValueFormat where Value: Equatable {
    /// One of some words, in any case; the first word for a value is how it is printed.
    static func choice(_ words: [(String, Value)]) -> ValueFormat {
        ValueFormat(text: { value in words.first { $0.1 == value }?.0 }) {
            arguments throws(SSHConfigError) in
            let word = try arguments.word()
            guard let choice = words.first(where: { $0.0.lowercased() == word.lowercased() }) else {
                let names = words.map(\.0).sorted().joined(separator: ", ")
                throw arguments.invalid(word, expected: "one of \(names)")
            }
            return choice.1
        }
    }
}

extension ValueFormat where Value: FixedWidthInteger {
    /// A decimal number.
    static func number(_ range: ClosedRange<Value>) -> ValueFormat {
        ValueFormat(text: { "\($0)" }) { arguments throws(SSHConfigError) in
            let word = try arguments.word()
            guard let number = Value(word), range.contains(number) else {
                throw arguments.invalid(
                    word, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }
}

extension ValueFormat where Value == String {
    /// One argument as it is.
    static let word = ValueFormat(text: { $0 }) { arguments throws(SSHConfigError) in
        try arguments.word()
    }
}

extension ValueFormat where Value == String? {
    /// One argument as it is.
    static let word = ValueFormat(text: { $0 }) { arguments throws(SSHConfigError) in
        try arguments.word()
    }

    /// One argument, or `none`.
    static let wordOrNone = ValueFormat(text: { $0 }) { arguments throws(SSHConfigError) in
        let word = try arguments.word()
        return word.lowercased() == "none" ? nil : word
    }

    /// All that is left of the line, quotes and all, or `none`.
    static let commandOrNone = ValueFormat(text: { $0 }) { arguments throws(SSHConfigError) in
        let text = try arguments.remainingText()
        return text.lowercased() == "none" ? nil : text
    }
}

extension ValueFormat where Value == Duration? {
    /// A time, or `none`; printed in seconds, and as `zero` for none.
    static func time(zero: String) -> ValueFormat {
        ValueFormat(text: { $0.map(TimeText.seconds) ?? zero }) {
            arguments throws(SSHConfigError) in
            let word = try arguments.word()
            if word.lowercased() == "none" { return nil }
            guard let duration = TimeText.duration(word) else {
                throw arguments.invalid(word, expected: "a time like 90, 1h30m or 2d")
            }
            return duration == .zero ? nil : duration
        }
    }
}

extension ValueFormat where Value == [String] {
    /// Names with commas between.
    static let nameList = ValueFormat(text: { $0.joined(separator: ",") }) {
        arguments throws(SSHConfigError) in
        try arguments.word().split(separator: ",").map(String.init)
    }

    /// Some file names, or `none`.
    static let files = ValueFormat(text: { $0.isEmpty ? "none" : $0.joined(separator: " ") }) {
        arguments throws(SSHConfigError) in
        let words = try arguments.wordsOrNone()
        guard words.count <= ConfigurationLimits.knownHostsFiles else {
            throw arguments.fault(.limitExceeded, "too many files")
        }
        return words
    }

    /// Some domains, or `none`.
    static let domains = ValueFormat(text: { $0.isEmpty ? "none" : $0.joined(separator: " ") }) {
        arguments throws(SSHConfigError) in
        var domains: [String] = []
        for word in try arguments.wordsOrNone() {
            guard isDomain(word) else { throw arguments.invalid(word, expected: "a domain") }
            domains.append(word.lowercased().withoutDotAtEnd)
        }
        return domains
    }

    /// Whether a text is a domain: letters, digits, hyphens and underscores with single dots between.
    private static func isDomain(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let first = text.utf8.first, isLetterOrDigit(first) else { return false }
        return labels.enumerated().allSatisfy { index, label in
            // A dot at the end only says that the name is complete.
            (!label.isEmpty || index == labels.count - 1)
                && label.allSatisfy {
                    isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                }
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

extension String {
    fileprivate var withoutDotAtEnd: String { hasSuffix(".") ? String(dropLast()) : self }
}

extension ValueFormat where Value == IdentityFile {
    /// The name of a key file.
    static let identity = ValueFormat(text: { $0.path }) { arguments throws(SSHConfigError) in
        IdentityFile(path: try arguments.word())
    }
}

extension ValueFormat where Value == AlgorithmSelection {
    /// A list of algorithms, or a change of the default one.
    ///
    /// What is printed are the names that come of it, which only their users know.
    static let algorithms = ValueFormat(text: { _ in nil }) { arguments throws(SSHConfigError) in
        let word = try arguments.word()
        guard
            let selection = AlgorithmSelection(
                word, keyword: arguments.keyword, at: arguments.location)
        else { throw arguments.invalid(word, expected: "a list of algorithms") }
        return selection
    }
}
