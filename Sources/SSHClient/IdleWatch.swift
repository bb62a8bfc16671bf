// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHProtocol

/// Watches over a channel that is closed once nothing has come or gone for long (`ChannelTimeout`).
struct IdleWatch {
    /// How long nothing may come or go on the channel; nil for ever.
    let limit: Duration?
    /// How long nothing may come or go on any channel; nil for ever.
    let limitOfAll: Duration?
    /// When data last came or went.
    var lastActivity: Duration
    /// What was exceeded, once that has happened.
    private(set) var exceeded: Duration?
    private var timer: TimerID?

    /// Nil where nobody wants it.
    init?(_ timeouts: [ChannelTimeout], type: String, now: Duration) {
        limit = timeouts.limit(ofType: type)
        limitOfAll = timeouts.limitOfAll
        lastActivity = now
        if limit == nil, limitOfAll == nil { return nil }
    }

    /// When to look again, given when there was activity on any channel.
    func deadline(lastOfAll: Duration) -> Duration {
        let deadlines = [limit.map { lastActivity + $0 }, limitOfAll.map { lastOfAll + $0 }]
        return deadlines.compactMap(\.self).min() ?? .zero
    }

    mutating func start(_ loop: any EventLoop, at deadline: Duration, _ body: @escaping Body) {
        timer = loop.schedule(at: deadline, body)
    }

    typealias Body = @Sendable () -> Void

    /// Too long nothing has come or gone.
    mutating func timeIsUp(now: Duration) {
        timer = nil
        let isItsOwn = limit.map { lastActivity + $0 <= now } ?? false
        exceeded = isItsOwn ? limit : limitOfAll
    }

    mutating func stop(_ loop: any EventLoop) {
        if let timer { loop.cancel(timer) }
        timer = nil
    }
}

extension [ChannelTimeout] {
    /// What is meant by `global` holds for all channels together, and is no pattern of types.
    private static let all = "global"

    fileprivate var limitOfAll: Duration? {
        first { $0.type == Self.all }.flatMap { $0.interval > .zero ? $0.interval : nil }
    }

    /// The first that names the type, such as `session:subsystem:sftp`, or what it belongs to.
    fileprivate func limit(ofType type: String) -> Duration? {
        let parts = type.split(separator: ":")
        let names = parts.indices.map { parts[...$0].joined(separator: ":") }
        let match = first { timeout in
            timeout.type != Self.all && names.contains { wildcard(timeout.type, matches: $0) }
        }
        return match.flatMap { $0.interval > .zero ? $0.interval : nil }
    }
}

extension SessionRequest {
    /// How `ChannelTimeout` calls a session in which this was asked for.
    var channelType: String {
        switch self {
        case .subsystem(let name): "session:subsystem:\(name)"
        case .exec: "session:command"
        case .shell: "session:shell"
        case .environment: "session"
        }
    }
}

extension SSHSession {
    /// Watches over a channel that has been opened, if the options say so.
    func watchIdleness(of state: ChannelState, _ id: ChannelID, type: String) {
        state.idle = IdleWatch(context.options.channelTimeouts, type: type, now: loop.now)
        lastChannelActivity = loop.now
        scheduleIdleCheck(state, id)
    }

    func noteActivity(on state: ChannelState) {
        guard state.idle != nil else { return }
        lastChannelActivity = loop.now
        state.idle?.lastActivity = loop.now
    }

    private func scheduleIdleCheck(_ state: ChannelState, _ id: ChannelID) {
        guard let deadline = state.idle?.deadline(lastOfAll: lastChannelActivity) else { return }
        state.idle?.start(loop, at: deadline) {
            self.assumeIsolated { $0.checkIdleness(id) }
        }
    }

    private func checkIdleness(_ id: ChannelID) {
        guard let state = channels[id], let idle = state.idle, endReason == nil else { return }
        guard idle.deadline(lastOfAll: lastChannelActivity) <= loop.now else {
            return scheduleIdleCheck(state, id)
        }
        state.idle?.timeIsUp(now: loop.now)
        connection.close(id, discardingUnsentData: true)
        state.phase = .closed(nil)
        finishReading(state)
        state.wakeAll()
        stateChanged()
    }
}
