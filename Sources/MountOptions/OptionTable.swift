// SPDX-License-Identifier: Apache-2.0

/// One option of the command line.
struct OptionEntry: Sendable {
    /// Its name, and behind it the names that it has had or has elsewhere.
    let names: [String]
    /// What its value stands for; nil where it takes none.
    let value: String?
    /// What it does, in a few words.
    let help: String
    /// What it does.
    let rule: OptionRule

    init(_ names: String..., value: String? = nil, help: String, rule: OptionRule) {
        self.names = names
        self.value = value
        self.help = help
        self.rule = rule
    }
}

/// Options that belong together.
struct OptionGroup: Sendable {
    let title: String
    let entries: [OptionEntry]
}

/// Every `-o` option: the one place where they are found by name, and told of.
enum OptionTable {
    /// The options, as they are shown to users.
    static let groups: [OptionGroup] = [
        connection, files, owners, caches, kernel, troubleshooting,
    ]

    /// The names that do something, by group, and then those that are accepted without an effect.
    static let names: [String] =
        groups.flatMap(\.entries).flatMap(\.names) + mountNames + noted.flatMap(\.names)

    /// Finds the rule for an option.
    ///
    /// sshfs's and the kernel's names are matched exactly, ssh_config's in any case.
    static func rule(
        named name: String, sshKeywords: [String]
    ) throws(MountOptionError) -> OptionRule {
        if let rule = rules[name] { return rule }
        if let keyword = sshKeywords.first(where: { $0.lowercased() == name.lowercased() }) {
            return keyword == "Compression" ? .compression : .ssh(keyword)
        }
        if mountPrefixes.contains(where: { name.hasPrefix($0) }) { return .ignored }
        let names = (Array(rules.keys) + sshKeywords).sorted()
        throw .unknownOption(name, suggestion: nearestName(to: name, among: names))
    }

    private static let rules: [String: OptionRule] = {
        var rules: [String: OptionRule] = [:]
        for entry in groups.flatMap(\.entries) + noted {
            for name in entry.names { rules[name] = entry.rule }
        }
        for name in mountNames { rules[name] = .ignored }
        return rules
    }()

    // MARK: Without an effect of ours

    /// Names that begin like this are for mount(8) and systemd.mount(5).
    static let mountPrefixes = ["x-", "X-"]

    /// What only mount(8), systemd and the file systems of disks give a meaning to.
    static let mountNames = [
        "_netdev", "auto", "comment", "defaults", "diratime", "group", "lazytime", "noauto",
        "nodiratime", "nofail", "nogroup", "nolazytime", "noowner", "norelatime", "nostrictatime",
        "nouser", "nousers", "owner", "relatime", "strictatime", "user", "users",
    ]

    /// What guides to older versions of sshfs and libfuse say, and why it changes nothing.
    static let noted: [OptionEntry] = [
        noted("requests are as large as the kernel can make them", "big_writes", "large_read"),
        noted("inode numbers are the mount's own, and stay", "use_ino", "readdir_ino"),
        noted("inode numbers stay as they are", "noforget", "remember"),
        noted("requests can be interrupted", "intr"),
        noted("a mount point need not be empty", "nonempty"),
        noted("open files that are removed vanish at once", "hard_remove"),
        noted("the kernel decides", "max_background", "max_readahead", "congestion_threshold"),
        noted("one thread serves the mount", "clone_fd", "max_idle_threads", "max_threads"),
        noted("reads of a file are under way at the same time", "async_read", "sync_read"),
        noted("only files that were written to are waited for at a close", "no_rofd_flush"),
        noted("appending is reliable", "unreliable_append"),
        noted("the kernel's writeback cache is never used", "writeback_cache"),
        noted("connections never wait to send", "nodelay", "nodelaysrv"),
        noted("version 2 of SSH is the only one", "ssh_protocol"),
        noted("the files lie on no disk of this machine", "discard"),
        noted(
            "only macOS has a use for it", "defer_permissions", "noappledouble", "noapplexattr",
            "nolocalcaches", "volname"),
    ]

    private static func noted(_ reason: String, _ names: String...) -> OptionEntry {
        OptionEntry(names: names, value: nil, help: reason, rule: .note(reason))
    }
}

extension OptionEntry {
    fileprivate init(names: [String], value: String?, help: String, rule: OptionRule) {
        self.names = names
        self.value = value
        self.help = help
        self.rule = rule
    }
}
