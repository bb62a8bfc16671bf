// SPDX-License-Identifier: Apache-2.0

import Wire

extension WireReader {
    /// Reads how many elements follow, which can't be more than the bytes that are left.
    mutating func readCount(minimumElementBytes: Int, limit: Int = .max) throws(WireError) -> Int {
        let count = Int(try readUInt32())
        let possible = min(remainingCount / minimumElementBytes, limit)
        guard count <= possible else { throw .limitExceeded(length: count, limit: possible) }
        return count
    }

    /// Reads a path, of any length: its limit is the file system's.
    ///
    /// A NUL byte is refused, since the system would take the path to end there.
    mutating func readPath() throws(WireError) -> Bytes {
        let path = try readString()
        guard !path.contains(0) else { throw .malformed("NUL byte in a path") }
        return path
    }
}
