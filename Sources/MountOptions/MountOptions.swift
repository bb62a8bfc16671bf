// SPDX-License-Identifier: Apache-2.0

/// Everything that the command line of a mount says, with the defaults for what it does not say.
public struct MountOptions: Equatable, Sendable {
    /// An option for the SSH connection, by its ssh_config(5) name.
    public struct SSHOption: Equatable, Sendable {
        /// The keyword as ssh_config(5) spells it.
        public let name: String
        /// The value as it was written.
        public let value: String

        /// An option by its ssh_config(5) name.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// What to mount.
    public let source: RemoteSource
    /// Where to mount it.
    public let mountPoint: String

    /// Whether the program stays in the foreground (`-f`).
    public var staysInForeground = false
    /// Whether each request of the kernel is told of (`-d`).
    public var tracesRequests = false
    /// What the user should be told of options that were given: one line each.
    public var notes: [String] = []

    // MARK: The connection

    /// Whether the password is read from the standard input.
    public var readsPassword = false
    /// The ssh_config file to read in place of the user's and the system's (`-F`).
    public var sshConfigFile: String?
    /// Options for the SSH connection, in the order given: the first value of a name counts.
    public var sshOptions: [SSHOption] = []
    /// Whether measurement decides about compression where ssh_config(5) says nothing.
    public var steersCompression = false
    /// How the server is reached.
    public var transport = Transport.ssh
    /// What is to run there: a subsystem's name, or a command if there is a slash in it.
    public var sftpServer = "sftp"
    /// Whether the connection is made when the mount is first used.
    public var delaysConnection = false
    /// Whether a lost connection is made anew.
    public var reconnects = true
    /// For how long operations wait for a lost connection, from when it was last known to be alive; nil
    /// for ever.
    public var lossTimeout: Duration? = .seconds(60)
    /// How many SSH connections there may be.
    public var maximumConnections = 1
    /// Whether the remote directory is looked at before mounting.
    public var checksRoot = true

    // MARK: The mount

    /// Options that the kernel or fusermount3 handles, such as `allow_other` or `ro`.
    public var kernelOptions: [String] = []
    /// The source shown in the mount table; the command line's own words by default.
    public var sourceName: String?
    /// The file system's type after `fuse.`; `hawser` by default.
    public var typeName = "hawser"
    /// The largest read that the kernel asks for at once, in bytes; nil for as much as there can be.
    public var maximumRead: UInt32?
    /// The largest write that the kernel makes at once, in bytes; nil for as much as there can be.
    public var maximumWrite: UInt32?

    // MARK: The files

    /// What may be remembered of them.
    public var caches = CacheOptions()
    /// What is done with symbolic links.
    public var symlinks = SymlinkOptions()
    /// Whose they are.
    public var ownership = OwnershipOptions()
    /// How their names are shown.
    public var names = NameOptions()
    /// What is done about servers that lack something.
    public var workarounds = Workarounds()
    /// Whether hard links can be made.
    public var makesHardLinks = true

    /// The names of all ssh_config(5) options.
    private let sshKeywords: [String]

    /// The defaults for one source and mount point.
    ///
    /// - Parameters:
    ///   - source: what to mount.
    ///   - mountPoint: the directory to mount it on.
    ///   - sshKeywords: the names of all ssh_config(5) options, as they are to be spelt.
    public init(source: RemoteSource, mountPoint: String, sshKeywords: [String]) {
        self.source = source
        self.mountPoint = mountPoint
        self.sshKeywords = sshKeywords
    }

    /// Applies the text of one `-o` argument.
    ///
    /// - Throws: `MountOptionError` for the first option that is not known or whose value does not
    ///   fit.
    public mutating func apply(optionList text: String) throws(MountOptionError) {
        for item in splitOptionList(text) {
            try apply(item)
        }
    }

    /// Applies one option that another argument stands for, such as `-p`.
    ///
    /// - Throws: as ``apply(optionList:)``.
    public mutating func apply(name: String, value: String?) throws(MountOptionError) {
        try apply(OptionItem(name: name, value: value))
    }

    private mutating func apply(_ item: OptionItem) throws(MountOptionError) {
        let rule = try OptionTable.rule(named: item.name, sshKeywords: sshKeywords)
        try rule.apply(item, to: &self)
    }

    /// Refuses options that exclude each other, or that need another which is missing.
    ///
    /// - Throws: ``MountOptionError``.
    public func requireConsistency() throws(MountOptionError) {
        if names.needsSubdirectory, names.subdirectory == nil {
            throw .missingOption("subdir", neededBy: "modules=subdir")
        }
        if readsPassword, delaysConnection { throw .conflict("password_stdin", "delay_connect") }
        guard readsPassword, transport != .ssh else { return }
        let other =
            switch transport {
            case .ssh: ""
            case .program: "ssh_command"
            case .tcp: "directport"
            case .vsock: "vsock"
            case .standardStreams: "passive"
            }
        throw .conflict("password_stdin", other)
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
