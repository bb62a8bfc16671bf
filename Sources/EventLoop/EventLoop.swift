// SPDX-License-Identifier: Apache-2.0

/// One thread that owns everything bound to it: actors, timers, channels.
///
/// An actor binds itself to a loop by returning `unsafe loop.asUnownedSerialExecutor()` from its
/// `unownedExecutor`. Calls between actors of one loop are plain calls: no thread hop, no lock, no
/// queue. Unless said otherwise, everything here is called on the loop's thread, which is the one
/// that created the loop; anything else is a mistake of ours and traps.
public protocol EventLoop: SerialExecutor, TaskExecutor {
    /// The time since an arbitrary origin that stays fixed for the loop's life. It never goes back.
    var now: Duration { get }

    /// The number of the current turn: one turn is events, timers, jobs and ``afterTurn(_:)`` work.
    var turn: UInt64 { get }

    /// Runs `body` on the loop once `deadline` has come, never before this call returns.
    ///
    /// - Parameters:
    ///   - deadline: a point in the time of ``now``; one in the past means the next turn.
    ///   - body: called once, unless the timer is cancelled before.
    /// - Returns: a name for the timer, never used again.
    func schedule(at deadline: Duration, _ body: @escaping @Sendable () -> Void) -> TimerID

    /// Forgets a timer; nothing happens when it has fired or been cancelled.
    func cancel(_ timer: TimerID)

    /// Runs `body` once, after this turn's events and jobs and before the loop waits again.
    ///
    /// The place to send what a turn has collected. Work that `body` asks for is the next turn's.
    func afterTurn(_ body: @escaping @Sendable () -> Void)

    /// Runs `body` on the loop soon; may be called on any thread, except on a simulated loop.
    func execute(_ body: @escaping @Sendable () -> Void)

    /// Starts a task whose code runs on the loop, up to its first suspension before this returns.
    @discardableResult
    func spawn(_ operation: @escaping @Sendable () async -> Void) -> Task<Void, Never>

    /// Runs `work`, which may block, on a helper thread, and awaits its result.
    ///
    /// Cancellation does not interrupt `work`.
    func offload<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T
}

/// Names a timer of one loop.
public struct TimerID: Hashable, Sendable {
    let rawValue: UInt64
}

extension EventLoop {
    /// Whether the caller is on the loop's thread.
    public var isCurrent: Bool { isIsolatingCurrentContext() ?? false }

    /// Starts a task whose code runs on the loop, up to its first suspension before this returns.
    @discardableResult
    public func spawn(_ operation: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        checkIsolated()
        return Task.immediate(executorPreference: self) { await operation() }
    }
}
