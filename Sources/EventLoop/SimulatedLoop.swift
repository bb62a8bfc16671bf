// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A loop whose time passes only when everything at hand is done: repeatable, and faster than life.
///
/// It has no descriptors. Time starts at zero and jumps to the next timer when no work is ready.
/// Work reaches it from its own thread only: a job from another one would make runs differ, so it
/// traps. ``offload(_:)`` runs its work at once.
public final class SimulatedLoop: CoreLoop, @unchecked Sendable {
    private let thread = pthread_self()
    var core = LoopCore()

    /// A loop of the calling thread, at time zero.
    public init() {}

    /// The virtual time.
    public private(set) var now: Duration = .zero

    /// The number of the current turn.
    public var turn: UInt64 { core.turn }

    // MARK: Running

    /// Runs what is ready, and what that makes ready, without letting time pass.
    public func runUntilIdle() {
        checkIsolated()
        repeat { runTurn() } while core.hasReadyWork || isTimerDue
    }

    /// Lets `duration` pass, stopping at each timer on the way.
    public func advance(by duration: Duration) {
        checkIsolated()
        let end = now + duration
        runUntilIdle()
        while let deadline = core.timers.nextDeadline(), deadline <= end {
            now = max(now, deadline)
            runUntilIdle()
        }
        now = end
    }

    /// Runs, letting time pass from timer to timer, until `condition` holds.
    ///
    /// - Returns: whether it holds; false when nothing is left that could ever happen, or when
    ///   `limit` of virtual time has passed.
    public func run(limit: Duration = .seconds(86_400), until condition: () -> Bool) -> Bool {
        checkIsolated()
        let end = now + limit
        while true {
            runUntilIdle()
            if condition() { return true }
            guard let deadline = core.timers.nextDeadline(), deadline <= end else { return false }
            now = max(now, deadline)
        }
    }

    /// Runs until `operation` is done, and returns or throws what it did.
    ///
    /// - Throws: ``SimulationStalled`` when it can never be done, or is not within `limit` of
    ///   virtual time.
    public func run<T: Sendable>(
        limit: Duration = .seconds(86_400), _ operation: @escaping @Sendable () async throws -> T
    ) throws -> T {
        let outcome = Outcome<T>()
        spawn { await outcome.set(from: operation) }
        guard run(limit: limit, until: { outcome.value != nil }), let result = outcome.value else {
            throw SimulationStalled(time: now)
        }
        return try result.get()
    }

    private var isTimerDue: Bool {
        guard let deadline = core.timers.nextDeadline() else { return false }
        return deadline <= now
    }

    // MARK: EventLoop

    /// Runs `body` once the virtual time has reached `deadline`.
    public func schedule(at deadline: Duration, _ body: @escaping @Sendable () -> Void) -> TimerID {
        checkIsolated()
        return core.timers.insert(at: deadline, body)
    }

    /// Forgets a timer.
    public func cancel(_ timer: TimerID) {
        checkIsolated()
        core.timers.remove(timer)
    }

    /// Runs `body` once, after this turn's jobs.
    public func afterTurn(_ body: @escaping @Sendable () -> Void) {
        checkIsolated()
        core.appendAfterTurn(body)
    }

    /// Runs `body` soon; on the loop's own thread only.
    public func execute(_ body: @escaping @Sendable () -> Void) {
        checkIsolated()
        core.append(.body(body))
    }

    /// Runs `work` at once.
    public func offload<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try work()
    }

    // MARK: SerialExecutor, TaskExecutor

    /// Takes a task's next step; called by the runtime, traps on any other thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        checkIsolated()
        core.append(.job(UnownedJob(job)))
    }

    /// Whether the caller is on the loop's thread.
    public func isIsolatingCurrentContext() -> Bool? { pthread_equal(pthread_self(), thread) != 0 }

    /// Traps when the caller is not on the loop's thread.
    public func checkIsolated() {
        precondition(
            pthread_equal(pthread_self(), thread) != 0, "called off the simulated loop's thread")
    }
}

/// A simulated run that could not come to its end.
public struct SimulationStalled: Error, Sendable {
    /// The virtual time at which nothing was left to happen, or the limit was reached.
    public let time: Duration
}
