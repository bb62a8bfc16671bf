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
        question = nil
    }

    /// Asks for a sign of life at once, whether or not an operation waits: something has happened that
    /// may have ended the connection.
    func doubt() {
        guard case .connected = state, let ask = connection.ask,
            loop.now >= lastDoubt + Self.doubtPause
        else { return }
        lastDoubt = loop.now
        let answerBy = loop.now + min(Self.doubtTime, options.silence - options.askAfter)
        question = (
            question?.askedAt ?? loop.now, min(question?.answerBy ?? answerBy, answerBy)
        )
        ask()
        listen()
    }

    /// Looks again when the silence would have lasted too long.
    ///
    /// One timer for all operations: none is set or cancelled for each of them.
    func listen() {
        guard case .connected = state else { return }
        var looks: [Duration] = []
        if let question {
            looks.append(question.answerBy)
        } else if connection.ask != nil {
            looks.append(max(lastHeard, loop.now - options.askAfter) + options.askAfter)
        }
        if operationCount > 0, let muteAt { looks.append(max(muteAt, loop.now)) }
        guard let next = looks.min() else { return }
        if let silenceTimer { loop.cancel(silenceTimer) }
        silenceTimer = loop.schedule(at: next) { [weak self] in
            self?.assumeIsolated { $0.lookForLife(wanted: next) }
        }
    }

    private func lookForLife(wanted: Duration) {
        silenceTimer = nil
        guard case .connected = state, operationCount > 0 || question != nil else { return }
        // A process that was stopped meanwhile has not heard what has come.
        let wasStopped = loop.now > wanted + Self.lateness
        if let asked = question, lastHeard >= asked.askedAt || wasStopped { question = nil }
        if let question, loop.now >= question.answerBy {
            return lose("no sign of life for \((loop.now - lastHeard).components.seconds) seconds")
        }
        if !wasStopped, operationCount > 0, let muteAt, loop.now >= muteAt {
            lastMuteness = loop.now
            let seconds = (loop.now - lastAnswer).components.seconds
            return lose("the SFTP server has answered nothing for \(seconds) seconds")
        }
        guard operationCount > 0 || question != nil else { return }
        if question == nil, let ask = connection.ask, loop.now >= lastHeard + options.askAfter {
            question = (loop.now, loop.now + options.silence - options.askAfter)
            ask()
        }
        listen()
    }

    private func lose(_ reason: String) {
        client.assumeIsolated { $0.disconnect(reason: reason) }
        noteLoss()
    }

    /// When the server was last heard of, while somebody waited for that.
    private var lastHeard: Duration { max(connection.lastReceived(), busySince) }

    /// When the SFTP server last said something, while somebody waited for that.
    private var lastAnswer: Duration {
        max(client.assumeIsolated { $0.lastActivity }, busySince)
    }

    /// When the SFTP server will have said nothing for too long though the connection is alive; nil
    /// where there could be no other connection.
    ///
    /// OpenSSH's server does one thing after the other, and can wait for ever in opening a FIFO.
    private var muteAt: Duration? {
        guard dial != nil else { return nil }
        return lastAnswer + options.muteTime + .seconds(bytesUnderWay() / Self.slowestLink)
    }

    /// A timer that is later than this was held up by more than work.
    private static var lateness: Duration { .seconds(2) }
    /// How long the answer may take after something has happened that may have ended the connection.
    private static var doubtTime: Duration { .seconds(3) }
    /// The shortest time from one such question to the next.
    private static var doubtPause: Duration { .seconds(1) }
    /// How many bytes a second a link carries that is still waited for.
    private static var slowestLink: Int { 4096 }
}
