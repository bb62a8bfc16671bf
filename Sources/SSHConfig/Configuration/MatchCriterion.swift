// SPDX-License-Identifier: Apache-2.0

/// One criterion of a `Match` line.
struct MatchCriterion: Equatable, Sendable {
    /// What is looked at.
    enum Kind: Equatable, Sendable {
        /// Nothing: it always holds.
        case all
        /// Whether the files are being read again with a canonical host name.
        case canonical
        /// Whether the files are being read again; asks for that to be done.
        case final
        /// What a command says that is run by the user's shell.
        case exec(Located<String>)
        /// The host to connect to.
        case host([Pattern])
        /// The host as it was typed.
        case originalHost([Pattern])
        /// The user to log in as.
        case user([Pattern])
        /// The user who runs the program.
        case localUser([Pattern])
        /// The `Tag`; no pattern for none.
        case tagged([Pattern])
        /// The addresses of this machine's interfaces.
        case localNetwork([AddressRange])
        /// The program's name and version.
        case version([Pattern])
        /// The command, or subsystem, to be run on the server.
        case command([Pattern])
        /// The kind of session.
        case sessionType([Pattern])
    }

    /// What is looked at.
    let kind: Kind
    /// Whether the criterion holds where it otherwise would not (`!`).
    let isNegated: Bool
}

extension MatchCriterion {
    /// Understands the arguments of a `Match` line.
    static func criteria(_ line: ConfigurationLine) throws(SSHConfigError) -> [MatchCriterion] {
        var words = line.words[...]
        var criteria: [MatchCriterion] = []
        while let word = words.popFirst() {
            let isNegated = word.hasPrefix("!")
            let parts = word.dropFirst(isNegated ? 1 : 0).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts.first?.lowercased() ?? ""
            let kind: Kind
            switch name {
            case "all":
                // "canonical" or "final" may come before it, as in ssh.
                guard criteria.count <= 1, words.isEmpty else {
                    throw fault(line, "\"all\" cannot be combined with other criteria")
                }
                kind = .all
            case "canonical": kind = .canonical
            case "final": kind = .final
            default:
                let given = parts.count > 1 ? String(parts[1]) : argument(&words)
                guard let given else {
                    throw fault(line, "\(quoted(word)) needs an argument")
                }
                kind = try Self.kind(name, given, line)
            }
            criteria.append(MatchCriterion(kind: kind, isNegated: isNegated))
        }
        return criteria
    }

    /// Takes the argument of a criterion, which `=` may part from its name.
    private static func argument(_ words: inout ArraySlice<String>) -> String? {
        guard let word = words.popFirst() else { return nil }
        guard word.hasPrefix("=") else { return word }
        return word == "=" ? words.popFirst() : String(word.dropFirst())
    }

    private static func kind(
        _ name: String, _ argument: String, _ line: ConfigurationLine
    ) throws(SSHConfigError) -> Kind {
        let patterns = argument.split(separator: ",").map { Pattern($0) }
        guard !argument.isEmpty || name == "tagged" || name == "command" else {
            throw fault(line, "\"\(name)\" needs an argument")
        }
        switch name {
        case "exec": return .exec(Located(argument, at: line.location))
        case "host": return .host(hostPatterns(argument))
        case "originalhost": return .originalHost(hostPatterns(argument))
        case "user": return .user(patterns)
        case "localuser": return .localUser(patterns)
        case "tagged": return .tagged(patterns)
        case "localnetwork": return .localNetwork(try ranges(argument, line))
        case "version": return .version(patterns)
        case "command": return .command(patterns)
        case "sessiontype": return .sessionType(patterns)
        default: throw fault(line, "there is no criterion \(quoted(name))")
        }
    }

    private static func hostPatterns(_ argument: String) -> [Pattern] {
        argument.lowercased().split(separator: ",").map { Pattern($0) }
    }

    private static func ranges(
        _ argument: String, _ line: ConfigurationLine
    ) throws(SSHConfigError) -> [AddressRange] {
        var ranges: [AddressRange] = []
        for text in argument.split(separator: ",") {
            guard let range = AddressRange(String(text)) else {
                throw fault(line, "\(quoted(text)) is not a network like 192.0.2.0/24")
            }
            ranges.append(range)
        }
        return ranges
    }

    private static func fault(_ line: ConfigurationLine, _ reason: String) -> SSHConfigError {
        SSHConfigError(.syntax, at: line.location, keyword: "Match", reason)
    }
}
