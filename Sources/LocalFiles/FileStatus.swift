// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
public import SFTPProtocol

/// What stat(2) tells of a file.
public struct FileStatus: Sendable {
    /// The number of the device, which with ``inode`` identifies the file.
    public let device: UInt64
    /// The number of the inode.
    public let inode: UInt64
    /// The type and permission bits, `st_mode`.
    public let mode: UInt32
    /// How many names the file has.
    public let linkCount: UInt64
    /// The owner.
    public let uid: UInt32
    /// The group.
    public let gid: UInt32
    /// The size in bytes.
    public let size: UInt64
    /// The time of last access, in seconds since 1970.
    public let atime: Int64
    /// The time of last modification, in seconds since 1970.
    public let mtime: Int64
    /// What more ``ExactExtension`` tells of it.
    private let exact: ExactAttributes

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        mode = status.st_mode
        linkCount = UInt64(status.st_nlink)
        uid = status.st_uid
        gid = status.st_gid
        size = UInt64(max(status.st_size, 0))
        atime = Int64(status.st_atim.tv_sec)
        mtime = Int64(status.st_mtim.tv_sec)
        exact = ExactAttributes(
            identity: .init(device: device, inode: inode), linkCount: UInt32(clamping: linkCount),
            blocks: UInt64(max(status.st_blocks, 0)), atime: FileTime(status.st_atim),
            mtime: FileTime(status.st_mtim), ctime: FileTime(status.st_ctim))
    }

    /// Whether the file is a directory.
    public var isDirectory: Bool { mode & S_IFMT == S_IFDIR }

    /// Whether the file is a regular one.
    public var isRegular: Bool { mode & S_IFMT == S_IFREG }

    /// Which file it is, as long as it exists.
    public var identity: FileIdentity { FileIdentity(device: device, inode: inode) }

    /// Whether both are of the same file.
    public func isSameFile(as other: FileStatus) -> Bool {
        identity == other.identity
    }

    /// The status as SFTP sends it: all fields, and times that do not fit its 32 bits as the nearest that
    /// do, so that a file of 1960 is not newer than all others.
    ///
    /// - Parameter isExact: whether the client has asked for `ExactExtension`.
    public func attributes(isExact: Bool) -> FileAttributes {
        FileAttributes(
            size: size, owner: .init(uid: uid, gid: gid), permissions: mode,
            times: .init(
                atime: UInt32(clamping: atime), mtime: UInt32(clamping: mtime)),
            exact: isExact ? exact : nil)
    }
}

extension FileTime {
    fileprivate init(_ time: timespec) {
        self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(clamping: time.tv_nsec))
    }
}

/// Which file something is, whatever its names.
public struct FileIdentity: Hashable, Sendable {
    /// The number of the device.
    public let device: UInt64
    /// The number of the inode.
    public let inode: UInt64
}
