// SPDX-License-Identifier: Apache-2.0

/// One option of ssh_config(5), and what we make of it.
struct Option: Sendable {
    /// The effect of a line, if it stands in a block that holds.
    typealias Assignment = @Sendable (inout OptionValues) -> Void
    /// Understands the arguments of a line, up to their end.
    typealias Parser<Value> = @Sendable (inout Arguments) throws(SSHConfigError) -> Value

    /// The keyword in ssh_config(5)'s spelling.
    let keyword: String
    /// Other keywords for it.
    let aliases: [String]
    private let rule: Rule

    private enum Rule {
        case honoured(Parser<Assignment>)
        case ignored
        case refused(decides: String, exceptFor: Set<String>, reason: String)
    }

    private init(_ keyword: String, aliases: [String], _ rule: Rule) {
        self.keyword = keyword
        self.aliases = aliases
        self.rule = rule
    }

    /// Understands a line; the result is nil where it has no effect anywhere.
    func parse(_ line: ConfigurationLine) throws(SSHConfigError) -> Assignment? {
        var arguments = Arguments(line, keyword: keyword)
        switch rule {
        case .ignored:
            return nil
        case .honoured(let parser):
            let assignment = try parser(&arguments)
            try arguments.requireEnd()
            return assignment
        case .refused(let subject, let harmlessValues, let reason):
            let value = try arguments.remainingWords().joined(separator: " ")
            let refusal = OptionValues.Refusal(
                keyword: keyword, value: Located(value, at: line.location), reason: reason,
                isHarmless: harmlessValues.contains(value.lowercased()))
            return { if $0.refusals[subject] == nil { $0.refusals[subject] = refusal } }
        }
    }
}

extension Option {
    /// An option whose first value counts.
    static func first<Value: Sendable>(
        _ keyword: String, _ path: any WritableKeyPath<OptionValues, Located<Value>?> & Sendable,
        aliases: [String] = [], _ parser: @escaping Parser<Value>
    ) -> Option {
        Option(
            keyword, aliases: aliases,
            .honoured { arguments throws(SSHConfigError) in
                let value = try parser(&arguments)
                let location = arguments.location
                return { $0[keyPath: path].setIfUnset(value, at: location) }
            })
    }

    /// An option whose values add up.
    static func every(
        _ keyword: String, _ path: any WritableKeyPath<OptionValues, [Located<String>]> & Sendable,
        aliases: [String] = [], _ parser: @escaping Parser<String>
    ) -> Option {
        custom(keyword, aliases: aliases) { arguments throws(SSHConfigError) in
            let value = Located(try parser(&arguments), at: arguments.location)
            return { values in
                let known = values[keyPath: path]
                guard known.count < ConfigurationLimits.listEntries,
                    !known.contains(where: { $0.value == value.value })
                else { return }
                values[keyPath: path].append(value)
            }
        }
    }

    /// An option with an effect of its own.
    static func custom(
        _ keyword: String, aliases: [String] = [], _ parser: @escaping Parser<Assignment>
    ) -> Option {
        Option(keyword, aliases: aliases, .honoured(parser))
    }

    /// An option without which a mount is the same, or no less safe.
    static func ignored(_ keyword: String) -> Option {
        Option(keyword, aliases: [], .ignored)
    }

    /// An option that we do not have and that cannot be passed over, except for some values.
    ///
    /// Options that decide the same thing share `decides`: the first of them wins.
    static func refused(
        _ keyword: String, decides subject: String? = nil, exceptFor harmless: Set<String> = [],
        _ reason: String
    ) -> Option {
        Option(
            keyword, aliases: [],
            .refused(decides: subject ?? keyword, exceptFor: harmless, reason: reason))
    }
}
