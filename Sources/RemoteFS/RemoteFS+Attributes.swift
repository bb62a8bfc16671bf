// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
public import SFTPProtocol
import Wire

/// A time to set.
public enum TimeChange: Hashable, Sendable {
    /// The server's present where it can be asked for that, or else the time of this machine when the
    /// request is sent.
    case now
    /// This one; what a server can't be told becomes the nearest that it can.
    case at(FileTime)
}

/// What a setattr is to change; nil fields stay as they are.
public struct AttributeChanges: Hashable, Sendable {
    /// The permission bits.
    public var permissions: UInt32?
    /// The owner.
    public var uid: UInt32?
    /// The group.
    public var gid: UInt32?
    /// The size in bytes.
    public var size: UInt64?
    /// The time of last access.
    public var atime: TimeChange?
    /// The time of last modification.
    public var mtime: TimeChange?

    /// No change.
    public init() {}

    /// Whether there is nothing to change.
    var isEmpty: Bool { self == AttributeChanges() }

    /// Whether SFTP needs the present value of a field that is not to change: owner and group, and
    /// the two times unless they are told exactly, come and go together.
    func needsPresentAttributes(isExact: Bool) -> Bool {
        (uid == nil) != (gid == nil) || (!isExact && (atime == nil) != (mtime == nil))
            || clearsSetIDBits
    }

    /// Whether the mode only takes the set-ID bits away, because of another change: the kernel's idea of
    /// it lacks the sticky bit, which stays.
    var clearsSetIDBits: Bool { permissions != nil && (uid != nil || gid != nil || size != nil) }
}

extension RemoteFS {
    /// One attempt at ``getattr(_:handle:)``.
    func getattrOnce(
        _ inode: InodeNumber, handle: HandleID?
    ) async throws(Errno) -> (status: FileStatus, validity: Duration) {
        if let cached = cachedAttributes(of: inode) {
            let validity = min(options.attributeValidity, cached.validUntil - loop.now)
            return (status(cached.value, of: inode), validity)
        }
        try await settleWrites(of: inode)
        let now = loop.now
        let isWaitedFor = walks.beginWait(at: inode, now: now)
        defer { if isWaitedFor { walks.endWait(at: inode, since: now, now: loop.now) } }
        try await reopenForLook(at: inode, by: handle)
        try await settle(inode)
        if let remains = nodes[inode]?.remains { return (status(remains, of: inode), .zero) }
        let request = try askForAttributes(of: inode, handle: handle)
        return try await answer(request, of: inode)
    }

    /// A request for attributes that has been sent.
    private struct AttributeRequest {
        let reply: PendingReply<FileAttributes>
        let change: UInt64
    }

    /// Asks for the attributes of a node whose path is settled.
    ///
    /// By handle where the kernel means an open file, or where the node has no name any more; by path
    /// otherwise. The root's path may end in a link, which is followed.
    private func askForAttributes(
        of inode: InodeNumber, handle: HandleID?
    ) throws(Errno) -> AttributeRequest {
        let change = nodes.lastChange
        let server = serverHandle(for: inode, preferring: handle)
        let path = server == nil ? try settledPath(to: inode) : []
        let follows = inode == rootInode || options.symlinks.areFollowed
        let reply = try start { (client) throws(SFTPError) in
            if let server { return try client.startFstat(server) }
            return try follows ? client.startStat(path) : client.startLstat(path)
        }
        return AttributeRequest(reply: reply, change: change)
    }

    /// The handle to ask about a node: the one given, or any while the file is open, since by now its
    /// path may lead to another file.
    private func serverHandle(
        for inode: InodeNumber, preferring handle: HandleID?
    ) -> SFTPHandle? {
        if let handle, let server = files[handle]?.server, isCurrent(server), !options.avoidsFstat {
            return server
        }
        return openHandle(of: inode)
    }

    /// The handle to change a node through; its size only through one that may write, where it has no
    /// path any more.
    private func serverHandle(
        for changes: AttributeChanges, of inode: InodeNumber, preferring handle: HandleID?
    ) -> SFTPHandle? {
        if let handle, let server = files[handle]?.server, isCurrent(server) { return server }
        guard changes.size != nil else { return openHandle(of: inode) }
        guard nodes[inode]?.place == nil else { return nil }
        return files.first {
            $0.inode == inode && $0.access.contains(.write) && $0.server.map(isCurrent) ?? false
        }?.server
    }

    /// - Parameter change: the number of the last change that the answer is known to show, where that
    ///   is not the last one before the request.
    private func answer(
        _ request: AttributeRequest, of inode: InodeNumber, after change: UInt64? = nil
    ) async throws(Errno) -> (status: FileStatus, validity: Duration) {
        let attributes = try await ask { () async throws(SFTPError) in
            try await request.reply.value
        }
        guard let kind = attributes.kind, kind == nodes[inode]?.kind else { throw .ESTALE }
        let validity = store(attributes, of: inode, askedAfter: change ?? request.change)
        return (status(attributes, of: inode), validity)
    }

    /// The attributes that the server has now.
    func lstat(_ inode: InodeNumber) async throws(Errno) -> FileAttributes {
        let path = try await path(to: inode)
        return try await ask { () async throws(SFTPError) in try await client.lstat(path) }
    }

    // MARK: Changing

    /// One attempt at ``setattr(_:_:handle:)``.
    func setattrOnce(
        _ inode: InodeNumber, _ changes: AttributeChanges, handle: HandleID?
    ) async throws(Errno) -> (status: FileStatus, validity: Duration) {
        guard !changes.isEmpty else { return try await getattrOnce(inode, handle: handle) }
        try await settleWrites(of: inode)
        try await reopenForLook(at: inode, by: handle)
        let attributes = try await attributes(for: changes, of: inode, handle: handle)
        try await settle(inode)
        if let remains = nodes[inode]?.remains?.changed(by: attributes) {
            nodes[inode]?.makeDetails().remains = remains
            nodes[inode]?.attributes = nil
            return (status(remains, of: inode), .zero)
        }
        let beginning = nodes.beginChange(of: inode)
        nodes[inode]?.details?.identity?.beginChange(attributes)
        if let size = attributes.size { forgetContent(size..<UInt64.max, of: inode) }
        let generation = client.generation
        if let size = changes.size { onLateChanges(of: inode) { $0.noteTruncated(to: size) } }
        let server = serverHandle(for: changes, of: inode, preferring: handle)
        let change: PendingReply<Void>
        let after: AttributeRequest
        do {
            change = try start(attributes, of: inode, server)
            // Right behind it, in the same round trip: the server works in order.
            after = try askForAttributes(of: inode, handle: handle)
        } catch {
            nodes.endChange(of: inode)
            throw error
        }
        do {
            try await change.value
        } catch {
            if let size = changes.size, error.endsConnection {
                noteLost(of: inode, on: generation) {
                    $0.noteLost(truncation: size)
                }
            }
            let isDone = await truncate(inode, changes, after: error)
            await endChange(of: inode)
            if isDone { return try await getattrOnce(inode, handle: handle) }
            if error.errno == .ENOENT { forgetAttributes(of: inode) }
            throw await reasonOfFailedSetattr(error, changes, of: inode, byPath: server == nil)
        }
        // Of other changes meanwhile it may show nothing.
        let isOnlyOne = nodes[inode]?.lastChange == beginning
        let end = await endChange(of: inode)
        return try await answer(after, of: inode, after: isOnlyOne ? end : nil)
    }

    private func start(
        _ attributes: FileAttributes, of inode: InodeNumber, _ server: SFTPHandle?
    ) throws(Errno) -> PendingReply<Void> {
        if let server {
            return try start { (client) throws(SFTPError) in
                try client.startFsetstat(server, attributes)
            }
        }
        let path = try settledPath(to: inode)
        // SETSTAT would change what a link points to.
        let isLink = nodes[inode]?.kind == .symbolicLink
        return try start { (client) throws(SFTPError) in
            try isLink
                ? client.startLsetstat(path, attributes) : client.startSetstat(path, attributes)
        }
    }

    private func attributes(
        for changes: AttributeChanges, of inode: InodeNumber, handle: HandleID?
    ) async throws(Errno) -> FileAttributes {
        var attributes = FileAttributes(
            size: changes.size, permissions: changes.permissions.map { $0 & 0o7777 })
        var present = FileAttributes()
        let isExact = client.isExact
        if changes.needsPresentAttributes(isExact: isExact) {
            present = try await presentAttributes(of: inode, handle: handle)
        }
        if changes.clearsSetIDBits, let bits = present.permissions,
            let mode = attributes.permissions
        {
            attributes.permissions = mode | bits & 0o1000
        }
        if changes.uid != nil || changes.gid != nil {
            guard let uid = changes.uid ?? present.owner?.uid,
                let gid = changes.gid ?? present.owner?.gid
            else { throw .EIO }
            attributes.owner = .init(uid: uid, gid: gid)
        }
        if isExact, changes.atime != nil || changes.mtime != nil {
            attributes.timeChanges = TimeChanges(
                atime: .init(changes.atime), mtime: .init(changes.mtime))
        } else if changes.atime != nil || changes.mtime != nil {
            guard let atime = changes.atime.map(seconds) ?? present.times?.atime,
                let mtime = changes.mtime.map(seconds) ?? present.times?.mtime
            else { throw .EIO }
            attributes.times = .init(atime: atime, mtime: mtime)
        }
        return attributes
    }

    private func presentAttributes(
        of inode: InodeNumber, handle: HandleID?
    ) async throws(Errno) -> FileAttributes {
        // Asked anew, whatever is known: old values would undo what others have changed.
        try await settle(inode)
        if let remains = nodes[inode]?.remains { return remains }
        let request = try askForAttributes(of: inode, handle: handle)
        return try await ask { () async throws(SFTPError) in
            try await request.reply.value
        }
    }

    private func seconds(_ change: TimeChange) -> UInt32 {
        switch change {
        case .now: UInt32(clamping: options.wallClock())
        case .at(let time): UInt32(clamping: time.seconds)
        }
    }
}

extension TimeChanges.Change {
    fileprivate init(_ change: TimeChange?) {
        switch change {
        case nil: self = .omit
        case .now?: self = .now
        case .at(let time)?: self = .at(time)
        }
    }
}
