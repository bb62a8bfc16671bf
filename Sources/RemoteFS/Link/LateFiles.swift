// SPDX-License-Identifier: Apache-2.0

/// The files of which ``LateChanges`` are kept, and how much is kept of them.
struct LateFiles {
    /// The most bytes that are kept for all files of a mount: what is pending at a time, twice.
    var limit = 2 * FileWrites.mountBytes

    private var byteCounts: [InodeNumber: Int] = [:]
    /// The one whose last loss is the longest ago comes first.
    private var order: [InodeNumber] = []
    private(set) var byteCount = 0

    /// The file to be forgotten next, where more is kept than may be: the old session has had the longest
    /// time for it.
    var surplus: InodeNumber? { byteCount > limit && order.count > 1 ? order.first : nil }

    /// A connection was lost with changes of a file without an answer.
    mutating func noteLoss(of inode: InodeNumber) {
        if byteCounts[inode] != nil { order.removeAll { $0 == inode } }
        byteCounts[inode] = byteCounts[inode] ?? 0
        order.append(inode)
    }

    /// So many bytes are kept of a file now.
    mutating func setByteCount(_ count: Int, of inode: InodeNumber) {
        guard let old = byteCounts[inode] else { return }
        byteCounts[inode] = count
        byteCount += count - old
    }

    /// Nothing is kept of a file any more.
    mutating func forget(_ inode: InodeNumber) {
        guard let count = byteCounts.removeValue(forKey: inode) else { return }
        order.removeAll { $0 == inode }
        byteCount -= count
    }
}
