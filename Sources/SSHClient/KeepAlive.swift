// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHProtocol

/// Asks a silent server whether it is there (`ServerAliveInterval`, `ServerAliveCountMax`).
struct KeepAlive {
    private var timer: TimerID?
    private var unanswered = 0
    private var lastAsked: Duration?

    mutating func stop(_ loop: any EventLoop) {
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    mutating func start(_ loop: any EventLoop, at deadline: Duration, _ body: @escaping Body) {
        stop(loop)
        timer = loop.schedule(at: deadline, body)
    }

    typealias Body = @Sendable () -> Void

    /// What is to be done when the time has come.
    enum Action: Equatable {
        /// The server spoke meanwhile: look again then.
        case wait(until: Duration)
        case ask(next: Duration)
        case giveUp
    }

    mutating func timeHasCome(
        lastReceived: Duration, now: Duration, interval: Duration, countMax: Int
    ) -> Action {
        // Any packet is a sign of life, not only the answer.
        if let lastAsked, lastReceived >= lastAsked { unanswered = 0 }
        guard lastReceived + interval <= now else {
            return .wait(until: lastReceived + interval)
        }
        guard unanswered < countMax else { return .giveUp }
        unanswered += 1
        lastAsked = now
        return .ask(next: now + interval)
    }
}

extension SSHSession {
    /// Starts to watch over the connection, if the options say so.
    func startKeepAlive() {
        guard let interval = context.options.serverAliveInterval else { return }
        watch(at: connection.lastReceived + interval, interval)
    }

    /// Asks the server for a sign of life now; whatever it sends counts as one.
    public func askForLife() {
        guard endReason == nil else { return }
        connection.sendKeepalive()
        stateChanged()
    }

    /// When the server was last heard of, in the loop's time.
    public var lastReceived: Duration { connection.lastReceived }

    private func watch(at deadline: Duration, _ interval: Duration) {
        guard endReason == nil else { return }
        keepAlive.start(loop, at: deadline) {
            self.assumeIsolated { $0.askIfSilent(interval) }
        }
    }

    private func askIfSilent(_ interval: Duration) {
        let action = keepAlive.timeHasCome(
            lastReceived: connection.lastReceived, now: loop.now, interval: interval,
            countMax: context.options.serverAliveCountMax)
        switch action {
        case .wait(let deadline): watch(at: deadline, interval)
        case .ask(let next):
            connection.sendKeepalive()
            watch(at: next, interval)
            stateChanged()
        case .giveUp: _ = timedOut()
        }
    }
}
