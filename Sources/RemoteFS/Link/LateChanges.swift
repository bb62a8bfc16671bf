// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// Changes of a file that a lost session may still carry out, and what they would spoil.
///
/// A request that had no answer when the connection was lost has been made again on the next one, and the
/// file has been written since. If the old session gets to it only then, it undoes that.
struct LateChanges {
    /// For how long after a loss they are reckoned with.
    static let lifetime = Duration.seconds(60)
    /// The most bytes of a file that are kept to know late writes by, and again to write anew what they
    /// have undone: what is in flight at a time.
    static let keptBytes = 16 << 20
    /// The most appends of a file that are kept: each of them is one request.
    static let keptAppends = 16

    /// What reading a piece back shows.
    enum Finding {
        /// What was written last.
        case same
        /// That an old request has been carried out since.
        case undone
        /// What somebody else has written.
        case others
    }

    /// The connection that they were sent on, or the last of several.
    private(set) var generation: UInt64 = 0
    private var end = Duration.zero
    private var writes: [FilePiece] = []
    private var appends: [Bytes] = []
    /// The least size that a truncation may set.
    private var truncation: UInt64?
    /// What has been written since where they would spoil it; no two overlap.
    private(set) var written: [FilePiece] = []
    /// Whether not all that a truncation would spoil is in ``written``.
    private(set) var isIncomplete = false
    /// The size that we have given the file, where that is known.
    private(set) var size: UInt64?

    /// How many bytes are kept.
    var byteCount: Int {
        let pieces =
            writes.reduce(0) { $0 + $1.data.count } + written.reduce(0) { $0 + $1.data.count }
        return pieces + appends.reduce(0) { $0 + $1.count }
    }

    /// Whether they have to be reckoned with.
    ///
    /// - Parameter ended: the last connection whose session is known to have ended.
    func mayCome(at now: Duration, ended: UInt64?) -> Bool {
        now < end && ended.map { generation > $0 } ?? true
    }

    // MARK: What was lost

    /// A request that was sent on a connection had no answer when that was lost.
    mutating func noteLoss(of generation: UInt64, at now: Duration) {
        self.generation = max(self.generation, generation)
        end = now + Self.lifetime
    }

    mutating func noteLost(write data: Bytes, at offset: UInt64) {
        let piece = FilePiece(offset: offset, data: data)
        guard !data.isEmpty, !writes.contains(piece) else { return }
        writes.append(piece)
        var kept = writes.reduce(0) { $0 + $1.data.count }
        // Where losses follow each other: the oldest have had the longest time.
        while kept > Self.keptBytes, writes.count > 1 { kept -= writes.removeFirst().data.count }
    }

    /// - Parameter size: that of the file without it.
    mutating func noteLost(append data: Bytes, size: UInt64?) {
        appends = appends.suffix(Self.keptAppends - 1) + [data]
        self.size = self.size ?? size
    }

    mutating func noteLost(truncation size: UInt64) {
        truncation = min(truncation ?? size, size)
    }

    // MARK: What is done since

    /// Data have been sent.
    mutating func noteWritten(_ data: Bytes, at offset: UInt64) {
        let piece = FilePiece(offset: offset, data: data)
        size = size.map { max($0, piece.range.upperBound) }
        for late in writes {
            guard let new = piece.inside(late.range) else { continue }
            // To do the same once more changes nothing.
            let isRepeated = new == late.inside(new.range)
            let wasWritten = written.contains { $0.range.overlaps(new.range) }
            if !isRepeated || wasWritten { put(new) }
        }
        guard let truncation, let new = piece.inside(truncation..<UInt64.max) else { return }
        if written.reduce(0, { $0 + $1.data.count }) + new.data.count > Self.keptBytes {
            isIncomplete = true
            forget(new.range)
        } else {
            put(new)
        }
    }

    /// Data that are not known here have been sent to a range.
    mutating func noteCopied(_ range: Range<UInt64>) {
        size = size.map { max($0, range.upperBound) }
        forget(range)
    }

    /// Data have been appended.
    mutating func noteAppended(_ count: Int) { size = size.map { $0 + UInt64(count) } }

    /// A size has been sent.
    mutating func noteTruncated(to size: UInt64) {
        forget(size..<UInt64.max)
        self.size = size
    }

    /// What a range holds is not known any more.
    mutating func forget(_ range: Range<UInt64>) {
        written = written.flatMap { $0.outside(range) }
    }

    private mutating func put(_ piece: FilePiece) {
        forget(piece.range)
        written.append(piece)
    }

    // MARK: What is found

    /// What it means that a range of ``written`` holds some bytes, fewer where the file ends.
    func judge(_ piece: FilePiece, _ found: Bytes) -> Finding {
        if found == piece.data { return .same }
        var rest = found[...]
        for (index, wanted) in piece.data.enumerated() {
            let byte = rest.popFirst()
            if byte == wanted { continue }
            let position = piece.offset + UInt64(index)
            guard isExplained(byte, at: position) else { return .others }
        }
        return .undone
    }

    private func isExplained(_ byte: UInt8?, at position: UInt64) -> Bool {
        if let truncation, position >= truncation, byte == nil || byte == 0 { return true }
        return writes.contains { late in
            late.range.contains(position)
                && late.data[late.data.startIndex + Int(position - late.offset)] == byte
        }
    }

    /// What the end of a file would hold that has grown to a size by one of them.
    func additions(upTo found: UInt64) -> [FilePiece] {
        guard let size, found > size else { return [] }
        let appended = appends.filter { size + UInt64($0.count) == found }
        return appended.map { FilePiece(offset: size, data: $0) }
            + writes.filter { $0.range.upperBound == found }.compactMap { $0.inside(size..<found) }
    }
}
