// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import SSHProtocol
public import Wire

/// One channel of a session, with a subsystem or command at its other end.
///
/// Its window opens again for what has been read only, so the server cannot make us hold more than
/// one window's worth. It must be closed.
public struct SSHChannel: ByteChannel {
    let session: SSHSession
    let id: ChannelID

    /// Waits for data; nil once the server has sent all of it.
    ///
    /// - Throws: ``SSHClientError`` when the connection has ended before, or the program failed.
    public func read() async throws -> Bytes? { try await session.read(id) }

    /// Hands over data as it comes, and the end once the server has sent all of it.
    public func deliver(to receiver: any ByteReceiver) async {
        await session.deliver(id, to: receiver)
    }

    /// Queues data; the limit is ``SSHSession/sendQueueLimit``.
    ///
    /// - Throws: `ChannelError` when either side has closed the channel, ``SSHClientError`` when the
    ///   connection has ended.
    public func enqueue(_ pieces: [Bytes]) throws -> Bool {
        try session.assumeIsolated { try $0.enqueue(pieces, id) }
    }

    /// Suspends while more than the limit waits to be sealed.
    public func waitForRoom() async throws { try await session.waitForRoom(id) }

    /// Sends an end of file behind what is queued.
    public func finishWriting() async throws { try await session.finishWriting(id) }

    /// Closes the channel; what has not been sent is dropped.
    public func close() async { await session.forget(id) }
}

extension SSHSession {
    /// A channel's writers suspend while more than this many bytes of theirs wait: twice what an
    /// OpenSSH server takes without an answer.
    public static let sendQueueLimit = 4 << 20
    /// What is read is reported to the state machine in steps of so many bytes: far below what makes
    /// it tell the server.
    private static let reportStep = Int(ChannelParameters().window) / 64

    func read(_ id: ChannelID) async throws -> Bytes? {
        while let state = channels[id] {
            if let bytes = state.incoming.popFirst() {
                report(bytes.count, state, id)
                return bytes
            }
            if state.hasEnded {
                if let error = failure(state) { throw error }
                return nil
            }
            if let endReason { throw endReason }
            if case .closed = state.phase { return nil }
            try await state.readers.wait()
        }
        return nil
    }

    func deliver(_ id: ChannelID, to receiver: any ByteReceiver) {
        guard let state = channels[id] else { return receiver.receiveEnd(nil) }
        state.receiver = receiver
        while let bytes = state.incoming.popFirst() {
            receiver.receive(bytes)
            report(bytes.count, state, id)
        }
        endDeliveryIfDone(state)
    }

    /// Tells a channel's receiver that nothing more will come, once that is so.
    func endDeliveryIfDone(_ state: ChannelState) {
        guard let receiver = state.receiver else { return }
        if case .closed = state.phase {
        } else if endReason == nil && !state.hasEnded {
            return
        }
        state.receiver = nil
        receiver.receiveEnd(state.hasEnded ? failure(state) : endReason)
    }

    private func failure(_ state: ChannelState) -> SSHClientError? {
        if let limit = state.idle?.exceeded {
            return .channelIdle(endpoint, state.program ?? "the tunnel", limit)
        }
        guard let program = state.program, let end = state.programFailure else { return nil }
        return .programFailed(endpoint, "\(program) ended with \(end)")
    }

    func report(_ count: Int, _ state: ChannelState, _ id: ChannelID) {
        state.unreported += count
        guard state.unreported >= Self.reportStep, endReason == nil else { return }
        connection.consumed(state.unreported, on: id)
        state.unreported = 0
        stateChanged()
    }

    func enqueue(_ pieces: [Bytes], _ id: ChannelID) throws -> Bool {
        connection.send(pieces, on: try writable(id))
        if let state = channels[id] { noteActivity(on: state) }
        scheduleOutput()
        return connection.queuedBytes(on: id) <= Self.sendQueueLimit
    }

    func waitForRoom(_ id: ChannelID) async throws {
        while connection.queuedBytes(on: try writable(id)) > Self.sendQueueLimit {
            try await channels[id]?.writers.wait()
        }
    }

    func finishWriting(_ id: ChannelID) async throws {
        connection.sendEndOfData(on: try writable(id))
        channels[id]?.isFinished = true
        stateChanged()
    }

    private func writable(_ id: ChannelID) throws -> ChannelID {
        if let endReason { throw endReason }
        guard let state = channels[id] else { throw ChannelError.closed }
        guard case .open = state.phase, !state.isFinished else { throw ChannelError.closedByPeer }
        return id
    }

    /// Lets the writers go on whose data has been sealed meanwhile.
    func releaseWriters() {
        for (id, state) in channels where !state.writers.isEmpty {
            if connection.queuedBytes(on: id) <= Self.sendQueueLimit { state.writers.wakeAll() }
        }
    }
}
