// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// Changing attributes: SETSTAT or FSETSTAT, and a look at what has become of it in the same round trip.

extension RemoteFS {
    /// One attempt at ``setattr(_:_:handle:)``.
    func setattrOnce(
        _ inode: InodeNumber, _ changes: AttributeChanges, handle: HandleID?
    ) async throws(Errno) -> (status: FileStatus, validity: Duration) {
        if changes.isEmpty || changesNothing(changes, of: inode) {
            return try await getattrOnce(inode, handle: handle)
        }
        let writes = changes.areOnlyTimes ? sentWrites(of: inode) : nil
        if writes == nil { try await settleWrites(of: inode) }
        try await reopenForLook(at: inode, by: handle)
        let attributes = try await attributes(for: changes, of: inode, handle: handle)
        try await settle(inode)
        if let remains = nodes[inode]?.remains?.changed(by: attributes) {
            nodes[inode]?.makeDetails().remains = remains
            nodes[inode]?.attributes = nil
            return (status(remains, of: inode), .zero)
        }
        if let writes, !isCurrent(writes) {
            return try await setattrOnce(inode, changes, handle: handle)
        }
        let (beginning, after) = try await change(inode, changes, attributes, handle: handle)
        guard let after else { return try await getattrOnce(inode, handle: handle) }
        if let writes {
            var interruption: Errno?
            do { try await settleWrites(of: inode) } catch { interruption = error }
            guard interruption == nil, isCurrent(writes) else {
                await endChange(of: inode)
                if let interruption { throw interruption }
                // Written anew over another connection, after the times were set.
                return try await setattrOnce(inode, changes, handle: handle)
            }
        }
        // Of other changes meanwhile it may show nothing.
        let last = nodes[inode]?.lastChange
        let isOnlyOne = last == beginning || writes?.haveEnded(after: beginning, at: last) ?? false
        let end = await endChange(of: inode)
        return try await answer(after, of: inode, after: isOnlyOne ? end : nil)
    }

    /// Sends a change and waits for it.
    ///
    /// - Returns: the number of its beginning, and the look behind it, after which its end is still to be
    ///   noted; no look where it has been done in another way, and has ended.
    private func change(
        _ inode: InodeNumber, _ changes: AttributeChanges, _ attributes: FileAttributes,
        handle: HandleID?
    ) async throws(Errno) -> (beginning: UInt64, after: AttributeRequest?) {
        if changes.atime != nil { nodes[inode]?.expireAttributes() }
        let beginning = nodes.beginChange(of: inode)
        newContents[inode]?.noteAttributeChange()
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
            return (beginning, after)
        } catch {
            if let size = changes.size, error.endsConnection {
                noteLost(of: inode, on: generation) {
                    $0.noteLost(truncation: size)
                }
            }
            let isDone = await truncate(inode, changes, after: error)
            await endChange(of: inode)
            if isDone { return (beginning, nil) }
            if error.errno == .ENOENT { forgetAttributes(of: inode) }
            throw await reasonOfFailedSetattr(error, changes, of: inode, byPath: server == nil)
        }
    }

    /// Whether owner, group and permissions are to become what they have just been told to be, of a file of
    /// our own: no server would refuse that.
    ///
    /// Not where the server tells the time of such changes: that is another one then.
    private func changesNothing(_ changes: AttributeChanges, of inode: InodeNumber) -> Bool {
        guard changes.size == nil, changes.atime == nil, changes.mtime == nil, !client.isExact,
            let ownMark, ownMark.clockOffset != nil, let heard = nodes[inode]?.attributes,
            loop.now < heard.at + options.attributeValidity,
            let owner = heard.value.owner, owner.uid == ownMark.uid,
            // A change of owner takes these away.
            let mode = heard.value.permissions, mode & 0o6000 == 0
        else { return false }
        return changes.uid ?? owner.uid == owner.uid && changes.gid ?? owner.gid == owner.gid
            && (changes.permissions ?? mode) & 0o7777 == mode & 0o7777
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
        if let atime = knownAccessTime(of: inode, beside: changes) {
            present.times = .init(atime: atime, mtime: 0)
        } else if changes.needsPresentAttributes(isExact: isExact) {
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

    /// The time of last access, which has to go along with that of last modification: as it has just been
    /// heard, where programs have the file open only to write it.
    ///
    /// The kernel does not tell by which handle a time is set.
    private func knownAccessTime(
        of inode: InodeNumber, beside changes: AttributeChanges
    ) -> UInt32? {
        guard changes.areOnlyTimes, changes.atime == nil, let heard = nodes[inode]?.accessTime,
            loop.now < heard.at + options.attributeValidity,
            files.count(where: { $0.inode == inode }) > 0,
            files.count(where: { $0.inode == inode && $0.access != .write }) == 0
        else { return nil }
        return heard.value
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
