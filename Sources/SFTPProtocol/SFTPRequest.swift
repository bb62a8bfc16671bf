// SPDX-License-Identifier: Apache-2.0

public import Wire

/// A request of a client: all of version 3 and OpenSSH's extensions.
///
/// Paths, names and handles are bytes: they have no encoding of their own. Decoded paths hold no NUL.
public enum SFTPRequest: Hashable, Sendable {
    /// OPEN. The attributes count only for a file that is created. Reply: handle.
    case open(path: Bytes, flags: OpenFlags, attributes: FileAttributes)
    /// CLOSE a file or directory. Reply: status.
    case close(handle: Bytes)
    /// READ up to `length` bytes. Reply: data, or status EOF.
    case read(handle: Bytes, offset: UInt64, length: UInt32)
    /// WRITE; the data is the concatenation of the pieces. Reply: status.
    case write(handle: Bytes, offset: UInt64, data: [Bytes])
    /// LSTAT: a link's own attributes. Reply: attributes.
    case lstat(path: Bytes)
    /// STAT. Reply: attributes.
    case stat(path: Bytes)
    /// FSTAT. Reply: attributes.
    case fstat(handle: Bytes)
    /// SETSTAT. Reply: status.
    case setstat(path: Bytes, attributes: FileAttributes)
    /// FSETSTAT. Reply: status.
    case fsetstat(handle: Bytes, attributes: FileAttributes)
    /// OPENDIR. Reply: handle.
    case opendir(path: Bytes)
    /// READDIR: the next entries. Reply: name, or status EOF.
    case readdir(handle: Bytes)
    /// REMOVE a file. Reply: status.
    case remove(path: Bytes)
    /// MKDIR. Reply: status.
    case mkdir(path: Bytes, attributes: FileAttributes)
    /// RMDIR. Reply: status.
    case rmdir(path: Bytes)
    /// REALPATH: the canonical absolute path. Reply: name.
    case realpath(path: Bytes)
    /// RENAME, not onto something that exists. Reply: status.
    case rename(oldPath: Bytes, newPath: Bytes)
    /// READLINK. Reply: name.
    case readlink(path: Bytes)
    /// SYMLINK, in OpenSSH's order of the fields: the draft has them the other way round.
    case symlink(target: Bytes, linkPath: Bytes)
    /// posix-rename@openssh.com: rename(2). Reply: status.
    case posixRename(oldPath: Bytes, newPath: Bytes)
    /// statvfs@openssh.com. Reply: extended, ``FileSystemStatistics``.
    case statvfs(path: Bytes)
    /// fstatvfs@openssh.com. Reply: extended, ``FileSystemStatistics``.
    case fstatvfs(handle: Bytes)
    /// hardlink@openssh.com: link(2). Reply: status.
    case hardlink(oldPath: Bytes, newPath: Bytes)
    /// fsync@openssh.com. Reply: status.
    case fsync(handle: Bytes)
    /// lsetstat@openssh.com: SETSTAT that doesn't follow a link. Reply: status.
    case lsetstat(path: Bytes, attributes: FileAttributes)
    /// limits@openssh.com. Reply: extended, ``ServerLimits``.
    case limits
    /// expand-path@openssh.com: REALPATH with `~` expanded. Reply: name.
    case expandPath(path: Bytes)
    /// copy-data: copies on the server; length 0 means to the end. Reply: status.
    case copyData(
        readHandle: Bytes, readOffset: UInt64, length: UInt64, writeHandle: Bytes,
        writeOffset: UInt64)
    /// home-directory: the home of a user, of the server's own if empty. Reply: name.
    case homeDirectory(user: Bytes)
    /// users-groups-by-id@openssh.com. Reply: extended, ``UserGroupNames``.
    case usersGroupsByID(uids: [UInt32], gids: [UInt32])
    /// EXTENDED with a name that we don't know. Reply: status OP_UNSUPPORTED.
    case unknownExtension(name: Bytes, data: Bytes)
    /// A type that we don't know. Reply: status OP_UNSUPPORTED.
    case unknown(type: UInt8, body: Bytes)
}
