// SPDX-License-Identifier: Apache-2.0

public import SFTPProtocol
public import Wire

/// The files that a server's clients see: all of this machine's, or one directory's as if nothing lay
/// above it.
///
/// In a confined tree `/` is the directory, and symbolic links and `..` lead nowhere above it, as under
/// chroot(2): the kernel resolves each path by openat2(2) with `RESOLVE_IN_ROOT`, and what is done is
/// done to the descriptor that comes of it, so that nothing can be swapped in between.
///
/// Every call throws the system's error.
public struct FileTree: Sendable {
    let root: RootDirectory?

    /// All of this machine's files; a relative path begins at the working directory.
    public static let whole = FileTree(root: nil)

    private init(root: RootDirectory?) { self.root = root }

    /// A tree whose root is a directory; relative paths begin there too.
    ///
    /// - Throws: also where the system lacks what confining takes: openat2(2), or `/proc`.
    public init(confinedTo directory: Bytes) throws(Errno) {
        let root = try RootDirectory(directory)
        self.init(root: root)
        guard
            try status(of: [UInt8(ascii: "/")], followingLink: true)
                .isSameFile(as: LocalFiles.status(of: directory, followingLink: true))
        else { throw .ENOSYS }
    }

    /// Whether it is a directory's only.
    public var isConfined: Bool { root != nil }

    /// Where relative paths begin.
    public func workingDirectory() throws(Errno) -> Bytes {
        isConfined ? [UInt8(ascii: "/")] : try LocalFiles.workingDirectory()
    }

    // MARK: Opening

    /// Opens a file, as ``LocalFile/init(opening:flags:permissions:)``.
    public func open(
        _ path: Bytes, flags: OpenFlags, permissions: UInt32
    ) throws(Errno) -> LocalFile {
        try LocalFile(opening: path, in: root, flags: flags, permissions: permissions)
    }

    /// Opens a directory to be listed.
    public func openDirectory(_ path: Bytes) throws(Errno) -> DirectoryStream {
        guard let root else { return try DirectoryStream(opening: path) }
        let place = try root.place(of: path)
        defer { place.close() }
        return try DirectoryStream(opening: place.path)
    }

    // MARK: Attributes

    /// What is known of a file; of a link itself unless it is followed.
    public func status(of path: Bytes, followingLink: Bool) throws(Errno) -> FileStatus {
        try withPath(path, followingLink: followingLink) { path throws(Errno) in
            try LocalFiles.status(of: path, followingLink: followingLink)
        }
    }

    /// The file system that a file is on.
    public func fileSystemStatistics(of path: Bytes) throws(Errno) -> FileSystemStatistics {
        try withFile(path) { path throws(Errno) in try LocalFiles.fileSystemStatistics(of: path) }
    }

    /// Sets a file's size in bytes.
    public func truncate(_ path: Bytes, to size: UInt64) throws(Errno) {
        try withFile(path) { path throws(Errno) in try LocalFiles.truncate(path, to: size) }
    }

    /// Sets the low 12 bits of the mode.
    public func setPermissions(
        of path: Bytes, to permissions: UInt32, followingLink: Bool
    ) throws(Errno) {
        try withPath(path, followingLink: followingLink) { path throws(Errno) in
            try LocalFiles.setPermissions(of: path, to: permissions, followingLink: followingLink)
        }
    }

    /// Sets the times.
    public func setTimes(
        of path: Bytes, to times: TimeChanges, followingLink: Bool
    ) throws(Errno) {
        try withPath(path, followingLink: followingLink) { path throws(Errno) in
            try LocalFiles.setTimes(of: path, to: times, followingLink: followingLink)
        }
    }

    /// Sets owner and group.
    public func setOwner(
        of path: Bytes, to owner: FileAttributes.Owner, followingLink: Bool
    ) throws(Errno) {
        try withPath(path, followingLink: followingLink) { path throws(Errno) in
            try LocalFiles.setOwner(of: path, to: owner, followingLink: followingLink)
        }
    }

    // MARK: Names

    /// Removes a name that is not a directory's.
    public func remove(_ path: Bytes) throws(Errno) {
        try withName(path) { path throws(Errno) in try LocalFiles.remove(path) }
    }

    /// Makes a directory; the umask applies.
    public func makeDirectory(_ path: Bytes, permissions: UInt32) throws(Errno) {
        try withName(path, isNew: true) { path throws(Errno) in
            try LocalFiles.makeDirectory(path, permissions: permissions)
        }
    }

    /// Removes an empty directory.
    public func removeDirectory(_ path: Bytes) throws(Errno) {
        try withName(path) { path throws(Errno) in try LocalFiles.removeDirectory(path) }
    }

    /// Renames, and replaces what stands at `newPath`, as rename(2) does.
    public func rename(_ oldPath: Bytes, replacing newPath: Bytes) throws(Errno) {
        try withNames(oldPath, newPath) { oldPath, newPath throws(Errno) in
            try LocalFiles.rename(oldPath, replacing: newPath)
        }
    }

    /// Renames, as ``LocalFiles/rename(_:to:)``.
    public func rename(_ oldPath: Bytes, to newPath: Bytes) throws(Errno) {
        try withNames(oldPath, newPath, isNew: true) { oldPath, newPath throws(Errno) in
            try LocalFiles.rename(oldPath, to: newPath)
        }
    }

    /// Gives a file a second name; a link is not followed.
    public func link(_ oldPath: Bytes, to newPath: Bytes) throws(Errno) {
        try withNames(oldPath, newPath, isNew: true) { oldPath, newPath throws(Errno) in
            try LocalFiles.link(oldPath, to: newPath)
        }
    }

    /// Makes a symbolic link at `path`; what it says stays as it is.
    public func makeSymbolicLink(_ path: Bytes, to target: Bytes) throws(Errno) {
        try withName(path, isNew: true) { path throws(Errno) in
            try LocalFiles.makeSymbolicLink(path, to: target)
        }
    }

    /// The target of a symbolic link.
    public func target(ofLink path: Bytes) throws(Errno) -> Bytes {
        try withPath(path, followingLink: false) { path throws(Errno) in
            try LocalFiles.target(ofLink: path)
        }
    }
}
