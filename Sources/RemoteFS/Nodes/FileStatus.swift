// SPDX-License-Identifier: Apache-2.0

public import SFTPProtocol

/// What kind of file a node is: the file type bits of `st_mode`, `S_IFMT`.
public struct FileKind: RawRepresentable, Hashable, Sendable {
    /// The bits, in their place in `st_mode`.
    public let rawValue: UInt32

    /// Takes the bits, in their place in `st_mode`.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Takes the bits from a whole `st_mode`.
    init(mode: UInt32) {
        self.init(rawValue: mode & 0o170000)
    }

    /// `S_IFREG`.
    public static let regular = FileKind(rawValue: 0o100000)
    /// `S_IFDIR`.
    public static let directory = FileKind(rawValue: 0o040000)
    /// `S_IFLNK`.
    public static let symbolicLink = FileKind(rawValue: 0o120000)
}

extension FileAttributes {
    /// The kind of file; nil where the server does not say.
    var kind: FileKind? {
        guard let permissions else { return nil }
        let kind = FileKind(mode: permissions)
        return kind.rawValue == 0 ? nil : kind
    }

    /// The attributes after a change of those that `changes` holds.
    func changed(by changes: FileAttributes) -> FileAttributes {
        var changed = self
        if let permissions, let bits = changes.permissions {
            changed.permissions = permissions & ~0o7777 | bits
        }
        changed.owner = changes.owner ?? owner
        changed.times = changes.times ?? times
        if case .at(let atime)? = changes.timeChanges?.atime { changed.exact?.atime = atime }
        if case .at(let mtime)? = changes.timeChanges?.mtime { changed.exact?.mtime = mtime }
        return changed
    }

    /// The time of last access, as exactly as the server tells it.
    var exactAtime: FileTime { exact?.atime ?? FileTime(seconds: Int64(times?.atime ?? 0)) }
    /// The time of last modification, as exactly as the server tells it.
    var exactMtime: FileTime { exact?.mtime ?? FileTime(seconds: Int64(times?.mtime ?? 0)) }

    /// Whether others show another file, or another version of it; reading alone makes no other.
    func differs(from other: FileAttributes) -> Bool {
        (size, permissions, owner) != (other.size, other.permissions, other.owner)
            || times?.mtime != other.times?.mtime || exact?.lasting != other.exact?.lasting
    }
}

extension ExactAttributes {
    /// What neither reading changes, nor the server's delayed allocation of room.
    fileprivate var lasting: ExactAttributes {
        var lasting = self
        (lasting.atime, lasting.blocks) = (FileTime(nanoseconds: 0), 0)
        return lasting
    }
}

extension FileAttributes {
    /// Whether there may be more to read than the size says: in /proc and its like, files have the
    /// size 0 whatever is in them.
    var mayHideContent: Bool { kind == .regular && size == 0 }

    /// The permissions to set on what has just been made, where they are not those that were asked
    /// for; the set-ID bits that a directory hands on stay.
    func correction(for wanted: UInt32) -> UInt32? {
        guard let permissions, permissions & 0o777 != wanted & 0o777 else { return nil }
        return permissions & 0o7000 | wanted & 0o7777
    }
}

/// What stat(2) shows of a node.
public struct FileStatus: Hashable, Sendable {
    /// The node's number.
    public var inode: InodeNumber
    /// The number that is shown, `st_ino`: from the server's own where it tells it, or else the node's.
    public var number: UInt64
    /// Kind and permission bits, as `st_mode`.
    public var mode: UInt32
    /// How many names it has; where the server does not tell, as far as we have made them, and 0 once it
    /// has lost the last one that we knew.
    public var linkCount: UInt32
    /// The size in bytes.
    public var size: UInt64
    /// The owner's number.
    public var uid: UInt32
    /// The group's number.
    public var gid: UInt32
    /// How much room it takes, in units of 512 bytes.
    public var blocks: UInt64
    /// The time of last access.
    public var atime: FileTime
    /// The time of last modification.
    public var mtime: FileTime
    /// The time of the last change; where the server does not tell, that of the last modification.
    public var ctime: FileTime

    /// The kind of file.
    public var kind: FileKind { FileKind(mode: mode) }
}

/// A node as the answer to a request that names it; the kernel counts it as one lookup.
public struct Entry: Hashable, Sendable {
    /// What the node is.
    public var status: FileStatus
    /// For how long the kernel may take the name as leading to this node.
    public var nameValidity: Duration
    /// For how long the kernel may take the status as true.
    public var statusValidity: Duration
}

/// The answer to a lookup.
public enum LookupResult: Hashable, Sendable {
    /// The name leads to this node, which now has one lookup more.
    case found(Entry)
    /// There is no such name, and there will be none for this long.
    case absent(validity: Duration)
}

/// An entry of a directory, as one readdir reply carries it.
public struct ListedEntry: Hashable, Sendable {
    /// The name: bytes.
    public var name: [UInt8]
    /// Where the listing goes on behind this entry.
    public var nextOffset: UInt64
    /// The number that is shown, see ``FileStatus/number``.
    public var number: UInt64
    /// The kind of file; nil where it is not known.
    public var kind: FileKind?
    /// The node itself, looked up once, if attributes were asked for and are known.
    public var entry: Entry?
}
