// SPDX-License-Identifier: Apache-2.0

/// Which listings of directories are kept, so that they go when they expire, or, when they are too
/// many, those first that have not been used for long.
struct KeptListings {
    /// A listing that was kept.
    struct Record: Hashable {
        let inode: InodeNumber
        /// How much it holds, at least 1: it takes memory when it is empty, too.
        let size: Int
        /// Tells it from a later listing of the same directory.
        let begunAt: Duration
        let validUntil: Duration

        init(inode: InodeNumber, entryCount: Int, begunAt: Duration, validUntil: Duration) {
            self.inode = inode
            size = max(entryCount, 1)
            self.begunAt = begunAt
            self.validUntil = validUntil
        }
    }

    private let maximumSize: Int
    private var records: ArraySlice<Record> = []
    private(set) var size = 0

    init(maximumEntries: Int) {
        maximumSize = maximumEntries
    }

    /// When the oldest expires.
    var nextExpiry: Duration? { records.first?.validUntil }

    /// Takes note of a listing.
    ///
    /// - Parameter takeUse: whether a listing has been used since it was asked for last.
    /// - Returns: those that have to go for it.
    mutating func add(_ record: Record, takeUse: (Record) -> Bool) -> [Record] {
        records.append(record)
        size += record.size
        var dropped: [Record] = []
        var spared = records.count
        while size > maximumSize, let oldest = takeFirst() {
            if spared > 0, takeUse(oldest) {
                spared -= 1
                records.append(oldest)
                size += oldest.size
            } else {
                dropped.append(oldest)
            }
        }
        return dropped
    }

    /// Directories whose listings have been kept after that of another one, beginning anew behind the
    /// last.
    ///
    /// - Parameter maximum: how many at most.
    func following(_ inode: InodeNumber, maximum: Int) -> [InodeNumber] {
        guard let start = records.lastIndex(where: { $0.inode == inode }) else { return [] }
        let behind = records[(start + 1)...].prefix(maximum)
        return (behind + records[..<start].prefix(maximum - behind.count)).map(\.inode)
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
        size -= record.size
        return record
    }
}
