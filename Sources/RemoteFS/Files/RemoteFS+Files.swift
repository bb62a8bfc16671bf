// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

extension RemoteFS {
    // MARK: Opening

    /// One attempt at ``open(_:_:)``.
    func openOnce(
        _ inode: InodeNumber, _ flags: OpenFlags
    ) async throws(Errno) -> OpenedFile {
        let truncates = flags.contains(.truncate)
        try await settleWrites(of: inode)
        try await reopenForLook(at: inode, by: nil)
        try await settle(inode)
        if let node = nodes[inode], node.place == nil { return try await openAgain(inode, flags) }
        if flags == .read {
            if let file = await openByAhead(inode) { return file }
            try await settle(inode)
        }
        let path = try settledPath(to: inode)
        let opening = try start(opening: path, flags, witness: openHandle(of: inode))
        if flags == .read { noteVisit(ofFile: inode) }
        if truncates {
            nodes.beginChange(of: inode)
            noteTruncation(of: inode)
            onLateChanges(of: inode) { $0.noteTruncated(to: 0) }
        }
        let generation = client.generation
        let change = nodes.lastChange
        // Open before the answer: the node must not be forgotten while its file is being opened.
        nodes.open(inode)
        let result = await finish(opening)
        if truncates { await endChange(of: inode) }
        switch result {
        case .failure(let error):
            if truncates, error.endsConnection {
                noteLost(of: inode, on: generation) {
                    $0.noteLost(truncation: 0)
                }
            }
            if error.errno == .ENOENT, await opening.isOfNothing {
                // Somebody else has removed it. The kernel looks the name up again, and creates it if
                // that was asked for.
                leavePlace(inode)
                throw .ESTALE
            }
            nodes.close(inode)
            throw await reasonOfFailedOpen(error, of: inode, flags: flags)
        case .success((let server, let found)):
            var attributes = found
            // Moved away before the look at its path.
            if found == nil, !options.avoidsFstat { attributes = try? await client.fstat(server) }
            if let attributes, await isOfAnotherFile(opening, attributes, of: inode) {
                // Another file stands there now. The kernel looks the name up again.
                await client.startClose(server)
                leavePlace(inode)
                throw .ESTALE
            }
            let handle = add(
                OpenFile(inode: inode, flags: flags, server: server), attributes,
                askedAfter: truncates ? nodes.lastChange : change)
            guard let attributes, !truncates else {
                if let attributes { keepNewContent(of: inode, attributes, flags) }
                nodes[inode]?.pages = nil
                return OpenedFile(handle: handle, keepsPages: false)
            }
            let keepsPages = keepsPages(of: inode, attributes)
            if !keepsPages { readIfSmall(handle, attributes, askedAfter: change) }
            await show(attributes, of: inode, askedAfter: change)
            return OpenedFile(
                handle: handle, keepsPages: keepsPages,
                bypassesPages: attributes.mayHideContent && flags == .read,
                needsFlush: flags != .read)
        }
    }

    /// Opens a file that has no name any more, by the name that /proc has for its descriptor: another
    /// open file of ours stands for the same handle of the server.
    private func openAgain(
        _ inode: InodeNumber, _ flags: OpenFlags
    ) async throws(Errno) -> OpenedFile {
        let access = flags.intersection([.read, .write, .append])
        func isEnough(_ file: OpenFile) -> Bool {
            file.inode == inode && file.server.map(isCurrent) ?? false
                && file.access.isSuperset(of: access)
                && file.access.contains(.append) == access.contains(.append)
        }
        if flags.contains(.truncate) {
            guard files.first(where: isEnough) != nil else { throw .ESTALE }
            var changes = AttributeChanges()
            changes.size = 0
            _ = try await setattrOnce(inode, changes, handle: nil)
        }
        guard let file = files.first(where: isEnough), let server = file.server else {
            throw .ESTALE
        }
        nodes.open(inode)
        let handle = add(
            OpenFile(inode: inode, flags: flags, server: server), nil, askedAfter: nodes.lastChange)
        return OpenedFile(handle: handle, keepsPages: false)
    }

    /// Takes its name from a node that could not be opened since it is not there any more.
    private func leavePlace(_ inode: InodeNumber) {
        forgetAttributes(of: inode)
        if let place = nodes[inode]?.place { nodes.detach(place.name, in: place.parent) }
        nodes.close(inode)
    }

    /// Takes attributes that the answer to the kernel has no room for: if they are not those that it
    /// was shown last, it has to ask for them before it uses the file.
    func show(
        _ attributes: FileAttributes, of inode: InodeNumber, askedAfter change: UInt64
    ) async {
        let shown = nodes[inode]?.attributes?.value
        store(attributes, of: inode, askedAfter: change)
        if let shown, shown.differs(from: attributes) { await invalidateShown(inode) }
    }

    /// Takes nothing for known that somebody else's change has made wrong.
    func forgetAttributes(of inode: InodeNumber) {
        nodes[inode]?.expireAttributes()
        for place in nodes[inode]?.places ?? [] { nodes[place.parent]?.listing = nil }
    }

    func keepsPages(of inode: InodeNumber, _ attributes: FileAttributes) -> Bool {
        if nodes[inode]?.pages == nil {
            nodes[inode]?.pages = CachedPages(attributes, now: loop.now)
            return false
        }
        return nodes[inode]?.pages?.reopen(attributes, now: loop.now) ?? false
    }

    // MARK: Creating

    /// One attempt at ``create(_:in:permissions:_:)``.
    func createOnce(
        _ name: [UInt8], in parent: InodeNumber, permissions: UInt32, _ flags: OpenFlags
    ) async throws(Errno) -> (entry: Entry, file: OpenedFile) {
        if let inode = nodes.inode(named: name, in: parent) { try await settleWrites(of: inode) }
        let path = try await path(to: name, in: parent)
        let change = nodes.lastChange
        nodes.beginChange(of: parent)
        // First as a new file, whose permissions are ours to set.
        var isNew = true
        var result = await finishCreation(path, permissions, flags.union(.exclusive))
        if !flags.contains(.exclusive), case .failure(let error) = result, error.mayMeanPresence {
            isNew = false
            if flags.contains(.truncate), let inode = nodes.inode(named: name, in: parent) {
                noteTruncation(of: inode)
            }
            result = await finishCreation(path, permissions, flags)
        }
        nodes.endChange(of: parent)
        switch result {
        case .failure(let error):
            nodes[parent]?.listing = nil
            // Before a look at the name: the server may have made the file for all that.
            if isForLackOfHandles(error) { throw .EMFILE }
            throw await reasonOfFailedCreation(
                error, of: name, in: parent, mayExist: !flags.contains(.exclusive))
        case .success((let server, let found)):
            var attributes = found
            if isNew, let found, found.kind == .regular {
                noteOwn(found)
                attributes = await correct(found, permissions, of: server, at: path)
            }
            guard isNew, attributes != nil else {
                return try await enter(
                    name, in: parent, openedAs: server, flags, otherwise: found)
            }
            do throws(Errno) {
                let entry = try noteOpening(of: name, in: parent, attributes, askedAfter: change)
                let handle = add(
                    OpenFile(inode: entry.status.inode, flags: flags, server: server), attributes,
                    askedAfter: nodes.lastChange)
                if let attributes { keepNewContent(of: entry.status.inode, attributes, flags) }
                return (entry, OpenedFile(handle: handle, keepsPages: false))
            } catch {
                nodes[parent]?.listing = nil
                await client.startClose(server)
                throw error
            }
        }
    }

    private func finishCreation(
        _ path: Bytes, _ permissions: UInt32, _ flags: OpenFlags
    ) async -> Result<(SFTPHandle, FileAttributes?), SFTPError> {
        do throws(Errno) {
            return await finish(
                try start(
                    opening: path, flags.union(.create),
                    options.createsWithoutMode
                        ? FileAttributes() : FileAttributes(permissions: permissions & 0o7777)))
        } catch {
            return .failure(.status(SFTPStatus(errno: error)))
        }
    }

    /// Gives a file that we have just made the permissions that the program asked for, where the
    /// server has given it others.
    ///
    /// - Returns: the attributes after that; those from before it where the server refuses.
    private func correct(
        _ attributes: FileAttributes, _ permissions: UInt32, of server: SFTPHandle, at path: Bytes
    ) async -> FileAttributes {
        guard let wanted = attributes.correction(for: permissions) else { return attributes }
        guard (try? await client.fsetstat(server, FileAttributes(permissions: wanted))) != nil,
            let corrected = options.avoidsFstat
                ? try? await client.lstat(path) : try? await client.fstat(server)
        else { return attributes }
        return corrected
    }

    /// Enters a file that a create has made or opened.
    private func noteOpening(
        of name: FileName, in parent: InodeNumber, _ attributes: FileAttributes?,
        askedAfter change: UInt64
    ) throws(Errno) -> Entry {
        guard let attributes, let kind = attributes.kind else { throw .EIO }
        // Through a link that somebody else has just made: the kernel looks the name up again, and
        // follows it itself. The same where it has forgotten the directory meanwhile.
        guard kind == .regular, nodes[parent] != nil else { throw .ESTALE }
        let entry = try noteCreation(of: name, in: parent, attributes, askedAfter: change)
        nodes.open(entry.status.inode)
        nodes[entry.status.inode]?.pages = nil
        return entry
    }

    // MARK: Writing

    /// One attempt to write, and to wait for the server's answer.
    func writeOnce(
        _ handle: HandleID, offset: UInt64, data: Bytes, as kind: WriteKind = .asOpened
    ) async throws(Errno) -> Int {
        let (file, server) = try await openFile(handle)
        // To an appending handle the offset means nothing.
        let target =
            file.access.contains(.append) ? try await handleInPlace(beside: handle) : server
        nodes.beginChange(of: file.inode)
        let details = nodes[file.inode]?.details
        let end = offset + UInt64(data.count)
        let isOld = details?.identity.map(hasOldTime) ?? false
        details?.identity?.beginWrite(to: end, isOld: isOld)
        forgetContent(offset..<end, of: file.inode)
        onLateChanges(of: file.inode) { $0.noteWritten(data, at: offset) }
        let outcome = await client.writeSome(target, offset: offset, data: [data])
        if outcome.failure == nil {
            details?.identity?.finishWrite(to: end)
            noteContent([data], at: offset, of: file.inode)
        }
        await endChange(of: file.inode)
        // All of it is sent again.
        if let failure = outcome.failure, failure.endsConnection {
            noteLost(of: file.inode, on: target.generation) {
                $0.noteLost(
                    write: data.dropFirst(outcome.count), at: offset + UInt64(outcome.count))
            }
            throw failure.fileErrno
        }
        if let failure = outcome.failure, outcome.count == 0 || kind == .pages {
            throw await reasonOfFailedWrite(failure, to: file.inode)
        }
        return outcome.count
    }

    /// One attempt at ``fsync(_:)``.
    func fsyncOnce(_ handle: HandleID) async throws(Errno) {
        let (written, _) = try await openFile(handle)
        try await settleWrites(of: written.inode)
        try await confirm(handle)
        let (file, server) = try await openFile(handle)
        let details = nodes[file.inode]?.details
        let writes = details?.identity?.unsyncedWrites ?? 0
        do {
            try await client.fsync(server)
            details?.identity?.finishSync(writes)
        } catch .unsupported {
            // Every write has been acknowledged, and more can't be had from this server.
        } catch {
            throw error.errnoOnHandle
        }
    }

    /// One attempt at ``flush(_:)``.
    func flushOnce(_ handle: HandleID) async throws(Errno) {
        guard let file = files[handle] else { throw .EBADF }
        if file.access.contains(.write) { try await confirm(handle) }
    }

    /// Closes an open file.
    ///
    /// Nobody waits for this, so that what the server has to say at the end goes to the log.
    public func release(_ handle: HandleID) async {
        if let inode = files[handle]?.inode { try? await settleWrites(of: inode) }
        guard let file = files.remove(handle) else { return }
        dropFetched(of: file, handle)
        let name = nodes.names(to: file.inode)?.last
        let details = nodes[file.inode]?.details
        nodes.close(file.inode)
        if nodes[file.inode]?.openCount ?? 0 == 0 {
            details?.sample = nil
            newContents[file.inode] = nil
            if let inPlace = details?.inPlace.take() { await client.startClose(inPlace) }
        }
        guard let server = file.server,
            // Another one may stand for the same handle.
            files.first(where: { $0.inode == file.inode && $0.server == server }) == nil
        else { return }
        do {
            try await client.close(server)
        } catch {
            guard !error.endsConnection, file.access.contains(.write) else { return }
            let file = name.map { "\"\(escaped($0, limit: linuxNameBytes))\"" } ?? "a removed file"
            options.log("the server failed to close \(file), which may not be whole: \(error)")
        }
    }
}
