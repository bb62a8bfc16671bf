// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
public import SFTPProtocol
public import Wire

/// An open file, closed at the end of its life or by ``close()``.
public struct LocalFile: ~Copyable, Sendable {
    let descriptor: Int32
    let flags: OpenFlags

    /// Opens a file.
    ///
    /// It never waits for the other end of a FIFO, and never takes a terminal as its own.
    ///
    /// - Parameters:
    ///   - path: absolute, or relative to the working directory; links are followed.
    ///   - flags: how to open it, and whether to create it.
    ///   - permissions: of a file that is created, before the umask.
    public init(opening path: Bytes, flags: OpenFlags, permissions: UInt32) throws(Errno) {
        try self.init(opening: path, in: nil, flags: flags, permissions: permissions)
    }

    /// Opens a file of a confined tree.
    init(
        opening path: Bytes, in root: RootDirectory?, flags: OpenFlags, permissions: UInt32
    ) throws(Errno) {
        var opened: Int32 = -1
        let systemFlags = Self.systemFlags(flags)
        try unsafe withPath(path) { path in
            let open = { (flags: Int32) -> Int32 in
                if let root { return unsafe root.open(path, flags, permissions) }
                return unsafe Glibc.open(path, flags, permissions)
            }
            opened = open(systemFlags | O_NONBLOCK)
            if opened < 0 && errno == EWOULDBLOCK {
                // Another program holds a lease on the file, and is asked to give it up meanwhile.
                opened = open(systemFlags)
            }
            return opened
        }
        descriptor = opened
        self.flags = flags
    }

    /// Takes an open descriptor over.
    init(owning descriptor: Int32, flags: OpenFlags) {
        self.descriptor = descriptor
        self.flags = flags
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Closes the file, and reports what a delayed write may have failed with.
    public consuming func close() throws(Errno) {
        let descriptor = descriptor
        discard self
        try check(Glibc.close(descriptor))
    }

    static func systemFlags(_ flags: OpenFlags) -> Int32 {
        var result = O_NOCTTY | O_CLOEXEC
        if flags.contains(.write) { result |= flags.contains(.read) ? O_RDWR : O_WRONLY }
        if flags.contains(.append) { result |= O_APPEND }
        if flags.contains(.create) { result |= O_CREAT }
        if flags.contains(.truncate) { result |= O_TRUNC }
        if flags.contains(.exclusive) { result |= O_EXCL }
        return result
    }

    // MARK: Content

    /// Reads at `offset` into a new buffer, behind `headerCount` bytes that are left free in front.
    ///
    /// - Returns: the buffer; no longer than the header at the end of the file, and possibly shorter
    ///   than asked for before it.
    public func read(
        upTo count: Int, at offset: UInt64, behind headerCount: Int
    ) throws(Errno) -> [UInt8] {
        let offset = try systemOffset(offset)
        var failure: Errno?
        let buffer = unsafe [UInt8](unsafeUninitializedCapacity: headerCount + count) {
            buffer, initialized in
            unsafe buffer[..<headerCount].initialize(repeating: 0)
            let room = unsafe UnsafeMutableRawBufferPointer(
                rebasing: UnsafeMutableRawBufferPointer(buffer)[headerCount...])
            let got = unsafe pread(descriptor, room.baseAddress, room.count, offset)
            if got < 0 { failure = .last }
            initialized = headerCount + max(got, 0)
        }
        if let failure { throw failure }
        return buffer
    }

    /// Writes all of `pieces`, one behind the other, at `offset`; at the end if the file was opened
    /// for appending.
    public func write(_ pieces: [Bytes], at offset: UInt64) throws(Errno) {
        var offset = try systemOffset(offset)
        for piece in pieces {
            let (end, overflow) = offset.addingReportingOverflow(off_t(piece.count))
            guard !overflow else { throw .EFBIG }
            try unsafe piece.span.withUnsafeBytes { bytes throws(Errno) in
                try unsafe writeAll(bytes, at: offset)
            }
            offset = end
        }
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer, at offset: off_t) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let written =
                flags.contains(.append)
                ? unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
                : unsafe pwrite(descriptor, rest.baseAddress, rest.count, offset + off_t(done))
            if written < 0 { throw .last }
            // Nothing written and no error: not to be tried for ever.
            if written == 0 { throw .EIO }
            done += written
        }
    }

    /// Copies up to `count` bytes of `source`, to the end of this file if it was opened so.
    ///
    /// - Returns: how many bytes were copied; fewer than `count` at the end of `source` only.
    public func copy(
        from source: borrowing LocalFile, at sourceOffset: UInt64, count: UInt64, to offset: UInt64
    ) throws(Errno) -> UInt64 {
        var from = try systemOffset(sourceOffset)
        var to = try systemOffset(offset)
        var left = count
        // The kernel's own copy refuses a destination that appends.
        var inKernel = !flags.contains(.append)
        while left > 0 {
            if inKernel {
                let step = Int(min(left, Self.kernelCopyBytes))
                let copied = unsafe clinux_copy_file_range(
                    source.descriptor, &from, descriptor, &to, step)
                if copied > 0 {
                    left -= UInt64(copied)
                    continue
                }
                // It also fails across some file systems, and finds files of unknown size, such as
                // those in /proc, empty: what is left is read and written.
                if copied < 0, !Self.isCopyUnsupported(.last) { throw .last }
                inKernel = false
            }
            let step = Int(min(left, Self.copyBufferBytes))
            let piece = try source.read(upTo: step, at: UInt64(from), behind: 0)
            if piece.isEmpty { break }
            try write([piece[...]], at: UInt64(to))
            from += off_t(piece.count)
            to += off_t(piece.count)
            left -= UInt64(piece.count)
        }
        return count - left
    }

    private static let kernelCopyBytes: UInt64 = 1 << 30
    private static let copyBufferBytes: UInt64 = 256 << 10

    private static func isCopyUnsupported(_ errno: Errno) -> Bool {
        [.EXDEV, .EINVAL, .ENOSYS, .EOPNOTSUPP, .EPERM].contains(errno)
    }

    /// Reports what a delayed write may have failed with, as ``close()`` does, and stays open.
    public func reportDelayedErrors() throws(Errno) {
        let second = dup(descriptor)
        try check(second)
        try check(Glibc.close(second))
    }

    /// Waits until content and attributes are on the disk.
    public func synchronize() throws(Errno) {
        try check(fsync(descriptor))
    }

    // MARK: Attributes

    /// What is known of the file.
    public func status() throws(Errno) -> FileStatus {
        var status = stat()
        try check(unsafe fstat(descriptor, &status))
        return FileStatus(status)
    }

    /// The file system that the file is on.
    public func fileSystemStatistics() throws(Errno) -> FileSystemStatistics {
        var statistics = statvfs()
        try check(unsafe fstatvfs(descriptor, &statistics))
        return FileSystemStatistics(statistics)
    }

    /// Sets the size in bytes.
    public func truncate(to size: UInt64) throws(Errno) {
        try check(ftruncate(descriptor, try systemOffset(size)))
    }

    /// Sets the low 12 bits of the mode.
    public func setPermissions(_ permissions: UInt32) throws(Errno) {
        try check(fchmod(descriptor, permissions & LocalFiles.permissionBits))
    }

    /// Sets both times.
    public func setTimes(_ times: TimeChanges) throws(Errno) {
        let pair = LocalFiles.timespecs(times)
        try check(unsafe futimens(descriptor, pair))
    }

    /// Sets owner and group.
    public func setOwner(_ owner: FileAttributes.Owner) throws(Errno) {
        try check(fchown(descriptor, owner.uid, owner.gid))
    }
}
