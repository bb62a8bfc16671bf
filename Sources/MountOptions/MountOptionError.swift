// SPDX-License-Identifier: Apache-2.0

/// Why a command line or an `-o` list is refused.
public enum MountOptionError: Error, Equatable, Sendable {
    /// No option of this name exists; `suggestion` is the known name nearest to it, if one is near.
    case unknownOption(String, suggestion: String?)
    /// The option needs `=value`, and has none.
    case missingValue(String)
    /// The option takes no value, and has one.
    case unexpectedValue(String)
    /// The value does not fit the option; `expected` says what would.
    case invalidValue(option: String, value: String, expected: String)
    /// Two options exclude each other.
    case conflict(String, String)
    /// An option is missing that another needs.
    case missingOption(String, neededBy: String)
    /// A line of a file that an option names can't be read; the first is 1.
    case invalidLine(option: String, line: Int)
    /// What to mount is not `[user@]host:[directory]`.
    case invalidSource(String, reason: String)
}

extension MountOptionError: CustomStringConvertible {
    /// One line for the person at the terminal.
    public var description: String {
        switch self {
        case .unknownOption(let name, let suggestion?):
            "unknown option \"\(name)\"; did you mean \"\(suggestion)\"?"
        case .unknownOption(let name, nil):
            "unknown option \"\(name)\""
        case .missingValue(let name):
            "option \"\(name)\" needs a value: \(name)=..."
        case .unexpectedValue(let name):
            "option \"\(name)\" takes no value"
        case .invalidValue(let option, let value, let expected):
            "option \"\(option)\": \"\(value)\" is not \(expected)"
        case .conflict(let first, let second):
            "options \"\(first)\" and \"\(second)\" exclude each other"
        case .missingOption(let name, let other):
            "option \"\(other)\" needs option \"\(name)\""
        case .invalidLine(let option, let line):
            "option \"\(option)\": line \(line) of the file is not name:number"
        case .invalidSource(let source, let reason):
            "\"\(source)\": \(reason)"
        }
    }
}
