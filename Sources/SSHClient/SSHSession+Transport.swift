// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHProtocol
import Wire

/// The bytes of the connection.
extension SSHSession {
    /// How much is sealed at once: enough for one large system call.
    private static let outputAtOnce = 256 * 1024
    /// How long what is left to be sent, the goodbye for instance, may keep an ended connection.
    private static let lingerTime = Duration.seconds(2)

    /// Starts reading and sending.
    func start() {
        loop.spawn { await self.receiveAll() }
        loop.spawn { await self.sendAll() }
    }

    private func receiveAll() async {
        do {
            while let bytes = try await transport.read() {
                connection.receive(bytes, now: loop.now)
                stateChanged()
            }
        } catch {
            // That the connection was reset, for instance: what matters is that it has ended.
            context.show("\(endpoint): \(error)", level: .verbose)
        }
        connection.receiveEnd(now: loop.now)
        stateChanged()
    }

    /// Sends what there is, and waits for more; at the end closes the channel.
    private func sendAll() async {
        do {
            while true {
                let output = connection.takeOutput(maximum: Self.outputAtOnce, now: loop.now)
                // Sealing may have started or ended an exchange of keys.
                scheduleDeadline()
                if !output.isEmpty {
                    releaseWriters()
                    try await transport.write([output[...]])
                } else if endReason != nil {
                    break
                } else {
                    try await senders.wait()
                }
            }
            try await transport.finishWriting()
        } catch {
            // The reader notices the end, and gets what the server may have said before it.
            context.show("\(endpoint): \(error)", level: .debug1)
            while endReason == nil { try? await senders.wait() }
        }
        if let lingerTimer { loop.cancel(lingerTimer) }
        lingerTimer = nil
        await transport.close()
    }

    /// Has the output sent once this turn has collected all of it.
    func scheduleOutput() {
        guard !isOutputScheduled else { return }
        isOutputScheduled = true
        loop.afterTurn {
            self.assumeIsolated { session in
                session.isOutputScheduled = false
                session.senders.wakeAll()
            }
        }
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

    /// Makes sure that the end of a connection whose server takes no more bytes comes, too.
    func linger() {
        senders.wakeAll()
        lingerTimer = loop.schedule(at: loop.now + Self.lingerTime) {
            self.assumeIsolated { session in
                session.lingerTimer = nil
                session.loop.spawn { await session.transport.close() }
            }
        }
    }
}
