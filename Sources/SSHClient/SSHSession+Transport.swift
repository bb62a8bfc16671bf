// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import SSHConfig
import SSHProtocol
public import Wire

/// The bytes of the connection.
extension SSHSession {
    /// How much is sealed at once: enough for one large system call.
    private static let outputAtOnce = 256 * 1024
    /// How long what is left to be sent, the goodbye for instance, may keep an ended connection.
    private static let lingerTime = Duration.seconds(2)

    /// What becomes of the output.
    enum Sending {
        case idle
        /// It is sent at the end of the turn.
        case scheduled
        case waitingForRoom
        /// Nothing is sent any more.
        case finished
    }

    /// Starts receiving and sending.
    func start() {
        loop.spawn { await self.transport.deliver(to: self) }
        scheduleOutput()
    }

    /// Has the output sent once this turn has collected all of it.
    func scheduleOutput() {
        guard case .idle = sending else { return }
        sending = .scheduled
        loop.afterTurn { self.assumeIsolated { $0.sendOutput() } }
    }

    /// Sends what there is, as far as the transport takes it; at the end closes the transport.
    private func sendOutput() {
        sending = .idle
        do {
            while sending == .idle {
                let output = takeOutput()
                if output.isEmpty { break }
                let isAll = output.count < Self.outputAtOnce
                if try !transport.enqueue([output[...]]) { waitForRoom() }
                if isAll { break }
            }
        } catch {
            stopSending(error)
        }
        // Sealing may have started or ended an exchange of keys.
        scheduleDeadline()
        releaseWriters()
        if endReason != nil, sending == .idle { finishSending() }
    }

    private func takeOutput() -> [UInt8] {
        let start = loop.now
        let output = connection.takeOutput(maximum: Self.outputAtOnce, now: start)
        if connection.measuresEffort {
            let end = loop.now
            connection.note(effort: end - start, now: end)
        }
        return output
    }

    private func waitForRoom() {
        sending = .waitingForRoom
        loop.spawn {
            do {
                try await self.transport.waitForRoom()
                await self.roomCame()
            } catch {
                await self.stopSending(error)
            }
        }
    }

    private func roomCame() {
        sending = .idle
        scheduleOutput()
    }

    /// Nothing can be sent any more.
    ///
    /// The receiver notices the end, and gets what the server may have said before it.
    private func stopSending(_ error: any Error) {
        context.show("\(endpoint): \(error)", level: .debug1)
        sending = .finished
        if endReason != nil { closeTransport() }
    }

    private func finishSending() {
        sending = .finished
        loop.spawn {
            try? await self.transport.finishWriting()
            await self.closeTransport()
        }
    }

    /// Sees to it that the transport is closed soon, even if the server takes no more bytes.
    func linger() {
        if sending == .finished { return closeTransport() }
        scheduleOutput()
        lingerTimer = loop.schedule(at: loop.now + Self.lingerTime) {
            self.assumeIsolated { $0.closeTransport() }
        }
    }

    func closeTransport() {
        if let lingerTimer { loop.cancel(lingerTimer) }
        lingerTimer = nil
        loop.spawn {
            if await self.isGivenUp {
                await self.transport.abort()
                await self.carrier?.abandon()
            } else {
                await self.transport.close()
                await self.carrier?.finish()
            }
            await self.transportClosed()
        }
    }

    private func transportClosed() {
        isTransportClosed = true
        closeWaiters.wakeAll()
    }

    /// Sets the timer for the state machine's next deadline.
    func scheduleDeadline() {
        let deadline = endReason == nil ? connection.nextDeadline : nil
        guard deadline != deadlineTimer?.deadline else { return }
        if let deadlineTimer { loop.cancel(deadlineTimer.timer) }
        deadlineTimer = deadline.map { deadline in
            let timer = loop.schedule(at: deadline) {
                self.assumeIsolated { $0.deadlineReached() }
            }
            return (deadline, timer)
        }
    }

    private func deadlineReached() {
        deadlineTimer = nil
        connection.handleDeadline(now: loop.now)
        stateChanged()
    }
}

extension SSHSession: ByteReceiver {
    /// Takes what has come from the server.
    public nonisolated func receive(_ bytes: Bytes) {
        assumeIsolated { session in
            session.connection.receive(bytes, now: session.loop.now)
            session.stateChanged()
        }
    }

    /// Takes notice that nothing more will come.
    public nonisolated func receiveEnd(_ error: (any Error)?) {
        assumeIsolated { session in
            // That the connection was reset, for instance, or why a proxy has given up.
            session.connection.receiveEnd(
                now: session.loop.now, cause: error.map { "\($0)" })
            session.stateChanged()
        }
    }
}
