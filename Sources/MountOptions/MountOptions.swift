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
    /// Whether the password is read from the standard input.
    public var readsPassword = false

    /// The ssh_config file to read in place of the user's and the system's (`-F`).
    public var sshConfigFile: String?
    /// Options for the SSH connection, in the order given: the first value of a name counts.
    public var sshOptions: [SSHOption] = []

    /// How the server is reached.
    public var transport = Transport.ssh
    /// What is to run there: a subsystem's name, or a command if there is a slash in it.
    public var sftpServer = "sftp"
    /// Options that were given and that this version accepts without doing anything.
    public var withoutEffect: [String] = []

    /// Options that the kernel or fusermount3 handles, such as `allow_other` or `ro`.
    public var kernelOptions: [String] = []
    /// The source shown in the mount table; the command line's own words by default.
    public var sourceName: String?
    /// The file system's type after `fuse.`; `hawser` by default.
    public var typeName = "hawser"

    /// How long the kernel and we may take attributes as valid, in seconds.
    public var attributeTimeoutSeconds = 1.0
    /// How long the kernel and we may take a name as valid, in seconds.
    public var entryTimeoutSeconds = 1.0
    /// How long the absence of a name may be taken as valid, in seconds.
    public var negativeTimeoutSeconds = 1.0

    /// The owner shown for every file, in place of the server's.
    public var userID: UInt32?
    /// The group shown for every file, in place of the server's.
    public var groupID: UInt32?
    /// Permission bits hidden from every file.
    public var umask: UInt32?

    /// Whether link targets that lead out of the mount are refused.
    public var containsSymlinks = true
    /// Whether the remote directory is looked at before mounting.
    public var checksRoot = true
    /// Whether files are read and written past the kernel's page cache.
    public var usesDirectIO = false
    /// Whether each request of the kernel is told of (`-d`).
    public var tracesRequests = false

    /// The names of all ssh_config(5) options.
    private let sshKeywords: [String]

    /// The defaults for one source and mount point.
    ///
    /// - Parameter sshKeywords: the names of all ssh_config(5) options, as they are to be spelt.
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
}
