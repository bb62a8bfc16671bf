// SPDX-License-Identifier: Apache-2.0

public import Wire

/// The reply to statvfs@openssh.com and fstatvfs@openssh.com, with the fields of statvfs(3).
public struct FileSystemStatistics: Hashable, Sendable {
    /// The block size, in bytes.
    public var bsize: UInt64 = 0
    /// The unit in which ``blocks``, ``bfree`` and ``bavail`` count, in bytes.
    public var frsize: UInt64 = 0
    /// The size of the file system, in units of ``frsize``.
    public var blocks: UInt64 = 0
    /// The free blocks.
    public var bfree: UInt64 = 0
    /// The free blocks that are not kept for root.
    public var bavail: UInt64 = 0
    /// How many inodes there are.
    public var files: UInt64 = 0
    /// How many inodes are free.
    public var ffree: UInt64 = 0
    /// How many free inodes are not kept for root.
    public var favail: UInt64 = 0
    /// The number of the file system.
    public var fsid: UInt64 = 0
    /// ``readOnly`` and ``noSetuid``.
    public var flag: UInt64 = 0
    /// The longest name, in bytes.
    public var namemax: UInt64 = 0

    /// In ``flag``: mounted read-only.
    public static let readOnly: UInt64 = 1
    /// In ``flag``: setuid bits are ignored.
    public static let noSetuid: UInt64 = 2

    /// All zeros.
    public init() {}

    /// Decodes the body of an EXTENDED_REPLY; what follows its last field is passed over.
    public init(decoding body: Bytes) throws(WireError) {
        var reader = WireReader(body)
        bsize = try reader.readUInt64()
        frsize = try reader.readUInt64()
        blocks = try reader.readUInt64()
        bfree = try reader.readUInt64()
        bavail = try reader.readUInt64()
        files = try reader.readUInt64()
        ffree = try reader.readUInt64()
        favail = try reader.readUInt64()
        fsid = try reader.readUInt64()
        flag = try reader.readUInt64()
        namemax = try reader.readUInt64()
    }

    /// The reply.
    public var reply: SFTPReply {
        var writer = WireWriter(capacity: 88)
        for value in [
            bsize, frsize, blocks, bfree, bavail, files, ffree, favail, fsid, flag, namemax,
        ] {
            writer.write(value)
        }
        return .extended(writer.bytes[...])
    }
}
