// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
public import SFTPProtocol
public import Wire

// What the kernel may ask for, and how each of it gets over the loss of a connection.

extension RemoteFS {
    /// Finds a name in a directory.
    ///
    /// - Parameters:
    ///   - name: one name, not a path.
    ///   - parent: the directory.
    ///   - caller: the thread that asks; 0 where that is not known.
    public func lookup(
        _ name: [UInt8], in parent: InodeNumber, by caller: CallerID = 0
    ) async throws(Errno) -> LookupResult {
        if let entry = lookUpAhead(name, in: parent, by: caller) { return .found(entry) }
        let result = try await again { () async throws(Errno) in
            let found = try await lookupOnce(name, in: parent)
            return try await openAhead(name, in: parent, found, by: caller)
        }
        switch result {
        case .absent: absences.note(Node.Place(parent: parent, name: name), at: loop.now)
        case .found(let entry) where !retriedLooks.isEmpty:
            retriedLooks.noteLookup(of: entry.status.inode, by: caller)
        case .found: break
        }
        return result
    }

    /// Sizes and free space of the file system that holds a node.
    ///
    /// Zeros, which mean "not known", where the server can't tell.
    public func statfs(_ inode: InodeNumber) async throws(Errno) -> FileSystemStatistics {
        try await again { () async throws(Errno) in
            try await statfsOnce(inode)
        }
    }

    /// The status of a node, and for how long the kernel may take it as true.
    ///
    /// - Parameters:
    ///   - inode: the node.
    ///   - handle: the open file that is meant; nil where the kernel names none.
    ///   - caller: the thread that asks; 0 where that is not known.
    /// - Throws: `ESTALE` where the file has no name any more: the caller looks the name up and asks again,
    ///   which succeeds then.
    public func getattr(
        _ inode: InodeNumber, handle: HandleID?, by caller: CallerID = 0
    ) async throws(Errno) -> (status: FileStatus, validity: Duration) {
        do throws(Errno) {
            return try await again { () async throws(Errno) in
                try await getattrOnce(inode, handle: handle)
            }
        } catch {
            guard error == .ESTALE, retriedLooks.isRetry(of: inode, by: caller, at: loop.now),
                let known = nodes[inode]?.attributes?.value
            else { throw error }
            return (status(known, of: inode), .zero)
        }
    }

    /// Changes mode, owner, size or times, and returns the status after it.
    public func setattr(
        _ inode: InodeNumber, _ changes: AttributeChanges, handle: HandleID?
    ) async throws(Errno) -> (status: FileStatus, validity: Duration) {
        try await again { () async throws(Errno) in
            try await setattrOnce(inode, changes, handle: handle)
        }
    }

    /// Reads the target of a symbolic link, as the kernel may follow it.
    ///
    /// Where links are contained, it is passed on as it is only if it is relative and all its `..` come
    /// first and are no more than the link's own depth, or a smaller one at which the kernel may take it
    /// to be. Every other is resolved here, name by name, and becomes such a path.
    ///
    /// - Throws: `EPERM` for a target that leads out of the mounted directory, where that is refused.
    public func readlink(_ inode: InodeNumber) async throws(Errno) -> [UInt8] {
        try await again { () async throws(Errno) in
            try await readlinkOnce(inode)
        }
    }

    /// Opens a directory.
    ///
    /// A listing that is still valid is used again.
    public func opendir(_ inode: InodeNumber) async throws(Errno) -> OpenedDirectory {
        try await again { () async throws(Errno) in
            try await opendirOnce(inode)
        }
    }

    /// Entries of an open directory, `.` and `..` first, from an offset on; none at the end.
    ///
    /// Offsets are stable for as long as the directory is open, short of very long ones. Offset 0
    /// starts over with what the directory holds now.
    ///
    /// - Parameters:
    ///   - handle: the open directory.
    ///   - offset: 0, or the `nextOffset` of the entry after which to go on.
    ///   - room: how many bytes the entries may take in the kernel's form.
    ///   - overhead: how many bytes an entry takes there besides its name, before it is rounded up to
    ///     a multiple of eight.
    ///   - attributes: whether to look entries up: every one with an ``ListedEntry/entry`` counts
    ///     as a lookup.
    public func readdir(
        _ handle: HandleID, offset: UInt64, room: Int, overhead: Int, attributes: Bool
    ) async throws(Errno) -> [ListedEntry] {
        try await again { () async throws(Errno) in
            try await readdirOnce(
                handle, offset: offset, room: room, overhead: overhead, attributes: attributes)
        }
    }

    /// Opens a file that exists.
    ///
    /// - Parameters:
    ///   - inode: the file.
    ///   - flags: read, write, append and truncate.
    ///   - caller: the thread that asks; 0 where that is not known.
    /// - Throws: `ESTALE` where another file has the name now, or none: the caller looks the name up and
    ///   opens it again, which succeeds then if there is one.
    public func open(
        _ inode: InodeNumber, _ flags: OpenFlags, by caller: CallerID = 0
    ) async throws(Errno) -> OpenedFile {
        if let file = try await takeAhead(of: inode, flags, by: caller) { return file }
        do throws(Errno) {
            return try await again { () async throws(Errno) in try await openOnce(inode, flags) }
        } catch {
            if error == .ESTALE { expectRetry(by: caller, flags) }
            throw error
        }
    }

    /// Creates a file, or opens the one that is there unless `flags` demand a new one.
    ///
    /// - Parameters:
    ///   - name: one name, not a path.
    ///   - parent: the directory.
    ///   - permissions: what a new file gets, whatever the server's umask is.
    ///   - flags: how to open it; a new one is demanded by `exclusive`.
    ///   - caller: the thread that asks; 0 where that is not known.
    public func create(
        _ name: [UInt8], in parent: InodeNumber, permissions: UInt32, _ flags: OpenFlags,
        by caller: CallerID = 0
    ) async throws(Errno) -> (entry: Entry, file: OpenedFile) {
        guard flags.contains(.exclusive) else {
            do throws(Errno) {
                // What is there is opened, whoever has made it.
                return try await again { () async throws(Errno) in
                    try await createOnce(name, in: parent, permissions: permissions, flags)
                }
            } catch {
                if error == .ESTALE { expectRetry(by: caller, flags) }
                throw error
            }
        }
        let expected = expectation(.regular, name, in: parent, permissions: permissions)
        return try await once { () async throws(Errno) in
            try await createOnce(name, in: parent, permissions: permissions, flags)
        } look: { () async throws(Errno) in
            guard case .done(let entry) = try await settleMaking(expected) else { return .notDone }
            do throws(Errno) {
                let file = try await openOnce(
                    entry.status.inode, flags.subtracting([.create, .exclusive, .truncate]))
                return .done((entry, file))
            } catch {
                forget(entry.status.inode, count: 1)
                throw error
            }
        }
    }

    /// Reads from an open file; fewer bytes than asked for are its end.
    public func read(
        _ handle: HandleID, offset: UInt64, count: Int
    ) async throws(Errno) -> [Bytes] {
        var (pieces, next, isCareful) = ([Bytes](), offset, false)
        return try await again { () async throws(Errno) in
            // A link may never live long enough for all of it: what has come is kept.
            defer { isCareful = true }
            while true {
                let rest = count - Int(next - offset)
                let length = isCareful ? min(Self.carefulBytes, rest) : rest
                let change = nodes.lastChange
                let some = try await readOnce(
                    handle, offset: next, count: length, isCareful: isCareful)
                if let inode = files[handle]?.inode,
                    nodes[inode]?.isUnchanged(since: change) ?? false
                {
                    noteContent(some, at: next, of: inode)
                }
                pieces += some
                next += UInt64(some.byteCount)
                if some.byteCount < length || next == offset + UInt64(count) { return pieces }
            }
        }
    }

    /// Waits until the server has put an open file on stable storage, where it can promise that.
    public func fsync(_ handle: HandleID) async throws(Errno) {
        try await again { () async throws(Errno) in
            try await fsyncOnce(handle)
        }
        // Told once, which an attempt over a lost connection would use up.
        try reportFailure(to: handle)
    }

    /// Waits at a close for what is pending of the file, and reports what has become known of its data
    /// since they were written.
    public func flush(_ handle: HandleID) async throws(Errno) {
        guard let file = files[handle] else { return }
        if file.access.contains(.write) { try await settleWrites(of: file.inode) }
        guard let details = nodes[file.inode]?.details,
            details.lateChanges != nil || details.failureCount > 0
        else { return }
        try await again { () async throws(Errno) in
            try await flushOnce(handle)
        }
        try reportFailure(to: handle)
    }

    /// Copies within the server.
    ///
    /// - Returns: how many bytes; fewer than `count` where the source ends or a request is full.
    /// - Throws: `EOPNOTSUPP` where the kernel has to copy by reading and writing.
    public func copyRange(
        from source: HandleID, at sourceOffset: UInt64, to target: HandleID,
        at targetOffset: UInt64, count: UInt64
    ) async throws(Errno) -> Int {
        try await again { () async throws(Errno) in
            try await copyRangeOnce(
                from: source, at: sourceOffset, to: target, at: targetOffset, count: count)
        }
    }

    /// Makes a directory.
    public func mkdir(
        _ name: [UInt8], in parent: InodeNumber, permissions: UInt32
    ) async throws(Errno) -> Entry {
        let expected = expectation(.directory, name, in: parent, permissions: permissions)
        return try await once { () async throws(Errno) in
            try await mkdirOnce(name, in: parent, permissions: permissions)
        } look: { () async throws(Errno) in
            try await settleMaking(expected)
        }
    }

    /// Makes a symbolic link.
    public func symlink(
        _ name: [UInt8], in parent: InodeNumber, target: [UInt8]
    ) async throws(Errno) -> Entry {
        let expected = expectation(.symbolicLink, name, in: parent)
        return try await once { () async throws(Errno) in
            try await symlinkOnce(name, in: parent, target: target)
        } look: { () async throws(Errno) in
            try await settleMaking(expected) { (path, _) async throws(Errno) in
                let sent = try options.sent(target: target)
                return try await ask { () async throws(SFTPError) in
                    try await client.readlink(path).elementsEqual(sent)
                }
            }
        }
    }

    /// Makes a hard link.
    ///
    /// SFTP can't tell that two names are one file, so we know it only for as long as the answer is
    /// fresh: long enough for programs that check what they have linked, as git does.
    public func link(
        _ inode: InodeNumber, as name: [UInt8], in parent: InodeNumber
    ) async throws(Errno) -> Entry {
        let place = Node.Place(parent: parent, name: name)
        let wasAbsent = absences.contains(place, at: loop.now)
        return try await once { () async throws(Errno) in
            try await linkOnce(inode, as: name, in: parent)
        } look: { () async throws(Errno) in
            try await settleLink(inode, as: place, wasAbsent: wasAbsent)
        }
    }

    /// Removes a name of something that is not a directory.
    ///
    /// Open files stay usable: the server holds them open.
    public func unlink(_ name: [UInt8], in parent: InodeNumber) async throws(Errno) {
        let known = identity(of: name, in: parent)
        try await once { () async throws(Errno) in
            try await unlinkOnce(name, in: parent)
        } look: { () async throws(Errno) in
            try await settleRemoval(of: name, in: parent, known)
        }
    }

    /// Removes an empty directory.
    public func rmdir(_ name: [UInt8], in parent: InodeNumber) async throws(Errno) {
        let known = identity(of: name, in: parent)
        try await once { () async throws(Errno) in
            try await rmdirOnce(name, in: parent)
        } look: { () async throws(Errno) in
            try await settleRemoval(of: name, in: parent, known)
        }
    }

    /// Gives a node another name, in place of what has that name if that is allowed.
    public func rename(_ rename: Rename) async throws(Errno) {
        let known = identity(of: rename.oldName, in: rename.oldParent)
        try await once { () async throws(Errno) in
            try await renameOnce(rename)
        } look: { () async throws(Errno) in
            try await settle(rename, known)
        }
    }
}
