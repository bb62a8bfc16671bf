// SPDX-License-Identifier: Apache-2.0

/// One option of ssh_config(5), and all that is to be said about it.
struct Option: Sendable {
    /// The effect of a line, if it stands in a block that holds.
    typealias Assignment = @Sendable (inout Draft) -> Void
    /// Expands what stands in the values, given where they stand.
    typealias Expander =
        @Sendable (
            inout ClientOptions, TextExpansion, [ConfigurationLocation?]
        ) throws(SSHConfigError) -> Void

    /// The keyword in ssh_config(5)'s spelling.
    let keyword: String
    /// Other keywords for it.
    let aliases: [String]
    /// What the option is to us.
    let optionClass: OptionClass
    /// The default, as the manual says it.
    let defaultText: String

    /// Understands the arguments of a line; nil where a line has no effect anywhere.
    let parser: (@Sendable (inout Arguments) throws(SSHConfigError) -> Assignment)?
    /// Expands what stands in the values; nil where nothing in them is expanded.
    let expander: Expander?
    /// The option's lines in the form of `ssh -G`, without the keyword.
    let printer: @Sendable (EffectiveConfiguration) throws(SSHConfigError) -> [String]

    init(
        _ keyword: String, aliases: [String] = [], _ optionClass: OptionClass,
        defaultText: String, expander: Expander? = nil,
        printer: @escaping @Sendable (EffectiveConfiguration) throws(SSHConfigError) -> [String],
        parser: (@Sendable (inout Arguments) throws(SSHConfigError) -> Assignment)?
    ) {
        self.keyword = keyword
        self.aliases = aliases
        self.optionClass = optionClass
        self.defaultText = defaultText
        self.expander = expander
        self.printer = printer
        self.parser = parser
    }

    /// The same option with an effect only where something is true of the values before it.
    func applied(where isApplicable: @escaping @Sendable (Draft) -> Bool) -> Option {
        guard let parser else { return self }
        return Option(
            keyword, aliases: aliases, optionClass, defaultText: defaultText, expander: expander,
            printer: printer,
            parser: { arguments throws(SSHConfigError) in
                let assignment = try parser(&arguments)
                return { if isApplicable($0) { assignment(&$0) } }
            })
    }

    /// Understands a line; the result is nil where it has no effect anywhere.
    func parse(_ line: ConfigurationLine) throws(SSHConfigError) -> Assignment? {
        guard let parser else { return nil }
        var arguments = Arguments(line, keyword: keyword)
        let assignment = try parser(&arguments)
        try arguments.requireEnd()
        return assignment
    }
}

/// A place for an option's value.
typealias OptionPath<Value> = any WritableKeyPath<ClientOptions, Value> & Sendable

extension Option {
    /// An option whose first value counts.
    ///
    /// - Parameter printsDefault: whether `ssh -G` says what holds where nothing is given.
    static func first<Value: Sendable>(
        _ keyword: String, aliases: [String] = [], _ optionClass: OptionClass,
        _ path: OptionPath<Value>, _ format: ValueFormat<Value>,
        defaultText: String? = nil, printsDefault: Bool = true, printsExpanded: Bool = false,
        expander: Expander? = nil
    ) -> Option {
        let defaults = ClientOptions(host: "", user: "")
        let printed = format.text(defaults[keyPath: path]) ?? ""
        return Option(
            keyword, aliases: aliases, optionClass,
            defaultText: defaultText ?? manualText(printed),
            expander: expander,
            printer: { effective in
                guard printsDefault || effective.draft.isGiven(keyword) else { return [] }
                let source = printsExpanded ? effective.options : effective.draft.options
                return format.text(source[keyPath: path]).map { [$0] } ?? []
            },
            parser: { arguments throws(SSHConfigError) in
                let value = try format.parse(&arguments)
                let location = arguments.location
                return { draft in
                    guard !draft.isGiven(keyword) else { return }
                    draft.options[keyPath: path] = value
                    draft.note(keyword, at: location)
                }
            })
    }

    /// What the manual says for what is printed.
    private static func manualText(_ printed: String) -> String {
        ["": "none", "true": "yes", "false": "no"][printed] ?? printed
    }

    /// An option whose values add up: each once, and the first takes the place of the defaults.
    static func every<Value: Sendable & Equatable>(
        _ keyword: String, aliases: [String] = [], _ optionClass: OptionClass,
        _ path: OptionPath<[Value]>, _ format: ValueFormat<Value>, expander: @escaping Expander
    ) -> Option {
        let defaults = ClientOptions(host: "", user: "")[keyPath: path].compactMap(format.text)
        return Option(
            keyword, aliases: aliases, optionClass,
            defaultText: defaults.isEmpty ? "none" : defaults.joined(separator: " "),
            expander: expander,
            printer: { $0.draft.options[keyPath: path].compactMap(format.text) },
            parser: { arguments throws(SSHConfigError) in
                let value = try format.parse(&arguments)
                let location = arguments.location
                return { draft in
                    if !draft.isGiven(keyword) { draft.options[keyPath: path] = [] }
                    let known = draft.options[keyPath: path]
                    guard known.count < ConfigurationLimits.listEntries, !known.contains(value)
                    else { return }
                    draft.options[keyPath: path].append(value)
                    draft.note(keyword, at: location)
                }
            })
    }

    /// A file's path, or `none`: `~`, tokens and variables stand in it.
    static func path(
        _ keyword: String, _ optionClass: OptionClass, _ path: OptionPath<String?>,
        printsExpanded: Bool = false
    ) -> Option {
        first(
            keyword, optionClass, path, .wordOrNone, printsExpanded: printsExpanded,
            expander: { options, expansion, places throws(SSHConfigError) in
                guard let value = options[keyPath: path] else { return }
                options[keyPath: path] = try expansion.path(Located(value, at: places.first ?? nil))
            })
    }

    /// A list of algorithms.
    static func algorithms(
        _ keyword: String, aliases: [String] = [], _ optionClass: OptionClass,
        _ path: OptionPath<AlgorithmSelection>
    ) -> Option {
        let option = first(keyword, aliases: aliases, optionClass, path, .algorithms)
        return Option(
            keyword, aliases: aliases, optionClass, defaultText: "built in",
            printer: { effective throws(SSHConfigError) in
                let names = try effective.algorithmNames(effective.options[keyPath: path])
                return [names.joined(separator: ",")]
            }, parser: option.parser)
    }

    /// An option without which a mount is the same, and no less safe.
    static func ignored(
        _ keyword: String, aliases: [String] = [], _ optionClass: OptionClass,
        default text: String = "none"
    ) -> Option {
        Option(
            keyword, aliases: aliases, optionClass, defaultText: text, printer: { _ in [] },
            parser: nil)
    }
}
