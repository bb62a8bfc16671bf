// SPDX-License-Identifier: Apache-2.0

/// How a file system is shown and cached.
public struct RemoteFSOptions: Sendable {
    /// The directory that is the root: an absolute path, or one relative to the login directory;
    /// empty for the login directory itself.
    public var rootPath: [UInt8] = []

    /// For how long the kernel may take attributes as true.
    public var attributeValidity = Duration.seconds(1)
    /// For how long the kernel may take a name as leading to the same node.
    public var nameValidity = Duration.seconds(1)
    /// For how long a name that was not there is taken as absent, by the kernel and by us.
    public var absenceValidity = Duration.seconds(1)
    /// What is kept on our side of the kernel, and for how long.
    public var cache = MetadataCacheOptions()

    /// Whether more of a file is fetched than the kernel asks for, where it is read in a row.
    public var readsAhead = true

    /// The owner to show for every file, in place of the server's.
    public var userID: UInt32?
    /// The group to show for every file, in place of the server's.
    public var groupID: UInt32?
    /// Permission bits that no file has, while it has all others; nil for the server's.
    public var umask: UInt32?
    /// Which of our users and groups stand for those of the server, where those above don't.
    public var identities = IdentityMap()

    /// What is done with symbolic links.
    public var symlinks = SymlinkPolicy()

    /// How names are written here; nil where they are the server's own bytes.
    public var nameConversion: NameConversion?
    /// Whether hard links can be made.
    public var makesHardLinks = true

    /// Whether a file that a rename replaces is moved aside, where the server can't replace it.
    public var movesAside = true
    /// Whether a file may be written anew to make it shorter, where the server can't set sizes.
    public var rewritesToTruncate = false
    /// Whether a write returns only when the server has answered.
    public var writesThrough = false
    /// Whether open files are asked about by path.
    public var avoidsFstat = false
    /// Whether files are created without saying with which mode.
    public var createsWithoutMode = false

    /// How many nodes may be known before listings make no more, and the kernel is asked to drop some:
    /// a server can list names without end, and the kernel keeps what it is told for as long as it has
    /// memory of its own.
    ///
    /// A node takes about 200 bytes and its name. The further names of files with hard links count as much.
    public var maximumNodes = 1 << 18

    /// The seconds since 1970, for times that are to be set to now.
    public var wallClock: @Sendable () -> Int64
    /// Where a line goes that the person who looks after the mount should see.
    public var log: @Sendable (String) -> Void

    /// The defaults.
    public init(
        wallClock: @escaping @Sendable () -> Int64, log: @escaping @Sendable (String) -> Void
    ) {
        self.wallClock = wallClock
        self.log = log
    }
}
