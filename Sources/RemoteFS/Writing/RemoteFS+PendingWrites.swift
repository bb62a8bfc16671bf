// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// Sending what is pending: one task for each file of which something is, which keeps several WRITEs under
// way. What is written within a short time, or while another has no answer, gathers to whole requests.

extension RemoteFS {
    /// Sends what can be sent now, and has the rest follow.
    func sendPending(of inode: InodeNumber) {
        guard let writes = pendingWrites[inode], writes.pending.canSend else { return }
        if writes.isBeingSent {
            if let server = files[writes.writer]?.server { send(writes, of: inode, by: server) }
            if !writes.replies.isEmpty { writes.gathering?.wakeAll() }
        } else {
            writes.isBeingSent = true
            loop.spawn { await self.sendAll(of: inode) }
        }
    }

    private func sendAll(of inode: InodeNumber) async {
        guard let writes = pendingWrites[inode] else { return }
        writes.stream = .init(number: writes.stream.number + 1, start: loop.now)
        while !writes.replies.isEmpty || writes.pending.canSend {
            do throws(Errno) {
                try await again { () async throws(Errno) in try await advance(writes, of: inode) }
            } catch {
                // Whatever there was, nobody can write it any more.
                writes.pending.giveUp()
                writes.replies = []
                closeLanes(writes)
                noteLostData(of: inode, error)
                writeProgress.wakeAll()
            }
        }
        writes.isBeingSent = false
        closeLanes(writes)
        if writes.pending.isEmpty, writes.isChange {
            writes.isChange = false
            writes.reason = nil
            dropUnusedWrites(of: inode)
            let before = nodes[inode]?.lastChange ?? 0
            writes.end = (before, await endChange(of: inode))
        }
        writeProgress.wakeAll()
    }

    /// Waits for the oldest answer, or sends, where nothing is under way.
    private func advance(_ writes: FileWrites, of inode: InodeNumber) async throws(Errno) {
        guard let (reply, lane) = writes.replies.first, let request = writes.pending.sent.first
        else {
            let server = try await writer(writes, of: inode)
            send(writes, of: inode, by: server)
            if writes.replies.isEmpty { await gather(writes) }
            return
        }
        do {
            try await reply.value
        } catch {
            guard !error.endsConnection else {
                if lane > 0 {
                    await writes.furtherChannels?.giveUp("\(error)")
                }
                noteLostRequests(writes, of: inode)
                throw error.fileErrno
            }
            await noteFailedRequest(writes, of: inode, error)
            return finishRequest(writes, of: inode)
        }
        nodes[inode]?.details?.identity?.finishWrite(to: request.range.upperBound)
        finishRequest(writes, of: inode)
    }

    /// Waits until what is held back is due, or somebody has had it sent.
    private func gather(_ writes: FileWrites) async {
        let queue = WaitQueue(loop: loop)
        writes.gathering = queue
        try? await queue.wait(until: writes.waitingSince + FileWrites.gatheringTime)
        writes.gathering = nil
    }

    private func finishRequest(_ writes: FileWrites, of inode: InodeNumber) {
        let count = writes.pending.finishRequest()
        writes.lanes.finish(count, on: writes.replies.removeFirst().lane)
        writes.stream.acknowledged += count
        sendPending(of: inode)
        widen(writes, of: inode)
        writeProgress.wakeAll()
    }

    /// A handle of the present connection to write by.
    private func writer(
        _ writes: FileWrites, of inode: InodeNumber
    ) async throws(Errno) -> SFTPHandle {
        let writers = files.ids {
            $0.inode == inode && !$0.isStale && $0.access.contains(.write)
                && !$0.access.contains(.append)
        }
        guard let writer = writers.contains(writes.writer) ? writes.writer : writers.first else {
            throw .ESTALE
        }
        return try await openFile(writer).1
    }

    /// Sends all that can be sent now, if the handle is good and no answers of an older connection are
    /// waited for.
    private func send(_ writes: FileWrites, of inode: InodeNumber, by server: SFTPHandle) {
        guard !isCutOff, isCurrent(server),
            writes.replies.isEmpty || writes.generation == server.generation
        else { return }
        writes.generation = server.generation
        let limit = client.limits.writeBytes
        let now = loop.now
        while let request = writes.pending.takeRequest(
            limit: limit, isUrgent: writes.hurrying > 0,
            isDue: now >= writes.waitingSince + FileWrites.gatheringTime)
        {
            writes.waitingSince = now
            noteSending(request, of: inode)
            let lane = writes.lanes.begin(request.range.count)
            let further = writes.lanes[lane]
            let (offset, data) = (request.range.lowerBound, request.pieces.map(\.data))
            let reply = try? start(on: further?.client) { (client) throws(SFTPError) in
                try client.startWrite(further?.handle ?? server, offset: offset, data: data)
            }
            guard let reply else { return noteLostRequests(writes, of: inode) }
            writes.replies.append((reply, lane))
        }
    }

    private func noteSending(_ request: PendingWrites.Request, of inode: InodeNumber) {
        let details = nodes[inode]?.details
        let isOld = details?.identity.map(hasOldTime) ?? false
        details?.identity?.beginWrite(to: request.range.upperBound, isOld: isOld)
        onLateChanges(of: inode) { late in
            for piece in request.pieces { late.noteWritten(piece.data, at: piece.offset) }
        }
    }

    // MARK: Failures

    /// Takes note that a connection is lost, and what was sent on it may be carried out or not.
    private func noteLostRequests(_ writes: FileWrites, of inode: InodeNumber) {
        noteLost(of: inode, on: writes.generation) { late in
            for request in writes.pending.sent {
                for piece in request.pieces {
                    late.noteLost(write: piece.data, at: piece.offset)
                }
            }
        }
        writes.pending.takeBack()
        writes.replies = []
        closeLanes(writes)
    }

    private func noteFailedRequest(
        _ writes: FileWrites, of inode: InodeNumber, _ error: SFTPError
    ) async {
        guard error.isUnspecific else { return noteLostData(of: inode, error.errnoOnHandle) }
        let reason: Errno
        if let known = writes.reason {
            reason = known
        } else {
            reason = await reasonOfFailedWrite(error, to: inode)
        }
        writes.reason = reason
        noteLostData(of: inode, reason)
    }

    /// Takes note that data which programs need not wait for are not written: a failure of the file.
    private func noteLostData(of inode: InodeNumber, _ error: Errno) {
        let text = error.text ?? "error \(error.rawValue)"
        options.log("not all that was written to \"\(shownName(of: inode))\" is there: \(text)")
        nodes[inode]?.pages = nil
        noteFailure(error, of: inode)
    }
}
