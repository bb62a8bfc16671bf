// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

extension CopyOptions {
    /// What is to be set so that a copy has of its source what it is to have.
    ///
    /// - Parameter bits: those of the mode that are copied at all.
    func preserved(of source: FileAttributes, bits: UInt32) -> FileAttributes {
        var result = FileAttributes()
        if preserved.contains(.mode) { result.permissions = source.permissions.map { $0 & bits } }
        if preserved.contains(.owner) { result.owner = source.owner }
        if preserved.contains(.times) || preserved.contains(.nanoseconds) {
            result.times = source.times
        }
        if preserved.contains(.nanoseconds), let exact = source.exact {
            result.timeChanges = TimeChanges(atime: .at(exact.atime), mtime: .at(exact.mtime))
        }
        return result
    }
}

extension FileAttributes {
    /// The times to be set, as exactly as they are given.
    var wantedTimes: TimeChanges? { timeChanges ?? times.map { TimeChanges($0) } }
}
