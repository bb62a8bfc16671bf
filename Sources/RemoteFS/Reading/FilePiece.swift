// SPDX-License-Identifier: Apache-2.0

import Wire

/// Data at an offset of a file.
///
/// Its end is not beyond the largest offset of a file, 2^63 - 1.
struct FilePiece: Equatable {
    var offset: UInt64
    var data: Bytes

    var range: Range<UInt64> { offset..<offset + UInt64(data.count) }

    /// What of it lies in a range.
    func inside(_ other: Range<UInt64>) -> FilePiece? {
        let common = range.clamped(to: other)
        guard !common.isEmpty else { return nil }
        let start = data.startIndex + Int(common.lowerBound - offset)
        return FilePiece(offset: common.lowerBound, data: data[start..<start + common.count])
    }

    /// What of it lies before a range, and behind it.
    func outside(_ other: Range<UInt64>) -> [FilePiece] {
        [inside(0..<other.lowerBound), inside(other.upperBound..<UInt64.max)].compactMap { $0 }
    }
}
