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

    /// Whether nothing but times is to change.
    var areOnlyTimes: Bool { permissions == nil && uid == nil && gid == nil && size == nil }

    /// Whether the mode only takes the set-ID bits away, because of another change: the kernel's idea of
    /// it lacks the sticky bit, which stays.
    var clearsSetIDBits: Bool { permissions != nil && (uid != nil || gid != nil || size != nil) }
}

extension RemoteFS {
    /// One attempt at ``getattr(_:handle:)``.
    func getattrOnce(
        _ inode: InodeNumber, handle: HandleID?
    ) async throws(Errno) -> (status: FileStatus, validity: Duration) {
        if let cached = cachedStatus(of: inode) { return cached }
        if let attributes = attributesBeforeWrites(of: inode) {
            return (status(attributes, of: inode), .zero)
        }
        try await expectLook(at: inode, handle)
        if let cached = cachedStatus(of: inode) { return cached }
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

    private func cachedStatus(of inode: InodeNumber) -> (status: FileStatus, validity: Duration)? {
        guard let cached = cachedAttributes(of: inode) else { return nil }
        let validity = min(options.attributeValidity, cached.validUntil - loop.now)
        return (status(cached.value, of: inode), validity)
    }

    /// A request for attributes that has been sent.
    struct AttributeRequest {
        let reply: PendingReply<FileAttributes>
        let change: UInt64
    }

    /// Asks for the attributes of a node whose path is settled.
    ///
    /// By handle where the kernel means an open file, or where the node has no name any more; by path
    /// otherwise. The root's path may end in a link, which is followed.
    func askForAttributes(
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

    /// - Parameter change: the number of the last change that the answer is known to show, where that
    ///   is not the last one before the request.
    func answer(
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
}
