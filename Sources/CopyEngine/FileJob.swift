// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// A file that is to be copied.
struct FileJob: Sendable {
    /// What is known of what the target's place holds.
    enum Existing: Sendable {
        case nothing
        /// Something; how many names it has, where that is known.
        case something(FileAttributes, linkCount: UInt32?)
    }

    let source: any Folder
    let name: Bytes
    let target: any Folder
    let targetName: Bytes
    /// The source's, links followed.
    let attributes: FileAttributes
    /// Which file the source is.
    let identity: SourceIdentity
    let existing: Existing
    /// The user that new files beside the target belong to, where that has been asked.
    var ownUser: UInt32?
    /// Whether the user has named the target itself.
    let isNamed: Bool
    let sourceSide: Side
    let targetSide: Side
    let parent: FolderJob?

    var sourcePath: Bytes { join(source.path, name) }
    var targetPath: Bytes { join(target.path, targetName) }

    /// The name beside the target that the content has until it is whole: the same each time while the
    /// source is the same, so that a later copy finds it; nil where the source does not tell enough.
    var partName: Bytes? {
        guard let size = attributes.size, let time = attributes.modificationTime else { return nil }
        var identity = identity
        identity.add(targetName)
        identity.add(size)
        identity.add(UInt64(bitPattern: time))
        return hiddenName(identity.text)
    }

    /// A name beside the target with a text in it.
    func hiddenName(_ text: String) -> Bytes {
        let end = Array(".\(text).hawser-part".utf8)
        return [UInt8(ascii: ".")] + targetName.prefix(CopyLimits.nameBytes - 1 - end.count) + end
    }
}

extension FileAttributes {
    /// Whether there may be holes in the file: less on the disk than there is to read.
    var mayHaveHoles: Bool {
        // A block is 512 bytes, whatever the file system's is.
        exact.map { $0.blocks < (size ?? 0) / 512 } ?? true
    }

    /// The time of modification as exactly as it is known, in nanoseconds since 1970.
    var modificationTime: Int64? {
        exact?.mtime.nanoseconds ?? times.map { FileTime(seconds: Int64($0.mtime)).nanoseconds }
    }
}

/// What the copy of one file has come to, kept from one connection to the next.
struct FileAttempt {
    /// Where the content goes, once that is decided.
    enum Place: Sendable {
        case part(Bytes)
        case target
    }

    var place: Place?
    /// A part that may have been made, though the answer was lost.
    var triedPart: Bytes?
    /// What is to be set in the end besides what is preserved.
    var attributes = FileAttributes()
    /// How many bytes from the beginning are known to be there.
    var confirmed: UInt64 = 0
    /// How often the connection was lost since it last got on.
    var losses = 0
}
