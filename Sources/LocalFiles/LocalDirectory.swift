// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
public import SFTPProtocol
public import Wire

/// A local directory that is held open, so that what is done in it by name happens in this very
/// directory, wherever it has been moved, and whatever has taken its place.
///
/// Names are single components, or `.` for the directory itself. Links are followed only where that is
/// asked for. Every call blocks, and throws the system's error.
public final class LocalDirectory: Sendable {
    private let descriptor: Int32

    private init(owning descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { Glibc.close(descriptor) }

    /// Opens a directory by its path; links on the way are followed, and one at its end, too.
    public convenience init(opening path: Bytes) throws(Errno) {
        self.init(owning: try Self.open(path, in: AT_FDCWD, followingLink: true))
    }

    /// Opens a directory in this one.
    public func folder(named name: Bytes, followingLink: Bool) throws(Errno) -> LocalDirectory {
        LocalDirectory(owning: try Self.open(name, in: descriptor, followingLink: followingLink))
    }

    private static func open(
        _ path: Bytes, in directory: Int32, followingLink: Bool
    ) throws(Errno) -> Int32 {
        let flags = O_DIRECTORY | O_CLOEXEC | (followingLink ? 0 : O_NOFOLLOW)
        var opened: Int32 = -1
        try unsafe withPath(path) { path in
            opened = unsafe openat(directory, path, O_RDONLY | flags)
            // Files can be made and found by name in a directory that can't be listed.
            if opened < 0, errno == EACCES {
                opened = unsafe openat(directory, path, CInt(clinux_O_PATH) | flags)
            }
            return opened
        }
        return opened
    }

    // MARK: What is in it

    /// Begins a listing.
    public func list() throws(Errno) -> DirectoryStream {
        var opened: Int32 = -1
        try unsafe withPath([UInt8(ascii: ".")]) { path in
            opened = unsafe openat(descriptor, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            return opened
        }
        return try DirectoryStream(owning: opened)
    }

    /// What is known of an entry.
    public func status(of name: Bytes, followingLink: Bool) throws(Errno) -> FileStatus {
        var status = stat()
        try unsafe withPath(name) { name in
            unsafe fstatat(descriptor, name, &status, followingLink ? 0 : AT_SYMLINK_NOFOLLOW)
        }
        return FileStatus(status)
    }

    /// The target of a symbolic link.
    public func target(ofLink name: Bytes) throws(Errno) -> Bytes {
        try LocalFiles.target(ofLink: name, in: descriptor)
    }

    /// Opens a file, or makes it.
    ///
    /// - Parameters:
    ///   - name: the file's name in this directory.
    ///   - flags: how to open it, and whether to make it.
    ///   - permissions: of a file that is made, before the umask.
    ///   - followingLink: whether a symbolic link of that name is followed; otherwise it fails.
    ///   - waits: whether to wait for the other end of a FIFO, in this call and in later ones.
    public func openFile(
        named name: Bytes, flags: OpenFlags, permissions: UInt32 = 0, followingLink: Bool,
        waits: Bool = false
    ) throws(Errno) -> LocalFile {
        let systemFlags =
            LocalFile.systemFlags(flags) | (followingLink ? 0 : O_NOFOLLOW)
            | (waits ? 0 : O_NONBLOCK)
        var opened: Int32 = -1
        try unsafe withPath(name) { name in
            opened = unsafe openat(descriptor, name, systemFlags, permissions)
            return opened
        }
        return LocalFile(owning: opened, flags: flags)
    }

    // MARK: Changing it

    /// Makes a directory; the umask applies.
    public func makeDirectory(_ name: Bytes, permissions: UInt32) throws(Errno) {
        try unsafe withPath(name) {
            unsafe mkdirat(descriptor, $0, permissions & LocalFiles.permissionBits)
        }
    }

    /// Makes a symbolic link.
    public func makeSymbolicLink(_ name: Bytes, to target: Bytes) throws(Errno) {
        try unsafe withPaths(target, name) { unsafe symlinkat($0, descriptor, $1) }
    }

    /// Gives a file of a directory another name, in this one; a link is not followed.
    public func makeHardLink(
        _ name: Bytes, to folder: LocalDirectory, _ file: Bytes
    ) throws(Errno) {
        try unsafe withPaths(file, name) {
            unsafe linkat(folder.descriptor, $0, descriptor, $1, 0)
        }
    }

    /// Removes a name that is not a directory's.
    public func remove(_ name: Bytes) throws(Errno) {
        try unsafe withPath(name) { unsafe unlinkat(descriptor, $0, 0) }
    }

    /// Removes an empty directory.
    public func removeDirectory(_ name: Bytes) throws(Errno) {
        try unsafe withPath(name) { unsafe unlinkat(descriptor, $0, AT_REMOVEDIR) }
    }

    /// Renames an entry, and replaces what has the new name.
    public func rename(_ oldName: Bytes, replacing newName: Bytes) throws(Errno) {
        try unsafe withPaths(oldName, newName) {
            unsafe renameat(descriptor, $0, descriptor, $1)
        }
    }

    /// Sets the low 12 bits of the mode of the directory itself.
    public func setPermissions(_ permissions: UInt32) throws(Errno) {
        try unsafe withPath([UInt8(ascii: ".")]) {
            unsafe fchmodat(descriptor, $0, permissions & LocalFiles.permissionBits, 0)
        }
    }

    /// Sets owner and group of the directory itself.
    public func setOwner(_ owner: FileAttributes.Owner) throws(Errno) {
        try unsafe withPath([UInt8(ascii: ".")]) {
            unsafe fchownat(descriptor, $0, owner.uid, owner.gid, 0)
        }
    }

    /// Sets the times of the directory itself.
    public func setTimes(_ times: TimeChanges) throws(Errno) {
        let pair = LocalFiles.timespecs(times)
        try unsafe withPath([UInt8(ascii: ".")]) { unsafe utimensat(descriptor, $0, pair, 0) }
    }
}
