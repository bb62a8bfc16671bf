// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// Attributes as they are kept of very many files: in 73 bytes instead of 160.
struct CompactAttributes {
    private struct Fields: OptionSet {
        let rawValue: UInt8
        static let size = Fields(rawValue: 1)
        static let owner = Fields(rawValue: 2)
        static let permissions = Fields(rawValue: 4)
        static let times = Fields(rawValue: 8)
        static let exact = Fields(rawValue: 16)
    }

    private let size: UInt64
    private let device: UInt64
    private let inode: UInt64
    private let blocks: UInt64
    /// Exact where the server tells them exactly, and otherwise those of version 3.
    private let atime: FileTime
    private let mtime: FileTime
    private let ctime: FileTime
    private let uid: UInt32
    private let gid: UInt32
    private let permissions: UInt32
    private let linkCount: UInt32
    private let present: Fields

    init(_ attributes: FileAttributes = FileAttributes()) {
        let exact = attributes.exact
        size = attributes.size ?? 0
        (device, inode) = (exact?.identity.device ?? 0, exact?.identity.inode ?? 0)
        blocks = exact?.blocks ?? 0
        (atime, mtime, ctime) = (
            attributes.exactAtime, attributes.exactMtime, exact?.ctime ?? FileTime(nanoseconds: 0)
        )
        (uid, gid) = (attributes.owner?.uid ?? 0, attributes.owner?.gid ?? 0)
        permissions = attributes.permissions ?? 0
        linkCount = exact?.linkCount ?? 0
        var present: Fields = []
        if attributes.size != nil { present.insert(.size) }
        if attributes.owner != nil { present.insert(.owner) }
        if attributes.permissions != nil { present.insert(.permissions) }
        if attributes.times != nil { present.insert(.times) }
        if exact != nil { present.insert(.exact) }
        self.present = present
    }

    var value: FileAttributes {
        FileAttributes(
            size: present.contains(.size) ? size : nil,
            owner: present.contains(.owner) ? .init(uid: uid, gid: gid) : nil,
            permissions: present.contains(.permissions) ? permissions : nil,
            times: present.contains(.times) ? .init(atime: atime.sent, mtime: mtime.sent) : nil,
            exact: identity.map {
                ExactAttributes(
                    identity: $0, linkCount: linkCount, blocks: blocks, atime: atime, mtime: mtime,
                    ctime: ctime)
            })
    }

    /// The kind of file; nil where the server does not say.
    var kind: FileKind? {
        let kind = FileKind(mode: permissions)
        return kind.rawValue == 0 ? nil : kind
    }

    /// Which of the server's files it is; nil where the server does not say.
    var identity: ExactAttributes.Identity? {
        present.contains(.exact) ? .init(device: device, inode: inode) : nil
    }
}

extension FileTime {
    /// The time in version 3 of SFTP, as our server sends it.
    fileprivate var sent: UInt32 { UInt32(clamping: seconds) }
}
