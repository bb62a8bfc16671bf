// SPDX-License-Identifier: Apache-2.0

import Wire

/// A pattern of ssh_config(5) and known_hosts: `*` stands for any bytes, `?` for one, and a leading
/// `!` negates.
struct Pattern: Equatable, Sendable {
    let bytes: [UInt8]
    let isNegated: Bool

    init(_ text: some StringProtocol) {
        self.init(text.keptBytes)
    }

    init(_ text: some Collection<UInt8>) {
        isNegated = text.first == UInt8(ascii: "!")
        bytes = Array(isNegated ? text.dropFirst() : text.dropFirst(0))
    }

    /// Whether the pattern, apart from its negation, stands for `text`.
    ///
    /// Only the last `*` is ever tried again, since an earlier one could not do better. So the time
    /// grows with the product of the two lengths at most, where a recursive matcher's doubles with
    /// each `*`.
    func matches(_ text: some RandomAccessCollection<UInt8>) -> Bool {
        var patternIndex = 0
        var textIndex = text.startIndex
        var lastStar: (pattern: Int, text: Int)?
        while textIndex < text.endIndex {
            let wanted = patternIndex < bytes.count ? bytes[patternIndex] : nil
            if wanted == UInt8(ascii: "*") {
                patternIndex += 1
                // A star at the end takes all that is left.
                if patternIndex == bytes.count { return true }
                lastStar = (patternIndex, text.distance(from: text.startIndex, to: textIndex))
            } else if let wanted, wanted == UInt8(ascii: "?") || wanted == text[textIndex] {
                patternIndex += 1
                text.formIndex(after: &textIndex)
            } else if let star = lastStar {
                patternIndex = star.pattern
                lastStar = (star.pattern, star.text + 1)
                textIndex = text.index(text.startIndex, offsetBy: star.text + 1)
            } else {
                return false
            }
        }
        return bytes[patternIndex...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

/// What a list of patterns says about a text.
enum PatternListMatch: Equatable, Sendable {
    /// No pattern matches.
    case none
    /// A pattern matches, and no negated one does.
    case positive
    /// A negated pattern matches, which wins over all others.
    case negative
}

extension Collection<Pattern> {
    /// Looks for `text` in the list.
    func match(_ text: some RandomAccessCollection<UInt8>) -> PatternListMatch {
        var result = PatternListMatch.none
        for pattern in self where pattern.matches(text) {
            if pattern.isNegated { return .negative }
            result = .positive
        }
        return result
    }

    /// Looks for `text` in the list.
    func match(_ text: String) -> PatternListMatch {
        match(text.keptBytes)
    }
}

/// Whether a text with `*` and `?` for any bytes, such as a principal of a host's certificate, stands for
/// a name.
public func wildcard(_ pattern: String, matches name: String) -> Bool {
    // A leading `!` does not negate here.
    let literal = Pattern(Array("!".utf8) + Array(pattern.utf8))
    return literal.matches(Array(name.utf8))
}
