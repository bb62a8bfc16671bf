// SPDX-License-Identifier: Apache-2.0

/// What a file system keeps of what its server told it, and for how long: sshfs's `dcache_` options.
public struct MetadataCacheOptions: Hashable, Sendable {
    /// Who else changes the tree.
    public enum Mode: Hashable, Sendable {
        /// Somebody may, now and then: what is known is believed for a while.
        case shared
        /// Nobody does, so that what is known stays true until we change it.
        case exclusive
        /// Anybody may at any time: every lookup asks the server.
        case strict
    }

    /// Who else changes the tree.
    public var mode = Mode.shared
    /// For how long attributes are believed; those of open files only for as long as the kernel
    /// believes them.
    public var attributeTimeout = Duration.seconds(20)
    /// For how long a listing is used again.
    public var listingTimeout = Duration.seconds(20)
    /// For how long the target of a link is believed.
    public var linkTimeout = Duration.seconds(20)
    /// How many entries all listings together may have; those used least go first.
    ///
    /// An entry takes about 110 bytes and its name.
    public var maximumEntries = 1 << 17

    /// How many listings are fetched at a time before somebody reads them.
    public var listingsAhead = 32
    /// How many small files are opened and read at a time before a program that reads its directory's files
    /// comes to them.
    public var filesAhead = 32
    /// How many READDIRs of one directory are in flight at most, at least 1.
    public var requestsAhead = 32

    /// The defaults.
    public init() {}
}

extension RemoteFSOptions {
    /// For how long we take a name to be there after it was seen.
    var presenceValidity: Duration { max(nameValidity, .seconds(1)) }

    /// The options with the times that the cache's mode means.
    var withEffectiveTimes: RemoteFSOptions {
        var result = self
        let time: Duration
        switch cache.mode {
        case .shared: return self
        case .exclusive: time = .forEver
        case .strict: time = .zero
        }
        (result.attributeValidity, result.nameValidity) = (time, time)
        result.absenceValidity = time
        (result.cache.attributeTimeout, result.cache.listingTimeout) = (time, time)
        result.cache.linkTimeout = time
        return result
    }
}
