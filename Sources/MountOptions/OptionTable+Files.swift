// SPDX-License-Identifier: Apache-2.0

extension OptionTable {
    /// What is shown of the server's files.
    static let files = OptionGroup(
        title: "Files and names",
        entries: [
            OptionEntry(
                "no_check_root", help: "mount without looking at the remote directory",
                rule: .flag { $0.checksRoot = false }),
            OptionEntry(
                "contain_symlinks", help: "no link leads out of the mount (default)",
                rule: .flag { $0.symlinks.areContained = true }),
            OptionEntry(
                "no_contain_symlinks", help: "links lead where they say",
                rule: .flag { $0.symlinks.areContained = false }),
            OptionEntry(
                "transform_symlinks", "rellinks",
                help: "make absolute links inside the mount relative",
                rule: .flag { $0.symlinks.areTransformed = true }),
            OptionEntry(
                "norellinks", help: "the contrary (default)",
                rule: .flag { $0.symlinks.areTransformed = false }),
            OptionEntry(
                "follow_symlinks", help: "show links as what they lead to on the server",
                rule: .flag { $0.symlinks.areFollowed = true }),
            OptionEntry(
                "disable_hardlink", help: "make no hard links",
                rule: .flag { $0.makesHardLinks = false }),
            OptionEntry(
                "modules", value: "NAME:...", help: "subdir and iconv, as the next options say",
                rule: .value { options, value throws(OptionRule.Expected) in
                    try options.names.apply(modules: value)
                }),
            OptionEntry(
                "subdir", value: "DIRECTORY", help: "mount what is in there",
                rule: .text("a directory") { $0.names.subdirectory = $1 }),
            OptionEntry(
                "from_code", value: "CHARSET", help: "the code of names on the server",
                rule: .text("a character set") { options, value in
                    options.names.areConverted = true
                    options.names.serverCode = value
                }),
            OptionEntry(
                "to_code", value: "CHARSET", help: "the code of names in the mount",
                rule: .text("a character set") { options, value in
                    options.names.areConverted = true
                    options.names.shownCode = value
                }),
        ])

    /// Whose files they are, and who may do what with them.
    static let owners = OptionGroup(
        title: "Owners and permissions",
        entries: [
            OptionEntry(
                "idmap", value: "HOW", help: "none, user, file or all",
                rule: .word([
                    "none": OwnershipOptions.Mapping.none, "user": .user, "file": .file,
                    "all": .all,
                ]) { $0.ownership.mapping = $1 }),
            OptionEntry(
                "uidfile", value: "FILE", help: "the server's users, for idmap=file",
                rule: .text("a file") { $0.ownership.userFile = $1 }),
            OptionEntry(
                "gidfile", value: "FILE", help: "the server's groups, for idmap=file",
                rule: .text("a file") { $0.ownership.groupFile = $1 }),
            OptionEntry(
                "nomap", value: "WHAT", help: "an unnamed number: ignore or error (default)",
                rule: .word(["ignore": true, "error": false]) { $0.ownership.keepsUnmapped = $1 }),
            OptionEntry(
                "uid", value: "N", help: "the owner of every file",
                rule: .number(radix: 10) { $0.ownership.userID = $1 }),
            OptionEntry(
                "gid", value: "N", help: "the group of every file",
                rule: .number(radix: 10) { $0.ownership.groupID = $1 }),
            OptionEntry(
                "umask", value: "OCTAL", help: "every file has all permissions but these",
                rule: .number(radix: 8) { $0.ownership.umask = $1 & 0o777 }),
        ])
}
