// SPDX-License-Identifier: Apache-2.0

/// What may be remembered of the server's files, and for how long.
///
/// Durations are nil where the command line says nothing: the file system has defaults for them.
public struct CacheOptions: Equatable, Sendable {
    /// Who else may change the tree, and so what may be taken as true without asking.
    public enum Mode: Equatable, Sendable {
        /// Others change it now and then: what is known holds for a short while (`cache=yes`).
        case shared
        /// Every lookup asks (`cache=strict`, and `cache=no` or `dir_cache=no` of sshfs).
        case strict
        /// Nobody else changes it (`cache=exclusive`).
        case exclusive
    }

    /// What the kernel does with pages of a file that it has when the file is opened again.
    public enum Pages: Equatable, Sendable {
        /// It keeps them if the file is the version they show (`auto_cache`).
        case keptIfUnchanged
        /// It keeps them, whatever has become of the file (`kernel_cache`).
        case kept
        /// It drops them (`noauto_cache`).
        case dropped
    }

    /// Who else may change the tree.
    public var mode = Mode.shared
    /// What is done with the kernel's pages.
    public var pages = Pages.keptIfUnchanged
    /// Whether files are read and written past the kernel's pages (`direct_io`).
    public var usesDirectIO = false
    /// Whether each write waits for the server (`sshfs_sync`).
    public var writesThrough = false

    /// Whether more of a file is fetched than the kernel asks for (not with `no_readahead`).
    public var readsAhead = true

    /// For how long the kernel may take attributes as true (`attr_timeout`).
    public var attributeTimeout: Duration?
    /// For how long the kernel may take a name as leading to the same file (`entry_timeout`).
    public var nameTimeout: Duration?
    /// For how long a name may be taken as absent (`negative_timeout`).
    public var absenceTimeout: Duration?

    /// For how long we may take attributes as true (`dcache_stat_timeout`).
    public var statusTimeout: Duration?
    /// For how long we may take a directory's listing as true (`dcache_dir_timeout`).
    public var listingTimeout: Duration?
    /// For how long we may take a link's target as true (`dcache_link_timeout`).
    public var linkTimeout: Duration?
    /// How many entries we may keep (`dcache_max_size`).
    public var maximumEntries: Int?

    /// Whether only one READDIR of a directory is under way at a time (`sync_readdir`).
    public var readsDirectoriesStepwise = false

    /// The defaults.
    public init() {}
}
