// SPDX-License-Identifier: Apache-2.0

import Wire

/// One line of a configuration: a keyword and its arguments, not yet understood.
struct ConfigurationLine {
    /// The keyword, in lower case.
    let keyword: String
    /// The keyword as it is written.
    let spelling: String
    /// The arguments, without their quotes.
    let words: [String]
    /// What stands after the keyword, as it is written.
    let text: Bytes
    /// Where the line stands.
    let location: ConfigurationLocation

    /// Splits a line; nil where it is empty or a comment.
    init?(_ text: Bytes, at location: ConfigurationLocation) throws(SSHConfigError) {
        guard !text.contains(0) else {
            throw SSHConfigError(.syntax, at: location, "the line holds a NUL byte")
        }
        var scanner = LineScanner(text, location: location)
        guard let spelling = try scanner.keyword() else { return nil }
        self.location = location
        self.spelling = spelling
        keyword = spelling.lowercased()
        guard !scanner.isAtEnd else {
            throw SSHConfigError(.syntax, at: location, keyword: spelling, "no argument")
        }
        self.text = scanner.rest
        words = try scanner.words()
    }
}

/// Splits a text into arguments, as on a line of a configuration.
func splitWords(
    _ text: String, at location: ConfigurationLocation
) throws(SSHConfigError) -> [String] {
    var scanner = LineScanner(text.keptBytes[...], location: location)
    return try scanner.words(endingAtComment: false)
}

/// Walks over the bytes of one line.
private struct LineScanner {
    private(set) var rest: Bytes
    private let location: ConfigurationLocation

    init(_ text: Bytes, location: ConfigurationLocation) {
        // Form feeds are blanks at the end of a line only.
        let end = text.lastIndex { !isBlank($0) && $0 != UInt8(ascii: "\u{0C}") }
        rest = text[text.startIndex..<(end.map { $0 + 1 } ?? text.startIndex)].drop(while: isBlank)
        self.location = location
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// Takes the keyword and what parts it from its arguments: blanks, and at most one `=`.
    mutating func keyword() throws(SSHConfigError) -> String? {
        guard let first = rest.first, first != UInt8(ascii: "#") else { return nil }
        let word: Bytes
        if first == UInt8(ascii: "\"") {
            word = rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") }
            guard rest.count >= word.count + 2 else { throw invalidQuotes }
            rest = rest.dropFirst(word.count + 2)
        } else {
            word = rest.prefix { !isBlank($0) && $0 != UInt8(ascii: "=") }
            rest = rest.dropFirst(word.count)
        }
        rest = rest.drop(while: isBlank)
        if rest.first == UInt8(ascii: "=") { rest = rest.dropFirst().drop(while: isBlank) }
        guard !word.isEmpty else {
            throw SSHConfigError(.syntax, at: location, "the line has no keyword")
        }
        return String(keepingBytesOf: word)
    }

    /// Takes all arguments up to the end or a comment.
    mutating func words(endingAtComment: Bool = true) throws(SSHConfigError) -> [String] {
        var words: [String] = []
        while true {
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard let first = rest.first, !endingAtComment || first != UInt8(ascii: "#") else {
                return words
            }
            words.append(try word())
        }
    }

    /// Takes one argument.
    ///
    /// Either kind of quotes may stand anywhere in it. A backslash takes away the meaning of a quote,
    /// of a backslash and, outside quotes, of a blank; before all else it stands for itself.
    private mutating func word() throws(SSHConfigError) -> String {
        var bytes: [UInt8] = []
        var openQuote: UInt8?
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"):
                if let next = rest.first, isEscapable(next, insideQuotes: openQuote != nil) {
                    rest.removeFirst()
                    bytes.append(next)
                } else {
                    bytes.append(byte)
                }
            case openQuote:
                openQuote = nil
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if openQuote == nil { openQuote = byte } else { bytes.append(byte) }
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                if openQuote == nil { return String(keepingBytesOf: bytes) }
                bytes.append(byte)
            default:
                bytes.append(byte)
            }
        }
        guard openQuote == nil else { throw invalidQuotes }
        return String(keepingBytesOf: bytes)
    }

    private func isEscapable(_ byte: UInt8, insideQuotes: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"): true
        case UInt8(ascii: " "): !insideQuotes
        default: false
        }
    }

    private var invalidQuotes: SSHConfigError {
        SSHConfigError(.syntax, at: location, "a quote is not closed")
    }
}

func isBlank(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): true
    default: false
    }
}
