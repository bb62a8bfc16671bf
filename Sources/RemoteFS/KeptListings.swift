// SPDX-License-Identifier: Apache-2.0

/// Which listings of directories are kept, so that they go when they expire, or when they are too
/// many.
struct KeptListings {
    /// A listing that was kept.
    struct Record: Hashable {
        let inode: InodeNumber
        let entryCount: Int
        /// Tells it from a later listing of the same directory, too.
        let validUntil: Duration
    }

    /// The most entries that all listings together may hold when they are kept.
    ///
    /// A few hundred megabytes at the worst: an entry takes about 200 bytes.
    static let maximumEntries = 1 << 20

    private var records: ArraySlice<Record> = []
    private(set) var entryCount = 0

    /// When the oldest expires.
    var nextExpiry: Duration? { records.first?.validUntil }

    /// Takes note of a listing.
    ///
    /// - Returns: those that have to go for it, oldest first.
    mutating func add(_ record: Record) -> [Record] {
        records.append(record)
        entryCount += record.entryCount
        var dropped: [Record] = []
        while entryCount > Self.maximumEntries, let oldest = takeFirst() { dropped.append(oldest) }
        return dropped
    }

    /// Takes out what has expired, but for what was kept behind one that has not.
    mutating func takeExpired(now: Duration) -> [Record] {
        var expired: [Record] = []
        while let next = nextExpiry, next <= now, let record = takeFirst() {
            expired.append(record)
        }
        return expired
    }

    private mutating func takeFirst() -> Record? {
        guard let record = records.popFirst() else { return nil }
        entryCount -= record.entryCount
        return record
    }
}
