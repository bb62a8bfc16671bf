// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
public import SFTPProtocol
import Wire

extension RemoteFS {
    // MARK: Making

    /// Makes a regular file, and only such a one.
    public func mknod(
        _ name: [UInt8], in parent: InodeNumber, mode: UInt32
    ) async throws(Errno) -> Entry {
        let kind = FileKind(mode: mode)
        guard kind == .regular || kind.rawValue == 0 else { throw .EPERM }
        let made = try await create(
            name, in: parent, permissions: mode, [.write, .exclusive])
        await release(made.file.handle)
        return made.entry
    }

    /// One attempt at ``mkdir(_:in:permissions:)``.
    func mkdirOnce(
        _ name: [UInt8], in parent: InodeNumber, permissions: UInt32
    ) async throws(Errno) -> Entry {
        let attributes = FileAttributes(permissions: permissions & 0o7777)
        let entry = try await make(name, in: parent, permissions) {
            (client, path) throws(SFTPError) in
            try client.startMkdir(path, attributes: attributes)
        }
        // It is empty, and that is known: no name in it needs to be asked for.
        var listing = DirectoryListing(askedAfterChange: nodes.lastChange, begunAt: loop.now)
        listing.provenAt = loop.now
        keep(listing, of: entry.status.inode)
        return entry
    }

    /// One attempt at ``symlink(_:in:target:)``.
    func symlinkOnce(
        _ name: [UInt8], in parent: InodeNumber, target: [UInt8]
    ) async throws(Errno) -> Entry {
        let target = try options.sent(target: target)
        return try await make(name, in: parent) { (client, path) throws(SFTPError) in
            try client.startSymlink(at: path, to: target[...])
        }
    }

    private typealias Starter =
        @Sendable (isolated SFTPClient, Bytes) throws(SFTPError) -> PendingReply<Void>

    /// Sends a request that makes a name, and LSTAT right behind it in the same round trip.
    ///
    /// - Parameter permissions: what it is to have, whatever the server's umask is.
    private func make(
        _ name: FileName, in parent: InodeNumber, _ permissions: UInt32? = nil, _ request: Starter
    ) async throws(Errno) -> Entry {
        let path = try await path(to: name, in: parent)
        let making = try start(making: path, request)
        switch await finish(making, in: parent) {
        case .success(var attributes):
            noteOwn(attributes)
            if let wanted = permissions.flatMap({ attributes.correction(for: $0) }) {
                attributes = await correct(name, in: parent, attributes, wanted)
            }
            return try noteCreation(of: name, in: parent, attributes, askedAfter: making.change)
        case .failure(let error):
            nodes.distrust(name, in: parent)
            throw await reasonOfFailedCreation(error, of: name, in: parent)
        }
    }

    /// Sets the permissions of what we have just made.
    ///
    /// - Returns: the attributes after that; those from before it where the server refuses.
    private func correct(
        _ name: FileName, in parent: InodeNumber, _ attributes: FileAttributes, _ wanted: UInt32
    ) async -> FileAttributes {
        guard let path = try? await path(to: name, in: parent),
            (try? await client.setstat(path, FileAttributes(permissions: wanted))) != nil,
            let corrected = try? await client.lstat(path)
        else { return attributes }
        return corrected
    }

    private struct Making {
        let done: PendingReply<Void>
        let attributes: PendingReply<FileAttributes>
        /// The number of our last change when they were sent.
        let change: UInt64
    }

    private func start(making path: Bytes, _ request: Starter) throws(Errno) -> Making {
        let change = nodes.lastChange
        return try start { (client) throws(SFTPError) in
            Making(
                done: try request(client, path), attributes: try client.startLstat(path),
                change: change)
        }
    }

    private func finish(
        _ making: Making, in parent: InodeNumber
    ) async -> Result<FileAttributes, SFTPError> {
        nodes.beginChange(of: parent)
        defer { nodes.endChange(of: parent) }
        do throws(SFTPError) {
            try await making.done.value
            return .success(try await making.attributes.value)
        } catch {
            return .failure(error)
        }
    }

    /// Enters what we have just made, and keeps the directory's listing up with it.
    ///
    /// - Parameter change: the number of our last change when the attributes were asked for.
    func noteCreation(
        of name: FileName, in parent: InodeNumber, _ attributes: FileAttributes,
        askedAfter change: UInt64
    ) throws(Errno) -> Entry {
        updateListing(of: parent) { $0.insert(name, attributes, at: loop.now) }
        return try enter(
            name, in: parent, attributes, askedAfter: change, nameAfter: nodes.lastChange,
            keepsLinks: true)
    }

    /// Takes a name that we have removed out of the directory's listing, if there is one.
    private func noteRemoval(of name: FileName, in parent: InodeNumber) {
        updateListing(of: parent) { $0.remove(name) }
        nodes[parent]?.details?.lastRemoval = nodes.lastChange
    }

    /// Changes the listing of a directory, if there is one, as we have changed the directory.
    private func updateListing(
        of inode: InodeNumber, _ change: (inout DirectoryListing) -> Void
    ) {
        guard let details = nodes[inode]?.details, var listing = details.listing else { return }
        // Taken out meanwhile, so that it is not copied.
        details.listing = nil
        change(&listing)
        if listing.count <= DirectoryListing.maximumEntries { details.listing = listing }
    }

    /// One attempt at ``link(_:as:in:)``.
    func linkOnce(
        _ inode: InodeNumber, as name: [UInt8], in parent: InodeNumber
    ) async throws(Errno) -> Entry {
        guard options.makesHardLinks else { throw .ENOSYS }
        try await settleWrites(of: inode)
        try await settle(inode, parent)
        // Its link count changes, and the time of its last change.
        let altered = client.isExact ? inode : nil
        if let altered { nodes.beginChange(of: altered) }
        defer { if let altered { nodes.endChange(of: altered) } }
        let source = try settledPath(to: inode)
        let path = try settledPath(to: name, in: parent)
        let making = try start(making: path) { (client, path) throws(SFTPError) in
            try client.startHardlink(from: source, to: path)
        }
        switch await finish(making, in: parent) {
        case .success(let attributes):
            // Where a symbolic link leads depends on its place, so that it has only one.
            if nodes[inode]?.kind == attributes.kind, attributes.kind != .symbolicLink {
                nodes.link(inode, to: name, in: parent)
                nodes[inode]?.makeDetails().mayHaveUnknownTwins = !client.isExact
            }
            return try noteCreation(of: name, in: parent, attributes, askedAfter: making.change)
        case .failure(let error):
            nodes.distrust(name, in: parent)
            throw await reasonOfFailedLink(error, to: inode, name: name, in: parent)
        }
    }

    // MARK: Removing

    /// One attempt at ``unlink(_:in:)``.
    func unlinkOnce(_ name: [UInt8], in parent: InodeNumber) async throws(Errno) {
        await prepareToLose(name, in: parent)
        let path = try await path(to: name, in: parent)
        do {
            try await remove(name, in: parent) { () async throws(SFTPError) in
                try await client.remove(path)
            }
        } catch {
            throw await reasonOfFailedUnlink(error, of: name, in: parent)
        }
    }

    /// One attempt at ``rmdir(_:in:)``.
    func rmdirOnce(_ name: [UInt8], in parent: InodeNumber) async throws(Errno) {
        let path = try await path(to: name, in: parent)
        do {
            try await remove(name, in: parent) { () async throws(SFTPError) in
                try await client.rmdir(path)
            }
        } catch {
            throw await reasonOfFailedRmdir(error, of: name, in: parent)
        }
    }

    private func remove(
        _ name: FileName, in parent: InodeNumber, _ request: () async throws(SFTPError) -> Void
    ) async throws(SFTPError) {
        // Whoever asks by path for what has the name waits: behind this request, the path may be
        // another file's.
        let removed = nodes.inode(named: name, in: parent)
        let altered = client.isExact ? removed : nil
        if let removed { nodes.beginMove(removed) }
        if let altered { nodes.beginChange(of: altered) }
        nodes.beginChange(of: parent)
        defer {
            nodes.endChange(of: parent)
            if let altered { nodes.endChange(of: altered) }
            if let removed { endMove(of: removed) }
        }
        do {
            try await request()
        } catch {
            nodes.distrust(name, in: parent)
            throw error
        }
        noteRemoved(name, in: parent)
    }

    /// Takes note that a name has been removed.
    func noteRemoved(_ name: FileName, in parent: InodeNumber) {
        noteRemoval(of: name, in: parent)
        if let removed = nodes.inode(named: name, in: parent) { nodes.keepRemains(of: removed) }
        nodes.detach(name, in: parent)
    }

    // MARK: Renaming

    /// One attempt at ``rename(_:)``.
    func renameOnce(_ rename: Rename) async throws(Errno) {
        if let inode = nodes.inode(named: rename.oldName, in: rename.oldParent) {
            try await settleWrites(of: inode)
        }
        await prepareToLose(rename.newName, in: rename.newParent)
        try await settle(rename)
        let renaming = try start(rename)
        let moving = [
            nodes.inode(named: rename.oldName, in: rename.oldParent),
            nodes.inode(named: rename.newName, in: rename.newParent),
        ].compactMap(\.self)
        let altered = client.isExact ? moving : []
        for inode in moving { nodes.beginMove(inode) }
        for inode in altered { nodes.beginChange(of: inode) }
        nodes.beginChange(of: rename.oldParent)
        nodes.beginChange(of: rename.newParent)
        var result = await finish(renaming)
        if case .failure(let error) = result {
            let remaining = await renameByMovingAside(rename, after: error)
            result = remaining.map { .failure($0) } ?? .success(leavesBoth: false)
        }
        switch result {
        case .success(leavesBoth: false): noteRename(rename)
        case .success(leavesBoth: true):
            // The two names are one file, and rename(2) does nothing.
            if moving.count == 2 { nodes.noteTwins(moving[0], moving[1]) }
            distrustNames(of: rename)
        case .failure: distrustNames(of: rename)
        }
        for inode in moving { noteMoved(inode) }
        nodes.endChange(of: rename.oldParent)
        nodes.endChange(of: rename.newParent)
        for inode in altered { nodes.endChange(of: inode) }
        for inode in moving { endMove(of: inode) }
        if case .failure(let error) = result { throw await reasonOfFailedRename(error, rename) }
    }

    /// A rename, and LSTAT of the old name right behind it where that may still be there.
    private struct Renaming {
        let done: PendingReply<Void>
        let oldName: PendingReply<FileAttributes>?
    }

    private func start(_ rename: Rename) throws(Errno) -> Renaming {
        let oldPath = try settledPath(to: rename.oldName, in: rename.oldParent)
        let newPath = try settledPath(to: rename.newName, in: rename.newParent)
        // RENAME refuses an existing target; so do without the extension where there is none.
        let replaces = rename.mayReplace && client.extensions.contains(.posixRename)
        let mayBeLinks = replaces && mayBeLinks(rename)
        return try start { (client) throws(SFTPError) in
            let done =
                try replaces
                ? client.startPosixRename(from: oldPath, to: newPath)
                : client.startRename(from: oldPath, to: newPath)
            return Renaming(
                done: done, oldName: mayBeLinks ? try client.startLstat(oldPath) : nil)
        }
    }

    /// Whether both names may be hard links to one file, as far as is known.
    private func mayBeLinks(_ rename: Rename) -> Bool {
        guard let target = nodes.inode(named: rename.newName, in: rename.newParent),
            let new = nodes[target], new.kind != .directory
        else { return false }
        guard
            let old = nodes.inode(named: rename.oldName, in: rename.oldParent)
                .flatMap({ nodes[$0]?.attributes?.value }), let new = new.attributes?.value
        else { return true }
        return !new.differs(from: old)
    }

    private enum RenameResult {
        case success(leavesBoth: Bool)
        case failure(SFTPError)
    }

    private func finish(_ renaming: Renaming) async -> RenameResult {
        do throws(SFTPError) {
            try await renaming.done.value
        } catch {
            return .failure(error)
        }
        return .success(leavesBoth: await (try? renaming.oldName?.value) != nil)
    }

    private func distrustNames(of rename: Rename) {
        nodes.distrust(rename.oldName, in: rename.oldParent)
        nodes.distrust(rename.newName, in: rename.newParent)
    }

    func noteRename(_ rename: Rename) {
        var old: DirectoryEntry?
        updateListing(of: rename.oldParent) {
            old = $0.entry(named: rename.oldName)
        }
        noteRemoval(of: rename.oldName, in: rename.oldParent)
        updateListing(of: rename.newParent) {
            // New as from now, for a listing that has been begun before; its attributes are older.
            $0.insert(rename.newName, old?.attributes, at: loop.now)
            $0.forgetAttributes(of: rename.newName)
        }
        let replaced = nodes.inode(named: rename.newName, in: rename.newParent)
        if let replaced { nodes.keepRemains(of: replaced) }
        nodes.move(
            rename.oldName, in: rename.oldParent, to: rename.newName, in: rename.newParent)
    }
}

/// What a rename(2) asks for.
public struct Rename: Hashable, Sendable {
    /// The directory the name is taken from.
    public var oldParent: InodeNumber
    /// The name that goes.
    public var oldName: [UInt8]
    /// The directory the name is put in.
    public var newParent: InodeNumber
    /// The name that comes.
    public var newName: [UInt8]
    /// Whether something that has the new name is replaced; otherwise the rename fails.
    public var mayReplace: Bool

    /// From one name to another.
    public init(
        oldParent: InodeNumber, oldName: [UInt8], newParent: InodeNumber, newName: [UInt8],
        mayReplace: Bool
    ) {
        self.oldParent = oldParent
        self.oldName = oldName
        self.newParent = newParent
        self.newName = newName
        self.mayReplace = mayReplace
    }
}
