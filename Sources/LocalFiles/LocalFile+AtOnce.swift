// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
public import SFTPProtocol

// Reading what there is without waiting for a disk, and making a disk ready.
extension LocalFile {
    /// Reads as ``read(upTo:at:behind:)`` does, but only what lies in memory.
    ///
    /// - Returns: nil where the disk, or whatever else is below the file system, would have to be waited
    ///   for, or where the file system can't tell.
    public func readAtOnce(
        upTo count: Int, at offset: UInt64, behind headerCount: Int
    ) throws(Errno) -> [UInt8]? {
        let offset = try systemOffset(offset)
        var failure: Errno?
        let buffer = unsafe [UInt8](unsafeUninitializedCapacity: headerCount + count) {
            buffer, initialized in
            unsafe buffer[..<headerCount].initialize(repeating: 0)
            initialized = headerCount
            while initialized < headerCount + count {
                let room = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[initialized...])
                let got = unsafe clinux_read_at_once(
                    descriptor, room.baseAddress, room.count,
                    offset + off_t(initialized - headerCount))
                if got < 0 { failure = .last }
                if got <= 0 { return }
                initialized += got
            }
        }
        switch failure {
        case nil: return buffer
        case .EAGAIN, .EOPNOTSUPP: return nil
        case .some(let failure): throw failure
        }
    }

    /// Whether the file system lies in memory, so that reading never waits, though it can't tell so.
    public var isInMemory: Bool { clinux_is_in_memory(descriptor) != 0 }

    /// Tells the kernel that the file is read in order, so that it reads further ahead.
    public func expectSequentialReads() {
        // It is advice only: nothing is lost without it.
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    /// The same open file once more, for another thread.
    public func duplicate() throws(Errno) -> LocalFile {
        let second = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        try check(second)
        return LocalFile(owning: second, flags: flags)
    }
}
