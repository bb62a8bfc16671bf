// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
public import SFTPProtocol
public import Wire

/// Calls on local files by path.
///
/// A relative path begins at the working directory. Every call throws the system's error.
public enum LocalFiles {
    /// The bits of a mode that chmod(2) sets.
    public static let permissionBits: UInt32 = 0o7777

    // MARK: Attributes

    /// What is known of a file; of a link itself unless it is followed.
    public static func status(of path: Bytes, followingLink: Bool) throws(Errno) -> FileStatus {
        var status = stat()
        try unsafe withPath(path) { path in
            unsafe fstatat(AT_FDCWD, path, &status, followingLink ? 0 : AT_SYMLINK_NOFOLLOW)
        }
        return FileStatus(status)
    }

    /// The file system that a file is on.
    public static func fileSystemStatistics(of path: Bytes) throws(Errno) -> FileSystemStatistics {
        var statistics = statvfs()
        try unsafe withPath(path) { unsafe statvfs($0, &statistics) }
        return FileSystemStatistics(statistics)
    }

    /// Sets a file's size in bytes.
    public static func truncate(_ path: Bytes, to size: UInt64) throws(Errno) {
        let size = try systemOffset(size)
        try unsafe withPath(path) { unsafe Glibc.truncate($0, size) }
    }

    /// Sets the low 12 bits of the mode.
    public static func setPermissions(
        of path: Bytes, to permissions: UInt32, followingLink: Bool
    ) throws(Errno) {
        try unsafe withPath(path) { path in
            unsafe fchmodat(
                AT_FDCWD, path, permissions & permissionBits,
                followingLink ? 0 : AT_SYMLINK_NOFOLLOW)
        }
    }

    /// Sets the times.
    public static func setTimes(
        of path: Bytes, to times: TimeChanges, followingLink: Bool
    ) throws(Errno) {
        let pair = timespecs(times)
        try unsafe withPath(path) { path in
            unsafe utimensat(AT_FDCWD, path, pair, followingLink ? 0 : AT_SYMLINK_NOFOLLOW)
        }
    }

    /// Sets owner and group.
    public static func setOwner(
        of path: Bytes, to owner: FileAttributes.Owner, followingLink: Bool
    ) throws(Errno) {
        try unsafe withPath(path) { path in
            unsafe fchownat(
                AT_FDCWD, path, owner.uid, owner.gid, followingLink ? 0 : AT_SYMLINK_NOFOLLOW)
        }
    }

    /// Access and modification time as the system takes them.
    static func timespecs(_ times: TimeChanges) -> [timespec] {
        [timespec(times.atime), timespec(times.mtime)]
    }

    // MARK: Names

    /// Removes a name that is not a directory's.
    public static func remove(_ path: Bytes) throws(Errno) {
        try unsafe withPath(path) { unsafe unlink($0) }
    }

    /// Makes a directory; the umask applies.
    public static func makeDirectory(_ path: Bytes, permissions: UInt32) throws(Errno) {
        try unsafe withPath(path) { unsafe mkdir($0, permissions & permissionBits) }
    }

    /// Removes an empty directory.
    public static func removeDirectory(_ path: Bytes) throws(Errno) {
        try unsafe withPath(path) { unsafe rmdir($0) }
    }

    /// Renames, and replaces what stands at `newPath`, as rename(2) does.
    public static func rename(_ oldPath: Bytes, replacing newPath: Bytes) throws(Errno) {
        try unsafe withPaths(oldPath, newPath) { unsafe Glibc.rename($0, $1) }
    }

    /// Renames, and fails with EEXIST if something stands at `newPath`.
    ///
    /// At once where the file system can; otherwise a file gets its second name before it loses the
    /// first, so that it too can't replace anything. Only what has no second name, a directory or
    /// any file where links are unknown, is checked before it is renamed.
    public static func rename(_ oldPath: Bytes, to newPath: Bytes) throws(Errno) {
        do {
            try unsafe withPaths(oldPath, newPath) {
                unsafe clinux_rename_noreplace(AT_FDCWD, $0, AT_FDCWD, $1)
            }
        } catch  where error == .EINVAL || error == .ENOSYS {
            try renameInSteps(oldPath, to: newPath)
        }
    }

    /// The way without the system's help; apart so that it can be tested.
    static func renameInSteps(_ oldPath: Bytes, to newPath: Bytes) throws(Errno) {
        if try status(of: oldPath, followingLink: false).isRegular {
            do {
                try link(oldPath, to: newPath)
                try remove(oldPath)
                return
            } catch  where error == .EOPNOTSUPP || error == .ENOSYS || error == .EPERM {
                // This file system has no links.
            }
        }
        do {
            _ = try status(of: newPath, followingLink: false)
        } catch  where error == .ENOENT {
            return try rename(oldPath, replacing: newPath)
        }
        throw .EEXIST
    }

    /// Gives a file a second name; a link is not followed.
    public static func link(_ oldPath: Bytes, to newPath: Bytes) throws(Errno) {
        try unsafe withPaths(oldPath, newPath) { unsafe Glibc.link($0, $1) }
    }

    /// Makes a symbolic link at `path`.
    public static func makeSymbolicLink(_ path: Bytes, to target: Bytes) throws(Errno) {
        try unsafe withPaths(target, path) { unsafe symlink($0, $1) }
    }

    /// The target of a symbolic link.
    public static func target(ofLink path: Bytes) throws(Errno) -> Bytes {
        try target(ofLink: path, in: AT_FDCWD)
    }

    static func target(ofLink path: Bytes, in directory: Int32) throws(Errno) -> Bytes {
        try unsafe withPathPointer(path) { path throws(Errno) in
            var failure: Errno?
            let target = unsafe [CChar](unsafeUninitializedCapacity: Int(PATH_MAX)) {
                buffer, count in
                guard let start = buffer.baseAddress else { return }
                let length = unsafe readlinkat(directory, path, start, buffer.count)
                if length < 0 { failure = .last }
                count = max(length, 0)
            }
            if let failure { throw failure }
            return target.map { UInt8(bitPattern: $0) }[...]
        }
    }
}

extension timespec {
    /// Linux's `UTIME_NOW` and `UTIME_OMIT`, utimensat(2).
    private static let (now, omit) = ((1 << 30) - 1, (1 << 30) - 2)

    fileprivate init(_ change: TimeChanges.Change) {
        switch change {
        case .omit: self.init(tv_sec: 0, tv_nsec: Self.omit)
        case .now: self.init(tv_sec: 0, tv_nsec: Self.now)
        case .at(let time): self.init(tv_sec: Int(time.seconds), tv_nsec: Int(time.fraction))
        }
    }
}
