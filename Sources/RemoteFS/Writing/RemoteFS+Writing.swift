// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
public import SFTPProtocol
public import Wire

// Writing: what programs need not wait for, what they have to, and waiting for all that is pending.

extension RemoteFS {
    /// Writes to an open file.
    ///
    /// Unless it has to wait, it returns once the data stand in the file's pending writes, which are on
    /// their way. What becomes of them is told by the next write, by ``fsync(_:)`` and by ``flush(_:)``.
    ///
    /// - Parameters:
    ///   - handle: the open file.
    ///   - offset: where the data belong; it does not matter where they are appended.
    ///   - data: what to write.
    ///   - kind: decides whether they are appended, and whether the write may be cut short.
    ///   - waits: whether to return only when the server has answered.
    /// - Returns: how many bytes from the start of `data` have been written: all, or as many as there
    ///   was room for, or as came before another error.
    /// - Throws: why nothing could be written; or not all of it, where pages of a mapping are; or what
    ///   has become of earlier data.
    public func write(
        _ handle: HandleID, offset: UInt64, data: Bytes, as kind: WriteKind = .asOpened,
        waits: Bool = false
    ) async throws(Errno) -> Int {
        guard let file = files[handle] else { throw .EBADF }
        let (end, isBeyondAll) = offset.addingReportingOverflow(UInt64(data.count))
        guard !isBeyondAll, end <= UInt64(Int64.max) else { throw .EFBIG }
        if kind == .asOpened, file.access.contains(.append) {
            try await settleWrites(of: file.inode)
            try reportFailureToWriter(handle)
            beginWriting(data.count, to: file.inode)
            defer { endWriting(data.count, to: file.inode) }
            return try await append(data, to: handle, offset: offset)
        }
        let piece = FilePiece(offset: offset, data: data)
        if kind != .pages, !waits, !data.isEmpty, !options.writesThrough {
            repeat {
                try reportFailureToWriter(handle)
                if accept(piece, from: handle) { return data.count }
            } while try await waitsForRoom(handle)
        } else if kind != .pages {
            try reportFailureToWriter(handle)
        }
        return try await writeThrough(piece, to: handle, as: kind)
    }

    // MARK: Writing behind

    /// Takes data over from a program, if it need not wait: what can go wrong then is known only
    /// afterwards.
    ///
    /// - Returns: whether they are pending now.
    private func accept(_ piece: FilePiece, from handle: HandleID) -> Bool {
        guard let inode = files[handle]?.inode, canWriteBehind(handle),
            hasRoom(for: inode)
        else { return false }
        let writes = writes(of: inode)
        if !writes.isChange {
            writes.isChange = true
            nodes.beginChange(of: inode)
        }
        writes.writer = handle
        if writes.pending.isAllSent { writes.waitingSince = loop.now }
        writes.pending.add(piece, limit: client.limits.writeBytes)
        addNewContent(piece, of: inode)
        sendPending(of: inode)
        return true
    }

    /// Whether an open file can be written as it is, and nothing has failed since it was opened.
    ///
    /// Whoever has been told a twin's attributes has to learn of a write before it returns.
    private func canWriteBehind(_ handle: HandleID) -> Bool {
        guard let file = files[handle], !isCutOff, !file.isStale,
            file.access.contains(.write), !file.access.contains(.append),
            let server = file.server, isCurrent(server), let node = nodes[file.inode]
        else { return false }
        return node.twins.isEmpty && !mayHaveUnknownTwins(file.inode)
            && (node.details?.failureCount ?? 0) == file.failuresAtOpening
    }

    private func mayHaveUnknownTwins(_ inode: InodeNumber) -> Bool {
        nodes[inode]?.details?.mayHaveUnknownTwins ?? false
    }

    private func hasRoom(for inode: InodeNumber) -> Bool {
        guard !pendingWrites.isEmpty else { return true }
        if let pending = pendingWrites[inode]?.pending,
            pending.isCrowded || pending.byteCount >= FileWrites.fileBytes
        {
            return false
        }
        return pendingByteCount < FileWrites.mountBytes
    }

    /// Waits until there may be room, if that is what is missing.
    private func waitsForRoom(_ handle: HandleID) async throws(Errno) -> Bool {
        guard canWriteBehind(handle), let inode = files[handle]?.inode else { return false }
        if !hasRoom(for: inode) { try await waitForWriteProgress() }
        return true
    }

    /// How many bytes of all files are pending.
    var pendingByteCount: Int { pendingWrites.values.reduce(0) { $0 + $1.pending.byteCount } }

    private func writes(of inode: InodeNumber) -> FileWrites {
        if let writes = pendingWrites[inode] { return writes }
        let writes = FileWrites()
        pendingWrites[inode] = writes
        return writes
    }

    func waitForWriteProgress() async throws(Errno) {
        do { try await writeProgress.wait() } catch { throw .EINTR }
    }

    // MARK: Waiting

    /// Waits until the server has answered all that has been written to a file so far; what has failed
    /// is the file's failure then.
    ///
    /// Any other file may be the same one where that can't be known: then all of them are waited for.
    ///
    /// - Parameter offset: what ends before it need not be waited for.
    /// - Throws: `EINTR` when the task is cancelled.
    func settleWrites(of inode: InodeNumber, from offset: UInt64 = 0) async throws(Errno) {
        guard !pendingWrites.isEmpty else { return }
        let family =
            mayHaveUnknownTwins(inode)
            ? pendingWrites.keys.sorted() : [inode] + (nodes[inode]?.twins ?? [])
        for member in family {
            guard let writes = pendingWrites[member] else { continue }
            let number = writes.pending.lastNumber
            try await wait(for: writes, of: member) { pending in
                pending.isSettled(upTo: number, from: offset)
            }
        }
    }

    /// What is pending of a file, sent as a whole over the present connection; nil where it is not, or
    /// another file may be the same one.
    func sentWrites(of inode: InodeNumber) -> SentWrites? {
        guard let writes = pendingWrites[inode], !mayHaveUnknownTwins(inode),
            nodes[inode]?.twins.isEmpty ?? false
        else { return nil }
        writes.hurrying += 1
        sendPending(of: inode)
        writes.hurrying -= 1
        return SentWrites(writes).flatMap { isCurrent($0) ? $0 : nil }
    }

    /// Whether they have been sent over the present connection.
    func isCurrent(_ sent: SentWrites) -> Bool { !isCutOff && sent.generation == client.generation }

    /// Waits until the server has answered all that has been written so far.
    ///
    /// - Throws: `EINTR` when the task is cancelled.
    public func settleAllWrites() async throws(Errno) {
        for inode in pendingWrites.keys.sorted() { try await settleWrites(of: inode) }
    }

    /// Waits for something to be true of a file's pending writes, and has all of them sent meanwhile.
    private func wait(
        for writes: FileWrites, of inode: InodeNumber, until condition: (PendingWrites) -> Bool
    ) async throws(Errno) {
        writes.hurrying += 1
        defer { writes.hurrying -= 1 }
        while !condition(writes.pending) {
            sendPending(of: inode)
            try await waitForWriteProgress()
        }
    }

    // MARK: Writing through

    /// Writes and waits for the server's answer.
    private func writeThrough(
        _ piece: FilePiece, to handle: HandleID, as kind: WriteKind
    ) async throws(Errno) -> Int {
        guard let inode = files[handle]?.inode else { throw .EBADF }
        beginWriting(piece.data.count, to: inode)
        defer { endWriting(piece.data.count, to: inode) }
        if mayHaveUnknownTwins(inode) { try await settleWrites(of: inode) }
        try await claim(piece.range, of: inode)
        defer { endClaim(of: piece.range, of: inode) }
        return try await again { () async throws(Errno) in
            try await writeOnce(handle, offset: piece.offset, data: piece.data, as: kind)
        }
    }

    /// Keeps a range of a file from being written by others, once what is pending there is on the server.
    func claim(_ range: Range<UInt64>, of inode: InodeNumber) async throws(Errno) {
        while pendingWrites[inode]?.pending.overlaps(range) ?? false {
            let writes = writes(of: inode)
            try await wait(for: writes, of: inode) { !$0.overlaps(range) }
        }
        writes(of: inode).pending.claim(range)
    }

    /// Gives a range back.
    func endClaim(of range: Range<UInt64>, of inode: InodeNumber) {
        pendingWrites[inode]?.pending.endClaim(range)
        dropUnusedWrites(of: inode)
        sendPending(of: inode)
        writeProgress.wakeAll()
    }

    /// Forgets that a file has been written to, once nothing of that is left.
    func dropUnusedWrites(of inode: InodeNumber) {
        guard let writes = pendingWrites[inode], writes.pending.isUnused, !writes.isBeingSent,
            !writes.isChange
        else { return }
        pendingWrites[inode] = nil
    }

    // MARK: What is under way

    /// What has been written and the server has not acknowledged.
    public var unwritten: UnwrittenData {
        var counts = bytesBeingWritten
        for (inode, writes) in pendingWrites where !writes.pending.isEmpty {
            counts[inode, default: 0] += writes.pending.byteCount
        }
        return UnwrittenData(files: counts.count, bytes: counts.values.reduce(0, +))
    }

    private func beginWriting(_ count: Int, to inode: InodeNumber) {
        guard count > 0 else { return }
        bytesBeingWritten[inode, default: 0] += count
    }

    private func endWriting(_ count: Int, to inode: InodeNumber) {
        guard let bytes = bytesBeingWritten[inode] else { return }
        bytesBeingWritten[inode] = bytes > count ? bytes - count : nil
    }
}
