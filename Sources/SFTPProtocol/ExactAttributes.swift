// SPDX-License-Identifier: Apache-2.0

import Wire

/// What stat(2) tells of a file beyond version 3 of SFTP.
public struct ExactAttributes: Hashable, Sendable {
    /// Which file it is of all that the server has.
    ///
    /// Once a file is gone, its number may become another's.
    public struct Identity: Hashable, Sendable {
        /// The file system, `st_dev`.
        public var device: UInt64
        /// The file in it, `st_ino`; never 0.
        public var inode: UInt64

        /// An identity.
        public init(device: UInt64, inode: UInt64) {
            self.device = device
            self.inode = inode
        }
    }

    /// Which file it is.
    public var identity: Identity
    /// How many names it has.
    public var linkCount: UInt32
    /// How much room it takes, in units of 512 bytes.
    public var blocks: UInt64
    /// The time of last access.
    public var atime: FileTime
    /// The time of last modification.
    public var mtime: FileTime
    /// The time of the last change of content or attributes.
    public var ctime: FileTime

    /// Exact attributes.
    public init(
        identity: Identity, linkCount: UInt32, blocks: UInt64, atime: FileTime, mtime: FileTime,
        ctime: FileTime
    ) {
        self.identity = identity
        self.linkCount = linkCount
        self.blocks = blocks
        self.atime = atime
        self.mtime = mtime
        self.ctime = ctime
    }
}

extension ExactAttributes {
    /// Reads the value of the extended attribute; later versions may add to its end.
    ///
    /// - Returns: nil where the number of the file is 0, which means none.
    static func read(_ value: Bytes) throws(WireError) -> ExactAttributes? {
        var reader = WireReader(value)
        let device = try reader.readUInt64()
        let inode = try reader.readUInt64()
        let linkCount = try reader.readUInt32()
        let blocks = try reader.readUInt64()
        let atime = try FileTime(from: &reader)
        let mtime = try FileTime(from: &reader)
        let ctime = try FileTime(from: &reader)
        guard inode != 0 else { return nil }
        return ExactAttributes(
            identity: Identity(device: device, inode: inode), linkCount: linkCount, blocks: blocks,
            atime: atime, mtime: mtime, ctime: ctime)
    }

    private static let bytes = 2 * 8 + 4 + 8 + 3 * 8

    /// Writes the extended attribute, name and value.
    func write(to writer: inout WireWriter) {
        writer.writeString(ExactExtension.attributes.description)
        writer.write(UInt32(Self.bytes))
        writer.write(identity.device)
        writer.write(identity.inode)
        writer.write(linkCount)
        writer.write(blocks)
        for time in [atime, mtime, ctime] { time.write(to: &writer) }
    }
}

/// What becomes of a file's two times.
public struct TimeChanges: Hashable, Sendable {
    /// What becomes of one of them.
    public enum Change: Hashable, Sendable {
        /// It stays.
        case omit
        /// It becomes the server's present.
        case now
        /// It becomes this.
        case at(FileTime)
    }

    /// The time of last access.
    public var atime: Change
    /// The time of last modification.
    public var mtime: Change

    /// Changes of both times.
    public init(atime: Change, mtime: Change) {
        self.atime = atime
        self.mtime = mtime
    }

    /// Both times as version 3 sets them.
    public init(_ times: FileAttributes.Times) {
        atime = .at(FileTime(seconds: Int64(times.atime)))
        mtime = .at(FileTime(seconds: Int64(times.mtime)))
    }
}

extension TimeChanges {
    /// Reads the value of the extended attribute; later versions may add to its end.
    init(reading value: Bytes) throws(WireError) {
        var reader = WireReader(value)
        let atime = try Change(from: &reader)
        self.init(atime: atime, mtime: try Change(from: &reader))
    }

    private static let bytes = 2 * (4 + 8)

    /// Writes the extended attribute, name and value.
    func write(to writer: inout WireWriter) {
        writer.writeString(ExactExtension.times.description)
        writer.write(UInt32(Self.bytes))
        atime.write(to: &writer)
        mtime.write(to: &writer)
    }
}

extension TimeChanges.Change {
    fileprivate init(from reader: inout WireReader) throws(WireError) {
        let kind = try reader.readUInt32()
        let time = try FileTime(from: &reader)
        switch kind {
        case 0: self = .omit
        case 1: self = .now
        case 2: self = .at(time)
        default: throw .malformed("change \(kind) of a time")
        }
    }

    fileprivate func write(to writer: inout WireWriter) {
        var time = FileTime(nanoseconds: 0)
        switch self {
        case .omit: writer.write(UInt32(0))
        case .now: writer.write(UInt32(1))
        case .at(let given):
            writer.write(UInt32(2))
            time = given
        }
        time.write(to: &writer)
    }
}

extension FileTime {
    fileprivate init(from reader: inout WireReader) throws(WireError) {
        self.init(nanoseconds: Int64(bitPattern: try reader.readUInt64()))
    }

    fileprivate func write(to writer: inout WireWriter) {
        writer.write(UInt64(bitPattern: nanoseconds))
    }
}
