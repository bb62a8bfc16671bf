// SPDX-License-Identifier: Apache-2.0

extension OptionTable {
    /// What is remembered, and for how long.
    static let caches = OptionGroup(
        title: "Caches",
        entries: [
            OptionEntry(
                "cache", value: "HOW",
                help: "yes, strict (always ask), exclusive (only we)",
                rule: .word([
                    "yes": CacheOptions.Mode.shared, "no": .strict, "strict": .strict,
                    "exclusive": .exclusive,
                ]) { $0.caches.mode = $1 }),
            OptionEntry(
                "dir_cache", value: "yes|no", help: "sshfs's words for cache=yes and cache=strict",
                rule: .word(["yes": CacheOptions.Mode.shared, "no": .strict]) {
                    $0.caches.mode = $1
                }),
            OptionEntry(
                "attr_timeout", "ac_attr_timeout", value: "SECONDS",
                help: "how long the kernel trusts attributes",
                rule: .seconds { $0.caches.attributeTimeout = $1 }),
            OptionEntry(
                "entry_timeout", value: "SECONDS", help: "how long the kernel trusts names",
                rule: .seconds { $0.caches.nameTimeout = $1 }),
            OptionEntry(
                "negative_timeout", value: "SECONDS", help: "how long a name is taken as absent",
                rule: .seconds { $0.caches.absenceTimeout = $1 }),
            OptionEntry(
                "dcache_timeout", "cache_timeout", value: "SECONDS",
                help: "the three below at once",
                rule: .seconds {
                    $0.caches.statusTimeout = $1
                    $0.caches.listingTimeout = $1
                    $0.caches.linkTimeout = $1
                }),
            OptionEntry(
                "dcache_stat_timeout", "cache_stat_timeout", value: "SECONDS",
                help: "how long attributes are kept",
                rule: .seconds { $0.caches.statusTimeout = $1 }),
            OptionEntry(
                "dcache_dir_timeout", "cache_dir_timeout", value: "SECONDS",
                help: "how long listings are kept",
                rule: .seconds { $0.caches.listingTimeout = $1 }),
            OptionEntry(
                "dcache_link_timeout", "cache_link_timeout", value: "SECONDS",
                help: "how long the targets of links are kept",
                rule: .seconds { $0.caches.linkTimeout = $1 }),
            OptionEntry(
                "dcache_max_size", "cache_max_size", value: "N", help: "how many entries are kept",
                rule: .number(radix: 10) { $0.caches.maximumEntries = Int($1) }),
            OptionEntry(
                "dcache_clean_interval", "cache_clean_interval", value: "SECONDS",
                help: "accepted; changes nothing",
                rule: .note("what has expired is dropped at once")),
            OptionEntry(
                "dcache_min_clean_interval", "cache_min_clean_interval", value: "SECONDS",
                help: "accepted; changes nothing",
                rule: .note("what has expired is dropped at once")),
            OptionEntry(
                "auto_cache", help: "keep the pages of unchanged files (default)",
                rule: .flag { $0.caches.pages = .keptIfUnchanged }),
            OptionEntry(
                "noauto_cache", "no_auto_cache", help: "drop them when a file is opened",
                rule: .flag { $0.caches.pages = .dropped }),
            OptionEntry(
                "kernel_cache", help: "keep them, whatever others do to the file",
                rule: .flag { $0.caches.pages = .kept }),
            OptionEntry(
                "direct_io", help: "read and write past the kernel's pages",
                rule: .flag { $0.caches.usesDirectIO = true }),
            OptionEntry(
                "no_readahead", help: "fetch only what the kernel asks for",
                rule: .flag { $0.caches.readsAhead = false }),
            OptionEntry(
                "sshfs_sync", help: "have each write wait for the server",
                rule: .flag { $0.caches.writesThrough = true }),
            OptionEntry(
                "sync_readdir", help: "ask for one piece of a directory at a time",
                rule: .flag { $0.caches.readsDirectoriesStepwise = true }),
        ])

    /// What libfuse, fusermount3 and the kernel do.
    static let kernel = OptionGroup(
        title: "The mount",
        entries: [
            OptionEntry("allow_other", help: "let other users in", rule: .kernel),
            OptionEntry("allow_root", help: "let root in", rule: .kernel),
            OptionEntry("auto_unmount", help: "unmount when the process dies", rule: .kernel),
            OptionEntry(
                "default_permissions", help: "let the kernel check permissions", rule: .kernel),
            OptionEntry(
                "fsname", value: "NAME", help: "the source that mount(8) shows",
                rule: .value { options, value throws(OptionRule.Expected) in
                    options.sourceName = value
                }),
            OptionEntry(
                "subtype", value: "TYPE", help: "the type that it shows, behind \"fuse.\"",
                rule: .value { options, value throws(OptionRule.Expected) in
                    guard !value.isEmpty, !value.contains("/") else {
                        throw .init(text: "a file system type")
                    }
                    options.typeName = value
                }),
            OptionEntry(
                "max_read", value: "BYTES", help: "the largest read",
                rule: .transferSize { $0.maximumRead = $1 }),
            OptionEntry(
                "max_write", value: "BYTES", help: "the largest write",
                rule: .transferSize { $0.maximumWrite = $1 }),
        ]
            + [
                ("ro", "change nothing"), ("rw", "the contrary (default)"),
                ("noatime", "keep no times of access"), ("atime", "the contrary (default)"),
                ("nodev", "have no devices"), ("dev", "the contrary"),
                ("nosuid", "obey no set-user-ID bits"), ("suid", "the contrary"),
                ("noexec", "execute nothing"), ("exec", "the contrary (default)"),
                ("sync", "write all at once to the server's disk"),
                ("async", "the contrary (default)"),
                ("dirsync", "the same for directories"),
            ].map { OptionEntry($0.0, help: $0.1, rule: .kernel) })
}
