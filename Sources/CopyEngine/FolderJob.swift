// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// A directory that is to be copied.
final class FolderJob: @unchecked Sendable {
    // Belongs to the engine, like everything here.
    let source: any Folder
    let name: Bytes
    let target: any Folder
    let targetName: Bytes
    let attributes: FileAttributes
    /// Which directory the source is.
    let identity: SourceIdentity
    let sourceSide: Side
    let targetSide: Side
    let parent: FolderJob?
    let depth: Int
    /// Whether the user has named the target itself: then a link there is followed.
    let isNamed: Bool

    /// What has still to be done in it: its own listing, and what that has found.
    var outstanding = 1
    /// The directory on the other side, once it is there.
    var made: (any Folder)?
    /// Whether it was made by this copy.
    var isMade = false
    /// What is in it on the other side and not in the source, where that is to be removed.
    var obsolete: [(name: Bytes, kind: FileKind)] = []
    /// Whether something in it could not be copied.
    var hasFailed = false
    /// The user that new files on the other side belong to, where that has been asked.
    var ownUser: UInt32?

    init(
        source: any Folder, name: Bytes, target: any Folder, targetName: Bytes,
        attributes: FileAttributes, identity: SourceIdentity, sides: (source: Side, target: Side),
        parent: FolderJob?, isNamed: Bool = false
    ) {
        self.source = source
        self.name = name
        self.target = target
        self.targetName = targetName
        self.attributes = attributes
        self.identity = identity
        sourceSide = sides.source
        targetSide = sides.target
        self.parent = parent
        depth = (parent?.depth ?? 0) + 1
        self.isNamed = isNamed
    }

    var sourcePath: Bytes { join(source.path, name) }
    var targetPath: Bytes { join(target.path, targetName) }
}

/// What stands in front of the paths of a side.
struct Side: Sendable {
    let label: String

    /// A path fit to be shown.
    func shown(_ path: Bytes) -> String { label + TerminalText.line(String(keepingBytesOf: path)) }
}
