// SPDX-License-Identifier: Apache-2.0

import Wire

extension WireReader {
    /// Reads a `uint32` that says how many elements follow.
    ///
    /// A count that the rest of the message cannot hold is refused here, before a loop or an
    /// allocation believes it.
    ///
    /// - Parameters:
    ///   - limit: the most elements that this field may announce.
    ///   - minimumElementBytes: the size of the smallest encoded element.
    mutating func readCount(limit: Int, minimumElementBytes: Int) throws(WireError) -> Int {
        let count = Int(try readUInt32())
        let most = min(limit, remainingCount / minimumElementBytes)
        guard count <= most else { throw .limitExceeded(length: count, limit: most) }
        return count
    }

    /// Reads a `string` that is only ever shown to a person: bytes that are not UTF-8 are replaced.
    mutating func readText() throws(WireError) -> String {
        String(decoding: try readString(), as: UTF8.self)
    }
}
