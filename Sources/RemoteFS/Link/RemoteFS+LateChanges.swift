// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// Before fsync or close reports success, what an old session may have undone is read back.

extension RemoteFS {
    /// How often what has been undone is written again before that counts as failed.
    private static let repairs = 3

    /// Changes what is known of late changes of a file, where there may be any.
    func onLateChanges(of inode: InodeNumber, _ body: (inout LateChanges) -> Void) {
        guard let details = nodes[inode]?.details, var late = details.lateChanges else {
            return lateFiles.forget(inode)
        }
        // Held once, so that it is not copied.
        details.lateChanges = nil
        guard late.mayCome(at: loop.now, ended: endedGeneration) else {
            return lateFiles.forget(inode)
        }
        body(&late)
        keep(late, of: inode, details)
    }

    private func keep(_ late: LateChanges, of inode: InodeNumber, _ details: NodeDetails) {
        details.lateChanges = late
        lateFiles.setByteCount(late.byteCount, of: inode)
        while let surplus = lateFiles.surplus {
            nodes[surplus]?.details?.lateChanges = nil
            lateFiles.forget(surplus)
        }
    }

    /// Takes note of a request that may be carried out late.
    func noteLost(
        of inode: InodeNumber, on generation: UInt64, _ body: (inout LateChanges) -> Void
    ) {
        if let endedGeneration, generation <= endedGeneration { return }
        guard let details = nodes[inode]?.makeDetails() else { return }
        var late = details.lateChanges.take() ?? LateChanges()
        late.noteLoss(of: generation, at: loop.now)
        body(&late)
        lateFiles.noteLoss(of: inode)
        keep(late, of: inode, details)
        // What is kept for it is let go in time.
        _ = loop.schedule(at: loop.now + LateChanges.lifetime) { [weak self] in
            self?.assumeIsolated { $0.onLateChanges(of: inode) { _ in } }
        }
    }

    /// Takes note of what a new connection says of those before it.
    func noteEndOfOlderSessions() {
        guard client.sessionAnswer?.olderHaveEnded ?? false, client.generation > 0 else { return }
        endedGeneration = client.generation - 1
    }

    /// Makes sure that what has been written to an open file since a loss is there, and writes it again
    /// where an old session has undone it.
    ///
    /// What can't be put right is a failure of the file.
    func confirm(_ handle: HandleID) async throws(Errno) {
        guard let inode = files[handle]?.inode, let late = lateChanges(of: inode),
            late.size != nil || !late.written.isEmpty
        else { return }
        let writers = files.ids {
            $0.inode == inode && !$0.isStale && $0.access.contains(.write)
        }
        guard let writer = writers.first else { return }
        _ = try await openFile(writer)
        guard let (reader, isOurs) = try await reader(of: inode) else { return }
        let result: Result<Void, Errno>
        do throws(Errno) {
            result = .success(try await confirm(inode, by: reader, writer))
        } catch {
            result = .failure(error)
        }
        if isOurs { await client.startClose(reader) }
        try result.get()
    }

    private func lateChanges(of inode: InodeNumber) -> LateChanges? {
        guard let late = nodes[inode]?.details?.lateChanges,
            late.mayCome(at: loop.now, ended: endedGeneration)
        else { return nil }
        return late
    }

    private func confirm(
        _ inode: InodeNumber, by reader: SFTPHandle, _ writer: HandleID
    ) async throws(Errno) {
        if try await hasGrown(inode, by: reader) { return noteFailure(.EIO, of: inode) }
        for _ in 0..<Self.repairs {
            let undone = try await undone(in: inode, by: reader)
            if undone.isEmpty { return }
            if lateChanges(of: inode)?.isIncomplete ?? false { break }
            for piece in undone { try await repair(piece, of: inode, by: writer) }
        }
        noteFailure(.EIO, of: inode)
    }

    /// Writes a piece again, if nothing else has been written there meanwhile.
    private func repair(
        _ piece: FilePiece, of inode: InodeNumber, by writer: HandleID
    ) async throws(Errno) {
        try await claim(piece.range, of: inode)
        defer { endClaim(of: piece.range, of: inode) }
        guard isStillWanted(piece, of: inode) else { return }
        _ = try await writeOnce(writer, offset: piece.offset, data: piece.data, as: .pages)
    }

    /// Whether the file is longer than we have made it, by what was to be written before.
    private func hasGrown(
        _ inode: InodeNumber, by reader: SFTPHandle
    ) async throws(Errno) -> Bool {
        let size = try await ask { () async throws(SFTPError) in
            try await client.fstat(reader).size
        }
        guard let size else { return false }
        for piece in lateChanges(of: inode)?.additions(upTo: size) ?? []
        where try await read(piece, by: reader) == piece.data {
            return true
        }
        return false
    }

    /// The pieces that an old session has undone.
    private func undone(
        in inode: InodeNumber, by reader: SFTPHandle
    ) async throws(Errno) -> [FilePiece] {
        var undone: [FilePiece] = []
        for piece in lateChanges(of: inode)?.written ?? [] {
            let found = try await read(piece, by: reader)
            guard isStillWanted(piece, of: inode), let late = lateChanges(of: inode) else {
                continue
            }
            switch late.judge(piece, found) {
            case .same: break
            case .undone: undone.append(piece)
            case .others: onLateChanges(of: inode) { $0.forget(piece.range) }
            }
        }
        return undone
    }

    private func isStillWanted(_ piece: FilePiece, of inode: InodeNumber) -> Bool {
        lateChanges(of: inode)?.written.contains(piece) ?? false
    }

    private func read(
        _ piece: FilePiece, by reader: SFTPHandle
    ) async throws(Errno) -> Bytes {
        let pieces = try await ask { () async throws(SFTPError) in
            try await client.read(reader, offset: piece.offset, length: piece.data.count)
        }
        return Array(pieces.joined())[...]
    }

    /// A handle to read a file that is open on the present connection, and whether it is to be closed;
    /// nil where the server lets nobody read it.
    private func reader(
        of inode: InodeNumber
    ) async throws(Errno) -> (SFTPHandle, isOurs: Bool)? {
        let open = files.first {
            $0.inode == inode && $0.access.contains(.read) && $0.server.map(isCurrent) ?? false
        }
        if let server = open?.server { return (server, false) }
        guard nodes[inode]?.place != nil else { return nil }
        let path = try await path(to: inode)
        let opening = try start(opening: path, .read, witness: currentHandle(of: inode))
        switch await finish(opening) {
        case .failure(let error):
            if error.endsConnection { throw error.fileErrno }
            return nil
        case .success(let (server, attributes)):
            if let attributes, await !isOfAnotherFile(opening, attributes, of: inode) {
                return (server, true)
            }
            await client.startClose(server)
            return nil
        }
    }

    // MARK: Failures

    /// Takes note that data which had been acknowledged are not there.
    func noteFailure(_ error: Errno, of inode: InodeNumber) {
        newContents[inode] = nil
        guard let details = nodes[inode]?.makeDetails() else { return }
        details.failureCount += 1
        details.lastFailure = error
        details.lateChanges = nil
        lateFiles.forget(inode)
    }

    /// Reports a failure that the holder of an open file has not been told of yet.
    ///
    /// Each holder is told once, whoever else has been.
    func reportFailure(to handle: HandleID) throws(Errno) {
        guard let file = files[handle], let details = nodes[file.inode]?.details,
            let error = details.lastFailure, details.failureCount != file.failuresSeen
        else { return }
        files[handle]?.failuresSeen = details.failureCount
        files[handle]?.failuresMet = details.failureCount
        throw error
    }

    /// Reports a failure to who goes on writing.
    ///
    /// He may not know that it is of what he had written before: fsync and close report it again.
    func reportFailureToWriter(_ handle: HandleID) throws(Errno) {
        guard let file = files[handle], let details = nodes[file.inode]?.details,
            let error = details.lastFailure, details.failureCount != file.failuresMet
        else { return }
        files[handle]?.failuresMet = details.failureCount
        throw error
    }
}
