// SPDX-License-Identifier: Apache-2.0

/// Why a command line or an `-o` list is refused.
public enum MountOptionError: Error, Equatable, Sendable {
    /// No option of this name exists; `suggestion` is the known name nearest to it, if one is near.
    case unknownOption(String, suggestion: String?)
    /// The option exists in sshfs and is not supported here.
    case unsupportedOption(String, reason: String)
    /// The option needs `=value`, and has none.
    case missingValue(String)
    /// The option takes no value, and has one.
    case unexpectedValue(String)
    /// The value does not fit the option; `expected` says what would.
    case invalidValue(option: String, value: String, expected: String)
    /// Two options exclude each other.
    case conflict(String, String)
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
        case .unsupportedOption(let name, let reason):
            "option \"\(name)\" is not supported: \(reason)"
        case .missingValue(let name):
            "option \"\(name)\" needs a value: \(name)=..."
        case .unexpectedValue(let name):
            "option \"\(name)\" takes no value"
        case .invalidValue(let option, let value, let expected):
            "option \"\(option)\": \"\(value)\" is not \(expected)"
        case .conflict(let first, let second):
            "options \"\(first)\" and \"\(second)\" exclude each other"
        case .invalidSource(let source, let reason):
            "\"\(source)\": \(reason)"
        }
    }
}
