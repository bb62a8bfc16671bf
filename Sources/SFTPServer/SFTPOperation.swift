// SPDX-License-Identifier: Apache-2.0

public import SFTPProtocol

/// The requests by the names that OpenSSH's server gives them, for its options `-P`, `-p` and `-Q`.
///
/// The order is that of `-Q requests`.
public enum SFTPOperation: String, CaseIterable, Sendable {
    case open
    case close
    case read
    case write
    case lstat
    case fstat
    case setstat
    case fsetstat
    case opendir
    case readdir
    case remove
    case mkdir
    case rmdir
    case realpath
    case stat
    case rename
    case readlink
    case symlink
    case posixRename = "posix-rename"
    case statvfs
    case fstatvfs
    case hardlink
    case fsync
    case lsetstat
    case limits
    case expandPath = "expand-path"
    case copyData = "copy-data"
    case homeDirectory = "home-directory"
    case usersGroupsByID = "users-groups-by-id"

    /// Whether a read-only server refuses it.
    ///
    /// OPEN is not among them: a read-only server looks at its flags.
    public var writes: Bool {
        switch self {
        case .write, .setstat, .fsetstat, .remove, .mkdir, .rmdir, .rename, .symlink, .posixRename,
            .hardlink, .fsync, .lsetstat, .copyData:
            true
        case .open, .close, .read, .lstat, .fstat, .opendir, .readdir, .realpath, .stat, .readlink,
            .statvfs, .fstatvfs, .limits, .expandPath, .homeDirectory, .usersGroupsByID:
            false
        }
    }

    /// The extension that brings it, for what is not part of version 3.
    public var protocolExtension: SFTPExtension? {
        switch self {
        case .posixRename: .posixRename
        case .statvfs: .statvfs
        case .fstatvfs: .fstatvfs
        case .hardlink: .hardlink
        case .fsync: .fsync
        case .lsetstat: .lsetstat
        case .limits: .limits
        case .expandPath: .expandPath
        case .copyData: .copyData
        case .homeDirectory: .homeDirectory
        case .usersGroupsByID: .usersGroupsByID
        case .open, .close, .read, .write, .lstat, .fstat, .setstat, .fsetstat, .opendir, .readdir,
            .remove, .mkdir, .rmdir, .realpath, .stat, .rename, .readlink, .symlink:
            nil
        }
    }
}

extension SFTPRequest {
    /// The operation that it asks for; `nil` for what we don't know.
    public var operation: SFTPOperation? {
        switch self {
        case .open: .open
        case .close: .close
        case .read: .read
        case .write: .write
        case .lstat: .lstat
        case .stat: .stat
        case .fstat: .fstat
        case .setstat: .setstat
        case .fsetstat: .fsetstat
        case .opendir: .opendir
        case .readdir: .readdir
        case .remove: .remove
        case .mkdir: .mkdir
        case .rmdir: .rmdir
        case .realpath: .realpath
        case .rename: .rename
        case .readlink: .readlink
        case .symlink: .symlink
        case .posixRename: .posixRename
        case .statvfs: .statvfs
        case .fstatvfs: .fstatvfs
        case .hardlink: .hardlink
        case .fsync: .fsync
        case .lsetstat: .lsetstat
        case .limits: .limits
        case .expandPath: .expandPath
        case .copyData: .copyData
        case .homeDirectory: .homeDirectory
        case .usersGroupsByID: .usersGroupsByID
        case .unknownExtension, .unknown: nil
        }
    }
}
