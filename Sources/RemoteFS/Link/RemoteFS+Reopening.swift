// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// Files stay open though the connection that they were opened on is lost: each is opened again by its
// path when it is next used.

extension RemoteFS {
    /// Whether a handle is good on the present connection.
    func isCurrent(_ handle: SFTPHandle) -> Bool { handle.generation == client.generation }

    /// A handle of the present connection for a node, whatever it may do.
    func currentHandle(of inode: InodeNumber) -> SFTPHandle? {
        files.first { $0.inode == inode && $0.server.map(isCurrent) ?? false }?.server
    }

    /// An open file, with its handle on the present connection.
    ///
    /// Nothing may suspend before that is used.
    ///
    /// - Throws: `EBADF` for what is not open, `ESTALE` where its path leads to another file now, or why
    ///   it can't be opened again.
    func openFile(_ handle: HandleID) async throws(Errno) -> (OpenFile, SFTPHandle) {
        while true {
            guard let file = files[handle] else { throw .EBADF }
            // Nothing can be sent by it: what is tried now must not count as a change of ours.
            if isCutOff { throw .EIO }
            if file.isStale { throw .ESTALE }
            if let server = file.server, isCurrent(server) { return (file, server) }
            if file.isReopening {
                do { try await reopenings.wait() } catch { throw .EINTR }
            } else {
                try await reopen(handle)
            }
        }
    }

    /// Has a node's open file on the present connection again, if it is open at all, to look at it
    /// instead of at what has its path.
    ///
    /// - Parameter handle: the one to look at; otherwise any, and none where all of them are stale.
    func reopenForLook(at inode: InodeNumber, by handle: HandleID?) async throws(Errno) {
        if let handle, files[handle] != nil {
            _ = try await openFile(handle)
        } else if nodes[inode]?.kind == .regular, nodes[inode]?.openCount ?? 0 > 0,
            currentHandle(of: inode) == nil,
            let any = files.ids(where: { $0.inode == inode && !$0.isStale }).first
        {
            // Where it can't be had, the path is all there is.
            _ = try? await openFile(any)
        }
    }

    /// Opens a file again as it was opened, but for what is done only once: it is never created or
    /// truncated by that.
    private func reopen(_ handle: HandleID) async throws(Errno) {
        guard let file = files[handle] else { throw .EBADF }
        files[handle]?.isReopening = true
        defer {
            files[handle]?.isReopening = false
            reopenings.wakeAll()
        }
        // What has lost its name can't be found any more.
        guard nodes[file.inode]?.place != nil else { throw giveUp(on: file.inode) }
        // To open a FIFO can hold the server up for ever.
        guard try await isRegular(file.inode) else { throw giveUp(on: file.inode) }
        let path = try await path(to: file.inode)
        let change = nodes.lastChange
        switch await finish(try start(opening: path, file.access)) {
        case .failure(let error):
            guard error.errno == .ENOENT else {
                throw await reasonOfFailedOpen(error, of: file.inode, flags: file.access)
            }
            throw giveUp(on: file.inode)
        case .success((let server, let attributes)):
            guard
                let found = try await recognise(server, of: file, otherwise: attributes)
            else {
                await client.startClose(server)
                throw giveUp(on: file.inode)
            }
            guard files[handle] != nil else {
                await client.startClose(server)
                throw .EBADF
            }
            files[handle]?.server = server
            lookForLostWrites(in: file.inode, found)
            if nodes[file.inode]?.attributes?.value.differs(from: found) ?? false {
                nodes[file.inode]?.expireAttributes()
            }
            noteIdentity(of: file.inode, found, askedAfter: change)
        }
    }

    /// Whether the path of a node leads to a regular file.
    func isRegular(_ inode: InodeNumber) async throws(Errno) -> Bool {
        let request = try startStatus(try await path(to: inode))
        do {
            return try await request.value.kind == .regular
        } catch {
            guard error.errno == .ENOENT else { throw error.fileErrno }
            return false
        }
    }

    /// Takes all handles on a node that are not on the present connection for lost: another file has its
    /// path now, or none.
    private func giveUp(on inode: InodeNumber) -> Errno {
        for id in files.ids(where: { $0.inode == inode }) {
            if let server = files[id]?.server, isCurrent(server) { continue }
            files[id]?.isStale = true
            files[id]?.server = nil
        }
        return .ESTALE
    }

    // MARK: Identity

    /// Takes note that a file is being opened anew and cut: who has it open and has to open it again
    /// meanwhile must not take that for somebody else's work.
    func noteTruncation(of inode: InodeNumber) {
        nodes[inode]?.details?.identity?.beginChange(FileAttributes(size: 0))
        forgetContent(0..<UInt64.max, of: inode)
    }

    /// Takes note of what an open handle has told of its file, in answer to a request sent after our
    /// change number `change`.
    func noteIdentity(
        of inode: InodeNumber, _ attributes: FileAttributes, askedAfter change: UInt64
    ) {
        guard let node = nodes[inode], node.isUnchanged(since: change) else { return }
        nodes[inode]?.makeDetails().identity = FileIdentity(attributes)
    }

    /// Whether the time of a file is one that a write now would change, by the server's clock.
    ///
    /// That is known where we have made something; no clock is a day away.
    func hasOldTime(_ identity: FileIdentity) -> Bool {
        guard let mtime = identity.mtime else { return false }
        let age = options.wallClock() - Int64(mtime)
        guard let offset = ownMark?.clockOffset else { return age > 86_400 }
        return age + offset > OwnMark.inexactness
    }

    /// Notices by the time of a file that is opened again that a crash of the server has undone what it
    /// had acknowledged.
    private func lookForLostWrites(in inode: InodeNumber, _ found: FileAttributes) {
        guard let details = nodes[inode]?.details,
            details.identity?.lacksWrites(found) ?? false
        else { return }
        let missing = details.identity?.unsyncedWrites ?? 0
        details.identity?.finishSync(missing)
        noteFailure(.EIO, of: inode)
    }

    /// Adds a file that has just been opened.
    func add(
        _ file: OpenFile, _ attributes: FileAttributes?, askedAfter change: UInt64
    ) -> HandleID {
        if let attributes {
            noteIdentity(of: file.inode, attributes, askedAfter: change)
            if nodes[file.inode]?.details?.identity == nil {
                var identity = FileIdentity(attributes)
                // Changes are under way.
                identity.beginChange(FileAttributes(times: attributes.times))
                nodes[file.inode]?.makeDetails().identity = identity
            }
        }
        dropFetched(of: file.inode)
        makeRoomBesideFilesAhead()
        var file = file
        file.failuresAtOpening = nodes[file.inode]?.details?.failureCount ?? 0
        (file.failuresMet, file.failuresSeen) = (file.failuresAtOpening, file.failuresAtOpening)
        return files.add(file)
    }

    // MARK: Directories

    /// Takes note that a directory was being read on a connection that is lost.
    func interrupt(_ fetch: ListingFetch) {
        if fetch.server != nil { openDirectoryCount -= 1 }
        fetch.interrupt()
    }

    /// Opens a directory again that was being read when the connection was lost.
    func resume(_ fetch: ListingFetch) async throws(Errno) {
        interrupt(fetch)
        guard fetch.resume() else {
            fetch.fail(.EIO)
            removeFromNode(fetch)
            throw .EIO
        }
        defer {
            if fetch.server == nil { fetch.interrupt() }
            fetch.progress.wakeAll()
        }
        let path = try await path(to: fetch.inode)
        let opening = try start { (client) throws(SFTPError) in try client.startOpendir(path) }
        do {
            fetch.open(try await opening.value)
            openDirectoryCount += 1
        } catch {
            throw reasonOfFailedOpendir(error)
        }
    }
}
