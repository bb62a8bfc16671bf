// SPDX-License-Identifier: Apache-2.0

public import SFTPProtocol
public import Wire

// The requests of SFTP version 3 that take paths. Relative ones start in the server's directory,
// usually the user's home. A path that is too long or holds a NUL is refused here, with ENAMETOOLONG
// or EINVAL.

extension SFTPClient {
    /// STAT: a file's attributes; links are followed.
    public func stat(_ path: Bytes) async throws(SFTPError) -> FileAttributes {
        try await call(.stat(path: checked(path)), ReplyDecoding.attributes)
    }

    /// LSTAT: a file's attributes, of a link its own.
    public func lstat(_ path: Bytes) async throws(SFTPError) -> FileAttributes {
        try await call(.lstat(path: checked(path)), ReplyDecoding.attributes)
    }

    /// LSTAT, started: several in flight share a round trip.
    public func startLstat(_ path: Bytes) throws(SFTPError) -> PendingReply<FileAttributes> {
        try start(.lstat(path: checked(path)), ReplyDecoding.attributes)
    }

    /// SETSTAT: sets those attributes that are given; links are followed.
    public func setstat(_ path: Bytes, _ attributes: FileAttributes) async throws(SFTPError) {
        try await call(
            .setstat(path: checked(path), attributes: attributes), ReplyDecoding.done)
    }

    /// REMOVE: removes a file or link, not a directory.
    public func remove(_ path: Bytes) async throws(SFTPError) {
        try await call(.remove(path: checked(path)), ReplyDecoding.done)
    }

    /// MKDIR: makes a directory.
    ///
    /// The server's umask applies to its permissions.
    public func mkdir(
        _ path: Bytes, attributes: FileAttributes = FileAttributes()
    ) async throws(SFTPError) {
        try await call(.mkdir(path: checked(path), attributes: attributes), ReplyDecoding.done)
    }

    /// RMDIR: removes an empty directory.
    public func rmdir(_ path: Bytes) async throws(SFTPError) {
        try await call(.rmdir(path: checked(path)), ReplyDecoding.done)
    }

    /// RENAME: fails where something has the new name already.
    ///
    /// See ``posixRename(from:to:)``.
    public func rename(from oldPath: Bytes, to newPath: Bytes) async throws(SFTPError) {
        try await call(
            .rename(oldPath: checked(oldPath), newPath: checked(newPath)), ReplyDecoding.done)
    }

    /// SYMLINK: makes a link.
    ///
    /// Sent in OpenSSH's order of the two paths; the draft has them the other way round.
    ///
    /// - Parameters:
    ///   - linkPath: the link that is made.
    ///   - target: what it holds, as it is.
    public func symlink(at linkPath: Bytes, to target: Bytes) async throws(SFTPError) {
        try await call(
            .symlink(target: checked(target), linkPath: checked(linkPath)), ReplyDecoding.done)
    }

    /// READLINK: what a link holds.
    public func readlink(_ path: Bytes) async throws(SFTPError) -> Bytes {
        try await call(.readlink(path: checked(path)), ReplyDecoding.path)
    }

    /// REALPATH: the absolute path without links.
    ///
    /// Its last component need not be there.
    public func realpath(_ path: Bytes) async throws(SFTPError) -> Bytes {
        try await call(.realpath(path: checked(path)), ReplyDecoding.path)
    }
}
