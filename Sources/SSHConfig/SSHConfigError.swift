// SPDX-License-Identifier: Apache-2.0

import Wire

/// A line of a configuration or known_hosts file, or an option of the command line.
public struct ConfigurationLocation: Equatable, Hashable, Sendable, CustomStringConvertible {
    /// The file's path, or `-o`, the command line's options.
    public var file: String
    /// The line, from 1; on the command line, the number of the option.
    public var line: Int

    /// Names a line.
    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// An option of the command line.
    static func commandLine(_ number: Int) -> ConfigurationLocation {
        ConfigurationLocation(file: "-o", line: number)
    }

    /// As OpenSSH writes it: `FILE line NUMBER`; `-o option NUMBER` for the command line.
    ///
    /// It is fit to be shown, whatever the file is called.
    public var description: String {
        file == "-o" ? "-o option \(line)" : "\(TerminalText.line(file)) line \(line)"
    }
}

/// Why a configuration cannot be used: always the text's fault, or that of a file, never ours.
public struct SSHConfigError: Error, Equatable, Sendable {
    /// The kinds of fault.
    public enum Code: Equatable, Sendable {
        /// A line breaks the syntax: quotes that do not close, a missing or a superfluous argument.
        case syntax
        /// A keyword that neither we nor ssh_config(5) know.
        case unknownKeyword
        /// A value that its option does not take.
        case invalidValue
        /// A list of algorithms of which we have none.
        case unsupported
        /// A file that is there but cannot be read, or that others may write to.
        case unreadableFile
        /// A file, line or nesting beyond a limit of ``ConfigurationLimits``.
        case limitExceeded
        /// A token, variable or `~user` that stands for nothing.
        case expansion
        /// A host or user name that could be taken for something else.
        case invalidName
        /// A command that has not ended by itself, or cannot be run.
        case commandFailed
        /// A host that is in none of the domains where it has to be.
        case unknownHost
        /// The configuration says that no connection is to be made to the host.
        case refused
    }

    /// The kind of fault.
    public var code: Code
    /// Where the fault is; nil when it is in no file.
    public var location: ConfigurationLocation?
    /// The keyword of the line, in ssh_config(5)'s spelling where it is a known one.
    public var keyword: String?
    /// What is wrong, in words.
    public var reason: String

    /// Describes a fault.
    public init(
        _ code: Code, at location: ConfigurationLocation? = nil, keyword: String? = nil,
        _ reason: String
    ) {
        self.code = code
        self.location = location
        self.keyword = keyword
        self.reason = reason
    }
}

extension SSHConfigError: CustomStringConvertible {
    /// The longest reason that is shown, in characters: room for a path and for what is wrong with it.
    private static let longestText = 2 * TerminalText.longestLine

    /// One line, fit to be shown: place, keyword and reason.
    public var description: String {
        let texts = [keyword, reason].compactMap(\.self).map {
            TerminalText.line($0, limit: Self.longestText)
        }
        return ([location?.description].compactMap(\.self) + texts).joined(separator: ": ")
    }
}
