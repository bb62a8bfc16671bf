// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient

// Finding out soon that nobody is there any more, while somebody waits for an answer.

extension ServerLink {
    /// Takes note that an operation is under way, which may wait for an answer.
    func begin() {
        operationCount += 1
        guard operationCount == 1 else { return }
        busySince = loop.now
        if silenceTimer == nil { listen() }
    }

    /// Takes note that an operation has been answered.
    func finishOperation() { operationCount -= 1 }

    func stopListening() {
        if let silenceTimer { loop.cancel(silenceTimer) }
        silenceTimer = nil
        askedAt = nil
    }

    /// Looks again when the silence would have lasted too long.
    ///
    /// One timer for all operations: none is set or cancelled for each of them.
    func listen() {
        guard case .connected = state, connection.ask != nil else { return }
        let heard = max(connection.lastReceived(), busySince)
        let deadline =
            if let askedAt { askedAt + options.silence - options.askAfter } else {
                max(heard, loop.now - options.askAfter) + options.askAfter
            }
        silenceTimer = loop.schedule(at: deadline) { [weak self] in
            self?.assumeIsolated { $0.lookForLife(wanted: deadline) }
        }
    }

    private func lookForLife(wanted: Duration) {
        silenceTimer = nil
        guard case .connected = state, operationCount > 0 else { return askedAt = nil }
        let heard = max(connection.lastReceived(), busySince)
        // A process that was stopped meanwhile has not heard what has come.
        let wasStopped = loop.now > wanted + Self.lateness
        if let askedAt, heard > askedAt || wasStopped { self.askedAt = nil }
        if askedAt != nil {
            let seconds = (loop.now - heard).components.seconds
            client.assumeIsolated {
                $0.disconnect(reason: "no sign of life for \(seconds) seconds")
            }
            return noteLoss()
        }
        if loop.now >= heard + options.askAfter {
            askedAt = loop.now
            connection.ask?()
        }
        listen()
    }

    /// A timer that is later than this was held up by more than work.
    private static var lateness: Duration { .seconds(2) }
}
