// SPDX-License-Identifier: Apache-2.0

/// Replaces `~`, `%` tokens and `${VARIABLES}` in the value of an option.
struct TextExpansion {
    /// The option's name, for messages.
    let keyword: String
    /// What each token stands for; `%%` needs no entry.
    ///
    /// A token that is not here is an error.
    let tokens: [Character: String]
    /// The machine whose home directories and environment count.
    let local: LocalContext

    /// Expands a path: `~` or `~user` at its start, then tokens and variables.
    func path(_ text: Located<String>) throws(SSHConfigError) -> String {
        try self.text(Located(tilde(text), at: text.location))
    }

    /// Expands `~` or `~user` at the start of a path.
    func tilde(_ text: Located<String>) throws(SSHConfigError) -> String {
        guard text.value.hasPrefix("~") else { return text.value }
        let name = text.value.dropFirst().prefix { $0 != "/" }
        let rest = text.value.dropFirst(1 + name.count)
        if name.isEmpty { return local.homeDirectory + rest }
        guard let home = local.homeDirectoryOfUser(String(name)) else {
            throw fault(text, "there is no user \(quoted(name))")
        }
        return home + rest
    }

    /// Expands tokens and, where `variables` is true, variables.
    func text(
        _ text: Located<String>, variables: Bool = true
    ) throws(SSHConfigError) -> String {
        var result = ""
        var rest = Substring(text.value)
        while let character = rest.popFirst() {
            switch character {
            case "%":
                result += try token(rest.popFirst(), text)
            case "$" where variables && rest.first == "{":
                result += try variable(&rest, text)
            default:
                result.append(character)
            }
            guard result.utf8.count <= ConfigurationLimits.expandedBytes else {
                throw SSHConfigError(
                    .limitExceeded, at: text.location, keyword: keyword,
                    "the value is too long once expanded")
            }
        }
        return result
    }

    /// Expands variables only.
    func variables(_ text: Located<String>) throws(SSHConfigError) -> String {
        let escaped = text.value.replacing("%", with: "%%")
        return try self.text(Located(escaped, at: text.location))
    }

    /// The same with some of the tokens only.
    func limited(to names: String) -> TextExpansion {
        TextExpansion(
            keyword: keyword, tokens: tokens.filter { names.contains($0.key) }, local: local)
    }

    private func token(
        _ name: Character?, _ text: Located<String>
    ) throws(SSHConfigError) -> String {
        guard let name else { throw fault(text, "a % at the end") }
        if name == "%" { return "%" }
        guard let value = tokens[name] else {
            throw fault(text, "there is no token \(quoted("%\(name)")) here")
        }
        return value
    }

    private func variable(
        _ rest: inout Substring, _ text: Located<String>
    ) throws(SSHConfigError) -> String {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: "}") else { throw fault(text, "${ without }") }
        let name = rest[..<end]
        rest = rest[rest.index(after: end)...]
        guard let value = local.environment[String(name)] else {
            throw fault(text, "the environment variable \(quoted(name)) is not set")
        }
        return value
    }

    private func fault(_ text: Located<String>, _ reason: String) -> SSHConfigError {
        SSHConfigError(
            .expansion, at: text.location, keyword: keyword, "\(quoted(text.value)): \(reason)")
    }
}
