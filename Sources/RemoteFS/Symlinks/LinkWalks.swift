// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol

/// Where the kernel may still be following a link up, by `..` that it was told to go.
///
/// It tells nobody when it is done, so that a walk is taken to be under way for some time. Between two
/// steps of it a directory can be renamed, and then what is left of it must still not lead out.
struct LinkWalks {
    /// For how long the kernel may be on its way once it has an answer: nothing but its own scheduler
    /// holds it up.
    static let time = Duration.seconds(2)

    private struct Walk {
        var ups: Int
        var until: Duration
        /// How often the kernel waits on its way for the attributes of the directory.
        var waits = 0
    }

    private var walks: [InodeNumber: Walk] = [:]
    /// How many there may be before those that have ended are taken out.
    private var room = 256

    /// Notes that the kernel may go up `ups` times from a directory.
    ///
    /// One step up from a directory that is not the root is always safe, so that only more are noted,
    /// for each directory on the way.
    mutating func note(
        _ ups: Int, from directory: InodeNumber, in nodes: NodeTable, at now: Duration
    ) {
        removeEnded(at: now)
        var (ups, next) = (ups, Optional(directory))
        while ups > 1, let directory = next {
            var walk = walks[directory] ?? Walk(ups: 0, until: now)
            walk.ups = max(walk.ups, ups)
            walk.until = max(walk.until, now + Self.time)
            walks[directory] = walk
            ups -= 1
            next = nodes[directory]?.place?.parent
        }
    }

    /// Notes that a directory has another parent: who has been on his way up from it goes on there.
    mutating func noteMove(of directory: InodeNumber, in nodes: NodeTable, at now: Duration) {
        guard let walk = walks[directory], let parent = nodes[directory]?.place?.parent else {
            return
        }
        note(walk.ups - 1, from: parent, in: nodes, at: now)
    }

    private mutating func removeEnded(at now: Duration) {
        guard walks.count >= room else { return }
        walks = walks.filter { $0.value.waits > 0 || now < $0.value.until }
        room = max(256, 2 * walks.count)
    }

    // MARK: Waiting on the way

    /// Notes that the kernel asks for the attributes of a directory, perhaps to check whether a walk
    /// may go on there (`default_permissions`).
    ///
    /// - Returns: whether there is such a walk; then ``endWait(at:since:now:)`` is to follow.
    mutating func beginWait(at directory: InodeNumber, now: Duration) -> Bool {
        guard let walk = walks[directory], walk.waits > 0 || now < walk.until else { return false }
        walks[directory]?.waits += 1
        return true
    }

    /// Notes that it has been told: the time that this took does not count.
    mutating func endWait(at directory: InodeNumber, since beginning: Duration, now: Duration) {
        walks[directory]?.waits -= 1
        walks[directory]?.until += now - beginning
    }

    // MARK: Ends

    /// When none of the walks is under way any more that may go further up than is safe; nil for now.
    func end(in nodes: NodeTable, at now: Duration) -> Duration? {
        walks.compactMap { directory, walk -> Duration? in
            guard walk.ups > nodes.safeDepth(of: directory, at: now) ?? 0 else { return nil }
            if walk.waits > 0 { return max(walk.until, now + Self.time) }
            return walk.until > now ? walk.until : nil
        }.max()
    }
}

extension NodeTable {
    /// How many times one can go up from a directory, or has to from a link's place to be at the root:
    /// the fewest, wherever the kernel may take it and what is above it to be.
    ///
    /// - Returns: nil if no way leads there any more.
    func safeDepth(of inode: InodeNumber, at now: Duration) -> Int? {
        var limits: [Int] = []
        var inode = inode
        while inode != rootInode {
            guard let node = self[inode], let place = node.place else { return nil }
            limits.append(node.details?.leastDepth?.value(at: now) ?? .max)
            inode = place.parent
        }
        return limits.reversed().reduce(0) { min($0 + 1, $1) }
    }

    /// Notes that a node is about to be moved to another directory: until the kernel has heard of it,
    /// and gone by it, the node may be at either place.
    mutating func beginChangeOfDepth(
        of inode: InodeNumber, to parent: InodeNumber, at now: Duration
    ) {
        guard let here = safeDepth(of: inode, at: now), let there = safeDepth(of: parent, at: now)
        else { return }
        self[inode]?.makeDetails().leastDepth = Timed(
            value: min(here, there + 1), validUntil: .forEver)
    }

    /// Notes that such a move has been answered.
    ///
    /// Whoever has found a link at its old place has soon read it; in a directory one can stay.
    mutating func endChangeOfDepth(of inode: InodeNumber, at now: Duration) {
        guard let node = self[inode], node.kind != .directory else { return }
        node.details?.leastDepth?.validUntil = now + LinkWalks.time
    }
}

extension RemoteFS {
    /// Lets the kernel go `ups` times up from the place of a link, if that can't lead out of the mount.
    func letWalk(_ ups: Int, from link: InodeNumber) throws(Errno) {
        guard let directory = nodes[link]?.place?.parent,
            let depth = nodes.safeDepth(of: link, at: loop.now)
        else { throw .ESTALE }
        guard ups < depth else { throw .EPERM }
        walks.note(ups, from: directory, in: nodes, at: loop.now)
    }

    /// Waits until a directory or link can be moved: once nobody can be on his way up a link who would
    /// get out of the mount by the move.
    ///
    /// Links that are read from then on are judged by both places.
    func settle(_ rename: Rename) async throws(Errno) {
        try await settle(rename.oldParent, rename.newParent)
        guard options.symlinks.areContained, rename.oldParent != rename.newParent else { return }
        while true {
            let moved = nodes.inode(named: rename.oldName, in: rename.oldParent)
            let kind = moved.flatMap { nodes[$0]?.kind }
            guard kind == nil || kind == .directory || kind == .symbolicLink else { return }
            if let moved {
                nodes.beginChangeOfDepth(of: moved, to: rename.newParent, at: loop.now)
            }
            guard kind != .symbolicLink, let end = walks.end(in: nodes, at: loop.now) else {
                return
            }
            do { try await loop.sleep(for: end - loop.now) } catch { throw .EINTR }
            try await settle(rename.oldParent, rename.newParent)
        }
    }

    /// Takes note that a node is at another place, or has not been moved after all.
    func noteMoved(_ inode: InodeNumber) {
        walks.noteMove(of: inode, in: nodes, at: loop.now)
        nodes.endChangeOfDepth(of: inode, at: loop.now)
    }
}
