// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

// Bytes are counted before they are written, whatever comes of it: what fails may have been written in part.
extension SFTPSession {
    /// Does what makes a file, directory or link, which counts unless it fails.
    func creating<Result: ~Copyable>(
        _ isNew: Bool = true, _ body: () throws(Errno) -> Result
    ) throws(Errno) -> Result {
        guard isNew, let quota = configuration.quota else { return try body() }
        try quota.takeFile()
        do throws(Errno) {
            return try body()
        } catch {
            quota.returnFile()
            throw error
        }
    }

    /// Whether opening a file would make one.
    ///
    /// Somebody else may make or remove it meanwhile; then it was the same number of files all the same,
    /// or counts twice.
    func makesFile(_ path: Bytes, _ flags: OpenFlags) -> Bool {
        guard configuration.quota != nil, flags.contains(.create) else { return false }
        return (try? files.status(of: path, followingLink: true)) == nil
    }

    /// How much of a copy is counted beforehand.
    struct CountedCopy {
        let count: UInt64
        /// Whether it is all that may be written, of a source that does not tell its size.
        let isAllThatIsLeft: Bool
    }

    /// Counts a copy of up to `wanted` bytes, as far as the source goes; nil where nothing is counted.
    func countCopy(
        of source: OpenFile, at offset: UInt64, wanted: UInt64
    ) throws(Errno) -> CountedCopy? {
        guard let quota = configuration.quota else { return nil }
        let size = try source.withFile { file throws(Errno) in try file.status().size }
        let isAll = size == 0
        let there = isAll ? quota.bytesLeft : size - min(size, offset)
        let count = min(wanted, there)
        try quota.takeBytes(count)
        return CountedCopy(count: count, isAllThatIsLeft: isAll && count < wanted)
    }

    /// Corrects what was counted by what was copied.
    func settle(_ counted: CountedCopy?, copied: UInt64) throws(Errno) {
        guard let counted else { return }
        configuration.quota?.returnBytes(counted.count - min(counted.count, copied))
        if counted.isAllThatIsLeft, copied >= counted.count { throw .EDQUOT }
    }
}
