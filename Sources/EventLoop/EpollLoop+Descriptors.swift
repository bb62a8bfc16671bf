// SPDX-License-Identifier: Apache-2.0

import CLinux

/// What a descriptor is ready for, or what to wait for.
public struct Readiness: OptionSet, Sendable {
    /// The set as bits.
    public let rawValue: UInt8

    /// The set of these bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A read will not wait: there is data, the end of the stream, or an error to fetch.
    public static let read = Readiness(rawValue: 1)
    /// A write will not wait: there is room, or an error to fetch.
    public static let write = Readiness(rawValue: 2)

    /// Only reported: no more data will come than what is there, because the other side has
    /// finished or gone, or because of an error.
    public static let hangUp = Readiness(rawValue: 4)

    init(epollEvents events: UInt32) {
        var readiness: Readiness = []
        // After an error or a hang-up neither call waits, and each says what happened.
        let broken = clinux_EPOLLHUP | clinux_EPOLLERR
        if events & (clinux_EPOLLIN | clinux_EPOLLRDHUP | broken) != 0 { readiness.insert(.read) }
        if events & (clinux_EPOLLOUT | broken) != 0 { readiness.insert(.write) }
        if events & (clinux_EPOLLRDHUP | broken) != 0 { readiness.insert(.hangUp) }
        self = readiness
    }

    var epollEvents: UInt32 {
        var events: UInt32 = 0
        if contains(.read) { events |= clinux_EPOLLIN | clinux_EPOLLRDHUP }
        if contains(.write) { events |= clinux_EPOLLOUT }
        return events
    }
}

/// When a watch reports.
public enum Trigger: Sendable {
    /// In every turn in which the descriptor is ready.
    case level
    /// When the descriptor becomes ready: after a report, use it until EAGAIN.
    case edge
}

/// Names a watched descriptor of one loop; never used again.
public struct WatchID: Hashable, Sendable {
    let token: UInt64
}

/// A descriptor that the loop waits for.
struct Watch {
    let descriptor: CInt
    let trigger: Trigger
    let handler: @Sendable (Readiness) -> Void

    func epollEvents(for interest: Readiness) -> UInt32 {
        interest.epollEvents | (trigger == .edge ? clinux_EPOLLET : 0)
    }
}

extension EpollLoop {
    /// Calls `handler` on the loop whenever `descriptor` is ready, until ``unwatch(_:)``.
    ///
    /// The descriptor must stay open for as long as it is watched. Hang-up and errors are reported
    /// as readiness for both directions, whatever `interest` says.
    ///
    /// - Throws: `EPERM` for a file that is always ready, such as a regular one.
    public func watch(
        _ descriptor: CInt, for interest: Readiness, trigger: Trigger = .level,
        _ handler: @escaping @Sendable (Readiness) -> Void
    ) throws(SystemError) -> WatchID {
        checkIsolated()
        let watch = Watch(descriptor: descriptor, trigger: trigger, handler: handler)
        let token = lastWatch + 1
        let result = clinux_epoll_ctl(
            epoll.rawValue, EPOLL_CTL_ADD, descriptor, watch.epollEvents(for: interest), token)
        guard result == 0 else { throw .last("epoll_ctl") }
        lastWatch = token
        watches[token] = watch
        return WatchID(token: token)
    }

    /// Changes what a watch waits for; for an empty set only errors are reported.
    public func change(_ id: WatchID, to interest: Readiness) {
        checkIsolated()
        guard let watch = watches[id.token] else { preconditionFailure("not watched") }
        let result = clinux_epoll_ctl(
            epoll.rawValue, EPOLL_CTL_MOD, watch.descriptor, watch.epollEvents(for: interest),
            id.token)
        precondition(result == 0, "a watched descriptor was closed")
    }

    /// Ends a watch, before its descriptor is closed; the handler is not called any more.
    public func unwatch(_ id: WatchID) {
        checkIsolated()
        guard let watch = watches.removeValue(forKey: id.token) else { return }
        let result = clinux_epoll_ctl(epoll.rawValue, EPOLL_CTL_DEL, watch.descriptor, 0, 0)
        precondition(result == 0, "a watched descriptor was closed")
    }
}
