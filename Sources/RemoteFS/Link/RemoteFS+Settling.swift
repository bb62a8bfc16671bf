// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// What must not be done twice, and was under way when the connection was lost: whether it has been done
// is seen by what stands there. It counts as done, or as not done, only where that is certain.

/// What has become of an operation that got no answer.
enum Settlement<Value> {
    /// It has been done, with this outcome.
    case done(Value)
    /// It has not been done, and can be tried again.
    case notDone
}

/// Names that were seen not to be there a moment ago.
struct SeenAbsences {
    /// How long that counts.
    static let validity = Duration.seconds(5)
    private static let maximumCount = 256

    private var seen: [Node.Place: Duration] = [:]

    mutating func note(_ place: Node.Place, at now: Duration) {
        if seen.count >= Self.maximumCount {
            seen = seen.filter { now < $0.value + Self.validity }
            // Somebody asks for very many: one that is not known any more is only not settled.
            if seen.count >= Self.maximumCount { seen = [:] }
        }
        seen[place] = now
    }

    func contains(_ place: Node.Place, at now: Duration) -> Bool {
        seen[place].map { now < $0 + Self.validity } ?? false
    }
}

/// What the server gives to everything that we make.
///
/// Not the group: that may be the directory's.
struct OwnMark {
    let uid: UInt32
    /// How far its clock is ahead of ours, in seconds; nil where that is not known.
    let clockOffset: Int64?
    /// How inexact that may be: both count whole seconds, and the answer takes time.
    static let inexactness: Int64 = 2
}

/// A name that is to be made, as far as it tells what we have made from what others have.
struct Expectation {
    let kind: FileKind
    var permissions: UInt32?
    let place: Node.Place
    /// Whether the name was seen not to be there just before.
    let wasAbsent: Bool
    /// When the request was made, in seconds since 1970.
    let askedAt: Int64
    /// When the directory was last changed before that, by the server's clock, as far as is known.
    let parentTime: UInt32?
}

/// What has a name that is to be removed or renamed, to know it again.
struct Remembered {
    let identity: FileIdentity
    /// When the request was made, in seconds since 1970.
    let askedAt: Int64
}

extension RemoteFS {
    /// Runs an operation that must not be done twice.
    ///
    /// Where the connection is lost meanwhile, `look` tells on the next one what has become of it.
    ///
    /// - Parameter look: throws `EIO` where that can't be told.
    func once<T>(
        _ operation: () async throws(Errno) -> T,
        look: () async throws(Errno) -> Settlement<T>
    ) async throws(Errno) -> T {
        onLink { $0.begin() }
        defer { onLink { $0.finishOperation() } }
        if onLink({ $0.isDown }) { try await serverLink.waitForConnection() }
        var wasLost = false
        while true {
            let generation = onLink { $0.generation }
            let failure: Errno
            do throws(Errno) {
                return try await operation()
            } catch {
                failure = error
            }
            let isLost = onLink { $0.isLost(generation) }
            // What the lost attempt has done, perhaps only now, may be in the way of the next one.
            guard isLost || wasLost && [.EEXIST, .ENOENT].contains(failure) else { throw failure }
            wasLost = true
            let settlement = try await again { () async throws(Errno) in try await look() }
            if case .done(let value) = settlement { return value }
            if !isLost { throw failure }
        }
    }

    // MARK: Making

    func expectation(
        _ kind: FileKind, _ name: FileName, in parent: InodeNumber, permissions: UInt32? = nil
    ) -> Expectation {
        let place = Node.Place(parent: parent, name: name)
        return Expectation(
            kind: kind, permissions: permissions, place: place,
            wasAbsent: absences.contains(place, at: loop.now), askedAt: options.wallClock(),
            parentTime: nodes[parent]?.attributes?.value.times?.mtime)
    }

    /// Looks at a name that was being made.
    ///
    /// - Parameter check: whether what stands there holds what it was to hold.
    func settleMaking(
        _ expectation: Expectation,
        check: (Bytes, FileAttributes) async throws(Errno) -> Bool = { _, _ in true }
    ) async throws(Errno) -> Settlement<Entry> {
        let (name, parent) = (expectation.place.name, expectation.place.parent)
        let path = try await path(to: name, in: parent)
        let change = nodes.lastChange
        guard let found = try await attributes(at: path) else { return .notDone }
        guard expectation.wasAbsent, try await isOurs(found, expectation),
            try await check(path, found)
        else { throw .EIO }
        return .done(try noteCreation(of: name, in: parent, found, askedAfter: change))
    }

    private func isOurs(
        _ found: FileAttributes, _ expectation: Expectation
    ) async throws(Errno) -> Bool {
        guard found.kind == expectation.kind, isNew(found, expectation) else { return false }
        if expectation.kind == .regular, found.size != 0 { return false }
        // The server's umask may have taken some away.
        if let wanted = expectation.permissions, let mode = found.permissions,
            mode & 0o777 & ~wanted != 0
        {
            return false
        }
        guard let owner = found.owner else { return false }
        if let ownMark { return owner.uid == ownMark.uid }
        // Nothing of ours has been seen yet. Who works in a directory is mostly its owner.
        let path = try await path(to: expectation.place.parent)
        guard try await attributes(at: path)?.owner?.uid == owner.uid else { return false }
        ownMark = OwnMark(uid: owner.uid, clockOffset: nil)
        return true
    }

    /// Whether something may have been made by a request, as its time tells.
    private func isNew(_ found: FileAttributes, _ expectation: Expectation) -> Bool {
        guard let mtime = found.times?.mtime else { return false }
        if let offset = ownMark?.clockOffset {
            return Int64(mtime) >= expectation.askedAt + offset - OwnMark.inexactness
        }
        return expectation.parentTime.map { mtime >= $0 } ?? true
    }

    /// Takes note of what the server gives to what we have just made.
    func noteOwn(_ attributes: FileAttributes) {
        guard let owner = attributes.owner, let mtime = attributes.times?.mtime else { return }
        ownMark = OwnMark(uid: owner.uid, clockOffset: Int64(mtime) - options.wallClock())
    }

    /// What stands at a path; nil where nothing does.
    private func attributes(at path: Bytes) async throws(Errno) -> FileAttributes? {
        do {
            return try await client.lstat(path)
        } catch {
            guard error.errno == .ENOENT else { throw error.fileErrno }
            return nil
        }
    }

    /// Looks at a hard link that was being made.
    func settleLink(
        _ inode: InodeNumber, as place: Node.Place, wasAbsent: Bool
    ) async throws(Errno) -> Settlement<Entry> {
        let source = try await path(to: inode)
        let change = nodes.lastChange
        let original = try await attributes(at: source)
        let path = try await path(to: place.name, in: place.parent)
        guard let found = try await attributes(at: path) else { return .notDone }
        guard wasAbsent, let original, FileIdentity(original).admits(found) else { throw .EIO }
        if found.kind != .symbolicLink { nodes.link(inode, to: place.name, in: place.parent) }
        return .done(
            try noteCreation(of: place.name, in: place.parent, found, askedAfter: change))
    }

    // MARK: Removing and renaming

    /// What is known of what has a name, to know it again.
    func identity(of name: FileName, in parent: InodeNumber) -> Remembered? {
        guard let inode = nodes.inode(named: name, in: parent), let node = nodes[inode] else {
            return nil
        }
        let identity = node.attributes.map { FileIdentity($0.value) } ?? node.details?.identity
        return identity.map { Remembered(identity: $0, askedAt: options.wallClock()) }
    }

    /// Whether what has the name is still what had it.
    ///
    /// A directory that was changed after the request may be one that somebody has made since.
    private func isStillThere(_ known: Remembered, _ found: FileAttributes) -> Bool {
        if known.identity.admits(found) { return true }
        guard known.identity.isOfDirectory(found) else { return false }
        guard let offset = ownMark?.clockOffset, let mtime = found.times?.mtime else {
            return true
        }
        return Int64(mtime) <= known.askedAt + offset + OwnMark.inexactness
    }

    /// Looks at a name that was being removed.
    func settleRemoval(
        of name: FileName, in parent: InodeNumber, _ known: Remembered?
    ) async throws(Errno) -> Settlement<Void> {
        let path = try await path(to: name, in: parent)
        guard let found = try await attributes(at: path) else {
            noteRemoved(name, in: parent)
            return .done(())
        }
        // Another one of that name is not ours to remove.
        guard let known, isStillThere(known, found) else { throw .EIO }
        return .notDone
    }

    /// Looks at both names of a rename that was under way.
    func settle(
        _ rename: Rename, _ known: Remembered?
    ) async throws(Errno) -> Settlement<Void> {
        let oldPath = try await path(to: rename.oldName, in: rename.oldParent)
        let old = try await attributes(at: oldPath)
        let newPath = try await path(to: rename.newName, in: rename.newParent)
        let new = try await attributes(at: newPath)
        guard let known else { throw .EIO }
        if let old {
            guard isStillThere(known, old) else { throw .EIO }
            return .notDone
        }
        guard let new, known.identity.admits(new) || known.identity.isOfDirectory(new) else {
            throw .EIO
        }
        noteRename(rename)
        return .done(())
    }
}
