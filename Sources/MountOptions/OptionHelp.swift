// SPDX-License-Identifier: Apache-2.0

extension MountOptions {
    /// All `-o` options by group, one a line, for `--help`.
    public static let help: String = {
        let groups = OptionTable.groups.map { group in
            ([group.title + ":"] + group.entries.map(\.helpLine)).joined(separator: "\n")
        }
        let others = """
            Every keyword of ssh_config(5), such as IdentityFile=FILE, is an option too. Those of mount(8) \
            and of older versions of sshfs and FUSE, such as _netdev or big_writes, are accepted and \
            change nothing.
            """
        return "Options for -o, separated by commas:\n\n"
            + (groups + [others]).joined(separator: "\n\n")
    }()

    /// The names of all `-o` options but those of ssh_config(5).
    public static let names: [String] = OptionTable.names
}

extension OptionEntry {
    private static let helpColumn = 32

    fileprivate var helpLine: String {
        let name = "  " + (names.first ?? "") + (value.map { "=\($0)" } ?? "")
        let gap = String(repeating: " ", count: max(1, Self.helpColumn - name.count))
        return name + gap + help
    }
}
