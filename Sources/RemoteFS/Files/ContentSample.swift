// SPDX-License-Identifier: Apache-2.0

import Wire

/// A little of what an open file is known to hold, to know it by when it is opened again and has another
/// size or time than it had: then it has only been changed, or it is another file.
struct ContentSample: Equatable {
    /// The most bytes that are kept.
    static let maximumBytes = 256
    /// So many bytes are as good as more.
    private static let enoughBytes = 64
    /// How far behind its offset something is looked for that may lie there.
    static let searchedBytes = 1 << 20

    /// Where it lies.
    let offset: UInt64
    let data: [UInt8]
    /// Whether it may also lie behind the offset: others may have appended before it.
    let mayLieBehind: Bool

    /// Keeps the end of data that lie at an offset; nil for none.
    init?(_ pieces: [Bytes], at offset: UInt64, mayLieBehind: Bool = false) {
        let count = pieces.reduce(0) { $0 + $1.count }
        guard count > 0 else { return nil }
        var rest = max(count - Self.maximumBytes, 0)
        self.offset = offset + UInt64(rest)
        self.mayLieBehind = mayLieBehind
        var data: [UInt8] = []
        for piece in pieces {
            data += piece.dropFirst(rest)
            rest = max(rest - piece.count, 0)
        }
        self.data = data
    }

    /// How much is to be read from its offset on to find it.
    var lengthToRead: Int { mayLieBehind ? Self.searchedBytes : data.count }

    /// Whether what has been read from its offset on holds it.
    func isIn(_ found: [UInt8]) -> Bool { mayLieBehind ? found.contains(data) : found == data }

    /// Whether it tells more than another one.
    func isBetter(than other: ContentSample) -> Bool {
        data.count >= min(other.data.count, Self.enoughBytes)
    }

    /// Whether a change of a range leaves it as it is.
    func isOutside(_ range: Range<UInt64>) -> Bool {
        let end = mayLieBehind ? UInt64.max : offset + UInt64(data.count)
        return !range.overlaps(offset..<end)
    }
}

extension RemoteFS {
    /// Takes note of what an open file holds.
    func noteContent(
        _ pieces: [Bytes], at offset: UInt64, of inode: InodeNumber, mayLieBehind: Bool = false
    ) {
        guard let details = nodes[inode]?.details,
            let sample = ContentSample(pieces, at: offset, mayLieBehind: mayLieBehind),
            details.sample.map(sample.isBetter) ?? true
        else { return }
        details.sample = sample
    }

    /// Takes note that a range of a file is being changed.
    func forgetContent(_ range: Range<UInt64>, of inode: InodeNumber) {
        newContents[inode] = nil
        guard let details = nodes[inode]?.details, let sample = details.sample,
            !sample.isOutside(range)
        else { return }
        details.sample = nil
    }
}
