// SPDX-License-Identifier: Apache-2.0

public import Wire

/// ATTRS (SFTP draft version 3, section 5): what is known, or to be set, of a file.
///
/// Fields that are `nil` are absent from the packet. Extended attributes other than our own are read
/// past and dropped, as OpenSSH does: version 3 defines none.
public struct FileAttributes: Hashable, Sendable {
    /// Owner and group, as the server's numbers.
    public struct Owner: Hashable, Sendable {
        /// The user's number.
        public var uid: UInt32
        /// The group's number.
        public var gid: UInt32

        /// An owner and a group.
        public init(uid: UInt32, gid: UInt32) {
            self.uid = uid
            self.gid = gid
        }
    }

    /// Times of last access and modification, in seconds since 1970, unsigned: up to the year 2106.
    public struct Times: Hashable, Sendable {
        /// The time of last access.
        public var atime: UInt32
        /// The time of last modification.
        public var mtime: UInt32

        /// A pair of times.
        public init(atime: UInt32, mtime: UInt32) {
            self.atime = atime
            self.mtime = mtime
        }
    }

    /// The size in bytes.
    public var size: UInt64?
    /// Owner and group.
    public var owner: Owner?
    /// `st_mode`: in replies with the bits of the file type, in requests only the low 12 bits count.
    public var permissions: UInt32?
    /// Access and modification times; they come and go only together.
    public var times: Times?
    /// What ``ExactExtension`` adds to replies.
    public var exact: ExactAttributes?
    /// What ``ExactExtension`` adds to requests, in place of ``times``.
    public var timeChanges: TimeChanges?

    /// Attributes of which only the given ones are present.
    public init(
        size: UInt64? = nil, owner: Owner? = nil, permissions: UInt32? = nil, times: Times? = nil,
        exact: ExactAttributes? = nil, timeChanges: TimeChanges? = nil
    ) {
        self.size = size
        self.owner = owner
        self.permissions = permissions
        self.times = times
        self.exact = exact
        self.timeChanges = timeChanges
    }
}

extension FileAttributes {
    private enum Flag {
        static let size: UInt32 = 0x1
        static let owner: UInt32 = 0x2
        static let permissions: UInt32 = 0x4
        static let times: UInt32 = 0x8
        static let extended: UInt32 = 0x8000_0000
    }

    /// Reads ATTRS.
    ///
    /// Unknown flag bits announce no field, as OpenSSH takes them.
    public init(from reader: inout WireReader) throws(WireError) {
        let flags = try reader.readUInt32()
        self.init()
        if flags & Flag.size != 0 { size = try reader.readUInt64() }
        if flags & Flag.owner != 0 {
            let uid = try reader.readUInt32()
            owner = Owner(uid: uid, gid: try reader.readUInt32())
        }
        if flags & Flag.permissions != 0 { permissions = try reader.readUInt32() }
        if flags & Flag.times != 0 {
            let atime = try reader.readUInt32()
            times = Times(atime: atime, mtime: try reader.readUInt32())
        }
        if flags & Flag.extended != 0 { try readExtended(&reader) }
    }

    private mutating func readExtended(_ reader: inout WireReader) throws(WireError) {
        let count = try reader.readCount(
            minimumElementBytes: 8, limit: SFTPLimits.extendedAttributes)
        for _ in 0..<count {
            let name = try reader.readString()
            let value = try reader.readString()
            if ExactExtension.attributes.isEqual(to: name) {
                exact = try ExactAttributes.read(value)
            } else if ExactExtension.times.isEqual(to: name) {
                timeChanges = try TimeChanges(reading: value)
            }
        }
    }

    /// Writes ATTRS.
    public func write(to writer: inout WireWriter) {
        var flags: UInt32 = 0
        if size != nil { flags |= Flag.size }
        if owner != nil { flags |= Flag.owner }
        if permissions != nil { flags |= Flag.permissions }
        if times != nil { flags |= Flag.times }
        let extendedCount: UInt32 = (exact == nil ? 0 : 1) + (timeChanges == nil ? 0 : 1)
        if extendedCount > 0 { flags |= Flag.extended }
        writer.write(flags)
        if let size { writer.write(size) }
        if let owner {
            writer.write(owner.uid)
            writer.write(owner.gid)
        }
        if let permissions { writer.write(permissions) }
        if let times {
            writer.write(times.atime)
            writer.write(times.mtime)
        }
        guard extendedCount > 0 else { return }
        writer.write(extendedCount)
        exact?.write(to: &writer)
        timeChanges?.write(to: &writer)
    }
}
