// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Wire

extension SFTPClient {
    /// Makes a request and waits for its reply.
    func call<Value: Sendable>(
        _ request: SFTPRequest, _ decode: @escaping ReplyDecoding.Decoder<Value>
    ) async throws(SFTPError) -> Value {
        if Task.isCancelled { throw .cancelled }
        return try await value(of: start(request, decode))
    }

    /// Makes a request: it is sent behind all that were made before, as soon as there is room; but
    /// before READs that wait for room, if nothing else does and it does not close what they read.
    ///
    /// WRITEs are not overtaken: a request may ask about what they have changed.
    ///
    /// - Parameter payloadBytes: how many bytes of payload it carries or asks for.
    func start<Value: Sendable>(
        _ request: SFTPRequest, payloadBytes: Int = 0,
        _ decode: @escaping ReplyDecoding.Decoder<Value>
    ) throws(SFTPError) -> PendingReply<Value> {
        if let closeReason { throw closeReason }
        let pending = PendingReply(client: self, payloadBytes: payloadBytes, decode: decode)
        let isNext =
            backlog.isEmpty
            || (backlog.isOfReadsOnly && !request.isTransfer && !request.isClose)
        if isNext && hasRoom(for: request, payloadBytes) {
            send(request, pending)
        } else {
            backlog.append(Backlog.Entry(request: request, pending: pending))
        }
        return pending
    }

    /// Waits for a reply.
    func value<Value: Sendable>(
        of pending: PendingReply<Value>
    ) async throws(SFTPError) -> Value {
        if let answer = pending.answer(in: self) { return try answer.get() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { pending.wait($0, in: self) }
        } onCancel: {
            // On the loop's own thread at once, so that who is cancelled there is gone before more
            // happens; from elsewhere soon.
            if loop.isCurrent {
                assumeIsolated { pending.abandon(in: $0) }
            } else {
                loop.execute { self.assumeIsolated { pending.abandon(in: $0) } }
            }
        }
        guard let answer = pending.answer(in: self) else { throw .cancelled }
        return try answer.get()
    }

    // MARK: In flight

    private func hasRoom(for request: SFTPRequest, _ payloadBytes: Int) -> Bool {
        let kept = request.isTransfer ? ClientLimits.requestsBesideTransfers : 0
        guard inFlight.count < ClientLimits.requestsInFlight - kept else { return false }
        return payloadBytes == 0 || bytesInFlight == 0
            || bytesInFlight + payloadBytes <= ClientLimits.bytesInFlight
    }

    private func send(_ request: SFTPRequest, _ pending: any PendingRequest) {
        repeat { lastID &+= 1 } while inFlight[lastID] != nil
        inFlight[lastID] = pending
        bytesInFlight += pending.payloadBytes
        traffic.noteRequest(lastID, payloadBytes: pending.payloadBytes, now: loop.now)
        outgoing.append(contentsOf: request.encode(id: lastID))
        scheduleSending()
    }

    /// Takes a request out that has been answered; nil if there is none of this id.
    func removeFromFlight(_ id: UInt32) -> (any PendingRequest)? {
        guard let pending = inFlight.removeValue(forKey: id) else { return nil }
        bytesInFlight -= pending.payloadBytes
        traffic.noteReply(to: id, now: loop.now)
        return pending
    }

    /// Sends what has been waiting for room.
    func sendBacklog() {
        while let next = backlog.first {
            let isWanted = !next.pending.isAbandoned(in: self) || next.request.isClose
            guard !isWanted || hasRoom(for: next.request, next.pending.payloadBytes) else { return }
            backlog.removeFirst()
            if isWanted { send(next.request, next.pending) }
        }
    }

    /// Answers everything that waits, in an order that doesn't change from run to run.
    func failRequests(_ error: SFTPError) {
        let sent = inFlight.sorted { $0.key < $1.key }.map(\.value)
        let unsent = backlog.takeAll().map(\.pending)
        inFlight = [:]
        bytesInFlight = 0
        outgoing = []
        for pending in sent + unsent { pending.fail(error, in: self) }
    }

    // MARK: The channel

    /// Has the requests of this turn sent together at its end.
    private func scheduleSending() {
        guard !isSending else { return }
        isSending = true
        loop.afterTurn { self.assumeIsolated { $0.sendOutgoing() } }
    }

    private func sendOutgoing() {
        isSending = false
        guard closeReason == nil else { return }
        let pieces = outgoing
        outgoing = []
        traffic.sent.add(pieces.reduce(0) { $0 + $1.count }, now: loop.now)
        do {
            if try !channel.enqueue(pieces) { waitForRoom() }
        } catch {
            end(SFTPError(channelError: error))
        }
    }

    private func waitForRoom() {
        isSending = true
        loop.spawn {
            do {
                try await self.channel.waitForRoom()
                await self.sendOutgoing()
            } catch {
                await self.end(SFTPError(channelError: error))
            }
        }
    }
}

extension SFTPRequest {
    /// Whether it moves a file's data.
    fileprivate var isTransfer: Bool {
        switch self {
        case .read, .write: true
        default: false
        }
    }

    /// Whether it must be sent even if nobody waits for the answer any more.
    fileprivate var isClose: Bool {
        if case .close = self { true } else { false }
    }
}
