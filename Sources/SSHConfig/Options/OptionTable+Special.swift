// SPDX-License-Identifier: Apache-2.0

// Options that are like no other, and how what stands in values is expanded.
extension OptionTable {
    /// The names of the host and the user, and what steers the reading of the sources itself.
    static let names: [Option] = [
        Option(
            "HostName", .a, defaultText: "the host as given",
            printer: { [$0.options.hostName] },
            parser: { arguments throws(SSHConfigError) in
                let name = Located(try arguments.word(), at: arguments.location)
                return { if $0.hostName == nil { $0.hostName = name } }
            }),
        Option(
            "User", .a, defaultText: "the local user's name", printer: { [$0.options.user] },
            parser: { arguments throws(SSHConfigError) in
                let name = Located(try arguments.word(), at: arguments.location)
                return { if $0.user == nil { $0.user = name } }
            }),
        .first("Tag", .a, \.tag, .word),
        Option(
            "IgnoreUnknown", .a, defaultText: "none",
            printer: { $0.draft.ignoredUnknown.map { [$0.value] } ?? [] },
            parser: { arguments throws(SSHConfigError) in
                let list = Located(try arguments.word(), at: arguments.location)
                return { if $0.ignoredUnknown == nil { $0.ignoredUnknown = list } }
            }),
    ]

    /// `SendEnv`: patterns of names; one with a `-` takes back what is on the list before it.
    static let sendEnv = Option(
        "SendEnv", .b, defaultText: "none", printer: { $0.options.sendEnv },
        parser: { arguments throws(SSHConfigError) in
            let words = try arguments.remainingWords()
            if let word = words.first(where: { $0.contains("=") || $0 == "-" }) {
                throw arguments.invalid(word, expected: "a pattern of variable names")
            }
            return { draft in
                for word in words {
                    if word.hasPrefix("-") {
                        let removed = Pattern(word.utf8.dropFirst())
                        draft.options.sendEnv.removeAll { removed.matches(Array($0.utf8)) }
                    } else if draft.options.sendEnv.count < ConfigurationLimits.listEntries,
                        !draft.options.sendEnv.contains(word)
                    {
                        draft.options.sendEnv.append(word)
                    }
                }
            }
        })

    /// `SetEnv`, which is printed with one line for each variable.
    static let setEnv: Option = {
        let option = Option.first("SetEnv", .b, \.setEnv, .variables)
        return Option(
            "SetEnv", .b, defaultText: "none",
            expander: { options, expansion, places throws(SSHConfigError) in
                for index in options.setEnv.indices {
                    let value = Located(options.setEnv[index].value, at: places.first ?? nil)
                    options.setEnv[index].value = try expansion.variables(value)
                }
            },
            printer: { $0.options.setEnv.map { "\($0.name)=\($0.value)" } },
            parser: option.parser)
    }()

    /// `IdentityAgent`: a socket's path, `none`, or a variable that holds the path.
    ///
    /// The draft holds the name of the usual variable where nothing is given.
    static let identityAgent = Option(
        "IdentityAgent", .a, defaultText: "SSH_AUTH_SOCK",
        expander: { options, expansion, places throws(SSHConfigError) in
            let text = options.identityAgent ?? agentVariable
            if text.lowercased() == "none" {
                options.identityAgent = nil
            } else if let variable = variable(namedBy: text) {
                options.identityAgent = expansion.local.environment[variable]
            } else {
                options.identityAgent = try expansion.path(Located(text, at: places.first ?? nil))
            }
            if options.identityAgent?.isEmpty == true { options.identityAgent = nil }
        },
        printer: { effective in
            guard let text = effective.draft.options.identityAgent else { return [] }
            let isName = text.lowercased() == "none" || variable(namedBy: text) != nil
            return [isName ? text : effective.options.identityAgent ?? text]
        },
        parser: { arguments throws(SSHConfigError) in
            let (value, location) = (try arguments.word(), arguments.location)
            return { draft in
                guard !draft.isGiven("IdentityAgent") else { return }
                draft.options.identityAgent = value
                draft.note("IdentityAgent", at: location)
            }
        })

    private static let agentVariable = "SSH_AUTH_SOCK"

    private static func variable(namedBy text: String) -> String? {
        if text == agentVariable { return text }
        return text.hasPrefix("$") && !text.hasPrefix("${") ? String(text.dropFirst()) : nil
    }

    /// `ProxyCommand`, for which it is too late once there is a jump host.
    static let proxyCommand = Option.first(
        "ProxyCommand", .a, \.proxyCommand, .commandOrNone,
        expander: { options, expansion, places throws(SSHConfigError) in
            guard let command = options.proxyCommand else { return }
            let expansion = expansion.limited(to: "hnpr")
            let place = places.first ?? nil
            if command == "-", options.proxyUseFdpass {
                throw SSHConfigError(
                    .invalidValue, at: place, keyword: "ProxyCommand",
                    "\"-\" cannot be used with ProxyUseFdpass")
            }
            options.proxyCommand = try expansion.text(Located(command, at: place), variables: false)
        }
    ).applied { $0.options.proxyJump.isEmpty }

    /// `ProxyJump`, for which it is too late once anything is said about a command.
    static let proxyJump = Option.first("ProxyJump", .a, \.proxyJump, .jumpHosts)
        .applied { !$0.isGiven("ProxyCommand") }

    // MARK: Expanders

    /// Expands paths, whose places are one for all of them or one for each.
    static func expandPaths(_ path: OptionPath<[String]>) -> Option.Expander {
        { options, expansion, places throws(SSHConfigError) in
            let texts = options[keyPath: path]
            for (index, text) in texts.enumerated() {
                let place = places.count == texts.count ? places[index] : places.first ?? nil
                options[keyPath: path][index] = try expansion.path(Located(text, at: place))
            }
        }
    }

    /// Expands `~` only.
    static func expandHomes(_ path: OptionPath<[String]>) -> Option.Expander {
        { options, expansion, places throws(SSHConfigError) in
            for (index, text) in options[keyPath: path].enumerated() {
                let place = places.first ?? nil
                options[keyPath: path][index] = try expansion.tilde(Located(text, at: place))
            }
        }
    }

    /// Expands the names of key files; `none` stands for itself only by keeping the defaults away.
    static let expandIdentityFiles: Option.Expander = {
        options, expansion, places throws(SSHConfigError) in
        var files: [IdentityFile] = []
        for (index, file) in options.identityFiles.enumerated()
        where file.path.lowercased() != "none" {
            let place = places.indices.contains(index) ? places[index] : nil
            let path = try expansion.path(Located(file.path, at: place))
            files.append(IdentityFile(path: path, isDefault: file.isDefault))
        }
        options.identityFiles = files
    }

    /// A provider named by a variable is none where the variable is not set.
    static let expandSecurityKeyProvider: Option.Expander = { options, expansion, places in
        let environment = expansion.local.environment
        if places.isEmpty, let provider = environment["SSH_SK_PROVIDER"] {
            options.securityKeyProvider = provider
        } else if let text = options.securityKeyProvider, text.hasPrefix("$"), text.count > 1 {
            options.securityKeyProvider = environment[String(text.dropFirst())]
        }
    }
}
