// SPDX-License-Identifier: Apache-2.0

import Wire

/// The arguments of one line, taken one after the other.
struct Arguments {
    /// The option's name, for messages.
    let keyword: String
    /// Where the line stands.
    let location: ConfigurationLocation
    private let text: Bytes
    private var rest: ArraySlice<String>

    init(_ line: ConfigurationLine, keyword: String) {
        self.keyword = keyword
        location = line.location
        text = line.text
        rest = line.words[...]
    }

    /// Takes the next argument, if there is one.
    mutating func nextWord() -> String? {
        rest.popFirst()
    }

    /// Takes the next argument, which must be there and not be empty.
    mutating func word() throws(SSHConfigError) -> String {
        guard let word = rest.popFirst(), !word.isEmpty else {
            throw fault(.syntax, "an argument is missing")
        }
        return word
    }

    /// Takes all arguments that are left: one at least, none of them empty.
    mutating func remainingWords() throws(SSHConfigError) -> [String] {
        var words = [try word()]
        while !rest.isEmpty { words.append(try word()) }
        guard words.count <= ConfigurationLimits.listEntries else {
            throw fault(.limitExceeded, "too many arguments")
        }
        return words
    }

    /// Takes all arguments that are left, of which `none` must stand alone and gives an empty list.
    mutating func wordsOrNone() throws(SSHConfigError) -> [String] {
        let words = try remainingWords()
        guard let none = words.first(where: { $0.lowercased() == "none" }) else { return words }
        guard words.count == 1 else {
            throw fault(.syntax, "\(quoted(none)) must stand alone")
        }
        return []
    }

    /// Takes all that the line says after its keyword, with quotes and blanks as they are.
    mutating func remainingText() throws(SSHConfigError) -> String {
        rest = []
        guard !text.isEmpty else { throw fault(.syntax, "an argument is missing") }
        return String(keepingBytesOf: text)
    }

    /// Demands that all arguments have been taken.
    func requireEnd() throws(SSHConfigError) {
        guard let word = rest.first else { return }
        throw fault(.syntax, "unexpected argument \(quoted(word))")
    }

    /// The fault of a value that the option does not take.
    func invalid(_ value: String, expected: String) -> SSHConfigError {
        fault(.invalidValue, "\(quoted(value)) is not \(expected)")
    }

    /// A fault of this line.
    func fault(_ code: SSHConfigError.Code, _ reason: String) -> SSHConfigError {
        SSHConfigError(code, at: location, keyword: keyword, reason)
    }
}
