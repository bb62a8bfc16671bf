// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Synchronization

/// What the clients of one server may still write and create, all of them together.
///
/// It counts what is done, not what is there: what is written twice counts twice, and what is removed is
/// not given back. So it bounds what clients can add, without anybody looking at the disk.
public final class Quota: Sendable {
    private struct Left {
        var bytes: UInt64
        var files: UInt64
    }

    private let left: Mutex<Left>

    /// A quota of bytes, and of files, directories and links; `nil` for as many as there may be.
    public init(bytes: UInt64?, files: UInt64?) {
        left = Mutex(Left(bytes: bytes ?? .max, files: files ?? .max))
    }

    /// How many bytes may still be written.
    var bytesLeft: UInt64 { left.withLock { $0.bytes } }

    /// Counts bytes that are about to be written.
    ///
    /// - Throws: `EDQUOT` where they are too many; then none is counted.
    func takeBytes(_ count: UInt64) throws(Errno) {
        let isThere = left.withLock { left in
            guard count <= left.bytes else { return false }
            if left.bytes != .max { left.bytes -= count }
            return true
        }
        guard isThere else { throw .EDQUOT }
    }

    /// Counts bytes no more: they were not written after all.
    func returnBytes(_ count: UInt64) {
        left.withLock { if $0.bytes != .max { $0.bytes += count } }
    }

    /// Counts a file that is about to be created.
    ///
    /// - Throws: `EDQUOT` where there may be none.
    func takeFile() throws(Errno) {
        let isThere = left.withLock { left in
            guard left.files > 0 else { return false }
            if left.files != .max { left.files -= 1 }
            return true
        }
        guard isThere else { throw .EDQUOT }
    }

    /// Counts a file no more: it was not created after all.
    func returnFile() {
        left.withLock { if $0.files != .max { $0.files += 1 } }
    }
}

extension UInt64 {
    /// An amount of bytes, as people write it: a number above zero, and a unit of it, `K`, `M`, `G` or `T`,
    /// powers of 1024.
    public init?(amount text: String) {
        let units = ["K": 10, "M": 20, "G": 30, "T": 40] as [Character: UInt64]
        let unit = text.last.flatMap { last in units[Character(last.uppercased())] }
        guard let number = UInt64(unit == nil ? text[...] : text.dropLast()), number > 0,
            number <= UInt64.max >> (unit ?? 0)
        else { return nil }
        self = number << (unit ?? 0)
    }
}
