// SPDX-License-Identifier: Apache-2.0

/// Decides whether blocks hold, by what is known when their first line is reached.
struct MatchEvaluation {
    /// The values so far.
    let draft: Draft
    /// The host by which `Host` lines go: as typed, or canonical on the final pass.
    let host: String
    /// Whether the files are being read again.
    let isFinalPass: Bool
    /// This machine.
    let local: LocalContext

    /// What `Match version` looks at: our name as servers see it.
    private static let version = "Hawser"
    /// What `Match command` and `Match sessiontype` look at: a mount or copy runs this subsystem.
    private static let (command, sessionType) = ("sftp", "subsystem")

    /// Whether the lines of a block hold.
    func holds(_ condition: BlockCondition) throws(SSHConfigError) -> Bool {
        switch condition {
        case .host(let patterns):
            return patterns.match(host) == .positive
        case .match(let criteria):
            // In their order, and no further than needed: a command may be there to be run in
            // certain cases only.
            for criterion in criteria where try holds(criterion.kind) == criterion.isNegated {
                return false
            }
            return true
        }
    }

    private func holds(_ kind: MatchCriterion.Kind) throws(SSHConfigError) -> Bool {
        switch kind {
        case .all: return true
        case .canonical, .final: return isFinalPass
        case .exec(let command): return try succeeds(command)
        case .host(let patterns):
            return patterns.match(try draft.currentHost(local).lowercased()) == .positive
        case .originalHost(let patterns):
            return patterns.match(draft.options.originalHost.lowercased()) == .positive
        case .user(let patterns): return patterns.match(currentUser) == .positive
        case .localUser(let patterns): return patterns.match(local.userName) == .positive
        case .tagged(let patterns):
            guard let tag = draft.options.tag, !tag.isEmpty else { return patterns.isEmpty }
            return patterns.match(tag) == .positive
        case .localNetwork(let ranges):
            return local.interfaceAddresses().contains { address in
                ranges.contains { $0.contains(address) }
            }
        case .version(let patterns): return patterns.match(Self.version) == .positive
        case .command(let patterns): return patterns.match(Self.command) == .positive
        case .sessionType(let patterns): return patterns.match(Self.sessionType) == .positive
        }
    }

    private var currentUser: String { draft.user?.value ?? local.userName }

    private func succeeds(_ command: Located<String>) throws(SSHConfigError) -> Bool {
        let tokens = try draft.tokens(currentUser, local)
        let expansion = TextExpansion(keyword: "Match exec", tokens: tokens, local: local)
        let text = try expansion.text(command, variables: false)
        switch local.runCommand(text) {
        case .exited(let status): return status == 0
        case .broken(let reason):
            throw SSHConfigError(
                .commandFailed, at: command.location, keyword: "Match exec",
                "\(quoted(text)): \(reason)")
        }
    }
}

extension Draft {
    /// The host to connect to, as far as is known.
    func currentHost(_ local: LocalContext) throws(SSHConfigError) -> String {
        if let canonicalHost { return canonicalHost }
        guard let hostName else { return options.originalHost }
        let tokens: [Character: String] = ["h": options.originalHost]
        let expansion = TextExpansion(keyword: "HostName", tokens: tokens, local: local)
        let name = try expansion.text(hostName, variables: false)
        try RemoteName.checkHost(name, at: hostName.location)
        return name
    }

    /// What tokens stand for while the sources are being read.
    func tokens(_ user: String, _ local: LocalContext) throws(SSHConfigError) -> [Character: String]
    {
        let host = try currentHost(local)
        var tokens = EffectiveConfiguration.tokens(self, hostName: host, user: user, local: local)
        tokens["k"] = options.hostKeyAlias ?? host
        return tokens
    }
}
