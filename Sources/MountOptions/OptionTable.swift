// SPDX-License-Identifier: Apache-2.0

/// What one option does, and whether it takes a value.
enum OptionRule: Sendable {
    /// Sets something; the option takes no value.
    case flag(@Sendable (inout MountOptions) -> Void)
    /// Sets something from the option's value; throws what was expected where it does not fit.
    case value(@Sendable (inout MountOptions, String) throws(Expected) -> Void)
    /// Handed to the kernel or fusermount3 as it stands.
    case kernel
    /// Handed to the SSH connection under this ssh_config(5) name.
    case ssh(String)
    /// Accepted for the sake of existing command lines and fstab lines; nothing to be done.
    case ignored
    /// Accepted for the same reason, although something would have to be done: the user is told.
    case withoutEffect
    /// Known from sshfs, and refused for this reason.
    case unsupported(String)

    /// What a value should have been: words that complete "it is not".
    struct Expected: Error {
        let text: String
    }

    func apply(_ item: OptionItem, to options: inout MountOptions) throws(MountOptionError) {
        switch self {
        case .flag(let set):
            guard item.value == nil else { throw .unexpectedValue(item.name) }
            set(&options)
        case .value(let set):
            guard let value = item.value else { throw .missingValue(item.name) }
            do {
                try set(&options, value)
            } catch {
                throw .invalidValue(option: item.name, value: value, expected: error.text)
            }
        case .kernel:
            guard item.value == nil else { throw .unexpectedValue(item.name) }
            options.kernelOptions.append(item.name)
        case .ssh(let name):
            guard let value = item.value, !value.isEmpty else { throw .missingValue(name) }
            options.sshOptions.append(.init(name: name, value: value))
        case .ignored:
            break
        case .withoutEffect:
            options.withoutEffect.append(item.name)
        case .unsupported(let reason):
            throw .unsupportedOption(item.name, reason: reason)
        }
    }
}

/// Every `-o` option, by name: the one place where an option is added.
enum OptionTable {
    /// Finds the rule for an option.
    ///
    /// sshfs's and the kernel's names are matched exactly, ssh_config's in any case.
    static func rule(
        named name: String, sshKeywords: [String]
    ) throws(MountOptionError) -> OptionRule {
        if let rule = own[name] { return rule }
        if let keyword = sshKeywords.first(where: { $0.lowercased() == name.lowercased() }) {
            return .ssh(keyword)
        }
        if name.hasPrefix("x-") || name == "comment" { return .ignored }
        let names = (Array(own.keys) + sshKeywords).sorted()
        throw .unknownOption(name, suggestion: nearestName(to: name, among: names))
    }

    private static let own: [String: OptionRule] = {
        var table = settings
        for name in kernelNames { table[name] = .kernel }
        for name in ignoredNames { table[name] = .ignored }
        for name in ["reconnect", "transform_symlinks"] { table[name] = .withoutEffect }
        for (name, reason) in unsupportedNames { table[name] = .unsupported(reason) }
        return table
    }()

    /// Options with an effect of ours.
    private static let settings: [String: OptionRule] = [
        "port": .value { options, value throws(OptionRule.Expected) in
            guard let port = UInt16(value), port > 0 else {
                throw .init(text: "a port number from 1 to 65535")
            }
            options.sshOptions.append(.init(name: "Port", value: value))
        },
        "debug": .flag { $0.turnOnDebugging() },
        "sshfs_debug": .flag { $0.turnOnDebugging() },
        "sshfs_verbose": .flag { $0.sayMore(times: 1) },
        "password_stdin": .flag { $0.readsPassword = true },
        "ssh_command": .sshCommand,
        "directport": .directPort,
        "vsock": .vsock,
        "passive": .passive,
        "slave": .passive,
        "sftp_server": .value { options, value throws(OptionRule.Expected) in
            guard !value.isEmpty else { throw .init(text: "a subsystem or a command") }
            options.sftpServer = value
        },
        "fsname": .value { options, value throws(OptionRule.Expected) in
            options.sourceName = value
        },
        "subtype": .value { options, value throws(OptionRule.Expected) in
            guard !value.isEmpty, !value.contains("/") else {
                throw .init(text: "a file system type")
            }
            options.typeName = value
        },
        "attr_timeout": .seconds { $0.attributeTimeoutSeconds = $1 },
        "ac_attr_timeout": .seconds { $0.attributeTimeoutSeconds = $1 },
        "entry_timeout": .seconds { $0.entryTimeoutSeconds = $1 },
        "negative_timeout": .seconds { $0.negativeTimeoutSeconds = $1 },
        "uid": .number(radix: 10) { $0.userID = $1 },
        "gid": .number(radix: 10) { $0.groupID = $1 },
        "umask": .number(radix: 8) { $0.umask = $1 & 0o777 },
        "contain_symlinks": .flag { $0.containsSymlinks = true },
        "no_contain_symlinks": .flag { $0.containsSymlinks = false },
        "no_check_root": .flag { $0.checksRoot = false },
        "direct_io": .flag { $0.usesDirectIO = true },
    ]

    /// What libfuse, fusermount3 and the kernel understand.
    private static let kernelNames = [
        "allow_other", "allow_root", "async", "atime", "auto_unmount", "default_permissions",
        "dev", "dirsync", "exec", "noatime", "nodev", "noexec", "nosuid", "ro", "rw", "suid",
        "sync",
    ]

    /// Options that describe what we do anyway, or that only mount(8), systemd or older versions of
    /// sshfs and libfuse give a meaning to.
    private static let ignoredNames = [
        "_netdev", "diratime", "lazytime", "nodiratime", "norelatime", "nostrictatime", "relatime",
        "strictatime", "async_read", "auto", "auto_cache", "big_writes", "defaults", "hard_remove",
        "intr", "large_read", "max_background", "max_readahead", "no_readahead", "noauto",
        "nodelay", "nodelaysrv", "nofail", "nonempty", "nouser", "readdir_ino", "sshfs_sync",
        "sync_read", "sync_readdir", "unreliable_append", "use_ino", "user", "users", "clone_fd",
        "no_auto_cache", "ssh_protocol", "noauto_cache", "no_rofd_flush", "owner", "group",
        "noforget",
    ]

    /// sshfs's options that change what a mount shows or does and that are not built yet.
    ///
    /// Accepting them in silence would promise something that does not happen.
    private static let unsupportedNames: [(String, String)] =
        [
            "cache", "cache_timeout", "cache_stat_timeout", "cache_dir_timeout",
            "cache_link_timeout", "cache_max_size", "cache_clean_interval",
            "cache_min_clean_interval", "dir_cache", "dcache_timeout", "dcache_stat_timeout",
            "dcache_dir_timeout", "dcache_link_timeout", "dcache_max_size",
            "dcache_clean_interval", "dcache_min_clean_interval", "delay_connect",
            "disable_hardlink", "follow_symlinks", "gidfile", "idmap", "kernel_cache", "max_conns",
            "max_read", "max_write", "modules", "nomap",
            "remember",
            "uidfile", "workaround", "writeback_cache",
        ].map { ($0, "this version does not have it") }
}

extension OptionRule {
    /// A duration in seconds, with or without a fraction.
    fileprivate static func seconds(
        _ set: @escaping @Sendable (inout MountOptions, Double) -> Void
    ) -> OptionRule {
        .value { options, value throws(Expected) in
            // Above ten years a timeout means "for ever"; the bound keeps it a number of nanoseconds.
            guard let seconds = Double(value), seconds >= 0, seconds <= 315_360_000 else {
                throw Expected(text: "a number of seconds")
            }
            set(&options, seconds)
        }
    }

    /// A 32-bit number.
    fileprivate static func number(
        radix: Int, _ set: @escaping @Sendable (inout MountOptions, UInt32) -> Void
    ) -> OptionRule {
        .value { options, value throws(Expected) in
            guard let number = UInt32(value, radix: radix) else {
                throw Expected(text: radix == 8 ? "an octal number" : "a number")
            }
            set(&options, number)
        }
    }
}

extension MountOptions {
    /// What `-d`, `-o debug` and `-o sshfs_debug` mean: say what happens, and stay to say it.
    public mutating func turnOnDebugging() {
        tracesRequests = true
        staysInForeground = true
    }

    /// What `-v` means, given so many times: it comes before any other word about `LogLevel`.
    public mutating func sayMore(times: Int) {
        guard times > 0 else { return }
        sshOptions.insert(.init(name: "LogLevel", value: "DEBUG\(min(times, 3))"), at: 0)
    }
}
