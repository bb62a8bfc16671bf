// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// The real loop: one thread that waits in `epoll_wait` for descriptors, timers and jobs.
///
/// It belongs to the thread that creates it; ``run()`` is called there. Other threads reach it
/// through ``enqueue(_:)`` and ``execute(_:)`` only, which pass through a lock and wake it through
/// an eventfd. SIGPIPE is ignored in the whole process from the first loop on: a closed peer is an
/// error of the write.
public final class EpollLoop: CoreLoop, @unchecked Sendable {
    private let thread = pthread_self()
    private let incoming = Mutex<[LoopCore.Item]>([])
    private let wakeUp: FileDescriptor
    let epoll: FileDescriptor
    private let helpers: HelperThreads

    // All below: only on the loop's thread.
    var core = LoopCore()
    private var stopping = false
    var watches: [UInt64: Watch] = [:]
    var lastWatch: UInt64 = EpollLoop.wakeUpToken
    var signals: SignalWatch?
    private let quietTime: Duration
    private let whenQuiet: (() -> Void)?
    /// Whether something has come since `whenQuiet` ran.
    private var wasBusy = false
    /// How many programs run that were started on this loop, and who waits for their ends.
    private var programs = 0
    private var programEnds: WaitQueue?

    static let wakeUpToken: UInt64 = 0

    /// A loop of the calling thread.
    ///
    /// - Parameters:
    ///   - threadPatience: for how long a thread for what blocks waits for more before it ends.
    ///   - quietTime: how long nothing must have happened for `whenQuiet` to run.
    ///   - whenQuiet: what is run, once, each time that nothing has happened for `quietTime` after
    ///     a time in which something did.
    /// - Throws: when the process or the system is out of descriptors.
    public init(
        threadPatience: Duration = .zero, quietTime: Duration = .seconds(5),
        whenQuiet: (() -> Void)? = nil
    ) throws(SystemError) {
        helpers = HelperThreads(patience: threadPatience)
        self.quietTime = quietTime
        self.whenQuiet = whenQuiet
        signal(SIGPIPE, SIG_IGN)
        let epoll = clinux_epoll_create()
        guard epoll >= 0 else { throw .last("epoll_create1") }
        self.epoll = FileDescriptor(owning: epoll)
        let wakeUp = clinux_eventfd()
        guard wakeUp >= 0 else { throw .last("eventfd") }
        self.wakeUp = FileDescriptor(owning: wakeUp)
        let added = clinux_epoll_ctl(
            epoll, EPOLL_CTL_ADD, wakeUp, clinux_EPOLLIN, Self.wakeUpToken)
        guard added == 0 else { throw .last("epoll_ctl") }
    }

    // MARK: Running

    /// Runs the loop until ``stop()``.
    public func run() {
        run { stopping }
        stopping = false
    }

    /// Makes ``run()`` return at the end of this turn, or the next one at once.
    public func stop() {
        checkIsolated()
        stopping = true
    }

    /// Runs the loop until `operation` is done, and returns or throws what it did.
    public func run<T: Sendable>(_ operation: @escaping @Sendable () async throws -> T) throws -> T
    {
        let outcome = Outcome<T>()
        spawn { await outcome.set(from: operation) }
        var result = outcome.value
        run {
            result = outcome.value
            return result != nil
        }
        guard let result else { preconditionFailure("the loop went on without a result") }
        return try result.get()
    }

    // MARK: Programs

    func programStarted() { programs += 1 }

    func programEnded() {
        programs -= 1
        if programs == 0 { programEnds?.wakeAll() }
    }

    /// Waits until every program that was started on this loop has ended and is reaped.
    ///
    /// - Throws: `CancellationError`.
    public func waitForPrograms() async throws {
        checkIsolated()
        while programs > 0 {
            let ends = programEnds ?? WaitQueue(loop: self)
            programEnds = ends
            // Each of the two holds the other.
            defer { programEnds = nil }
            try await ends.wait()
        }
    }

    private func run(until isDone: () -> Bool) {
        checkIsolated()
        var events = [clinux_event](
            repeating: clinux_event(), count: Int(clinux_EVENTS_AT_ONCE))
        while !isDone() {
            wait(&events)
            runTurn()
        }
    }

    private func wait(_ events: inout [clinux_event]) {
        let untilTimer = waitMilliseconds()
        let untilQuiet = wasBusy && whenQuiet != nil ? Self.milliseconds(quietTime) : -1
        let isForQuiet = untilQuiet >= 0 && (untilTimer < 0 || untilQuiet < untilTimer)
        let count = unsafe clinux_epoll_wait(
            epoll.rawValue, &events, isForQuiet ? untilQuiet : untilTimer)
        guard count >= 0 else {
            precondition(errno == EINTR, "epoll_wait failed")
            return
        }
        if isForQuiet, count == 0 { whenQuiet?() }
        wasBusy = count > 0 || (wasBusy && !isForQuiet)
        for event in events.prefix(Int(count)) {
            if event.token == Self.wakeUpToken {
                takeIncoming()
            } else if let watch = watches[event.token] {
                // An earlier event of this turn may have ended the watch.
                watch.handler(Readiness(epollEvents: event.events))
            }
        }
    }

    private func waitMilliseconds() -> CInt {
        if core.hasReadyWork { return 0 }
        guard let deadline = core.timers.nextDeadline() else { return -1 }
        let left = deadline - now
        return left <= .zero ? 0 : Self.milliseconds(left)
    }

    /// A time as epoll_wait takes it.
    ///
    /// Rounded up, or the last fraction of a millisecond would be spent spinning. Far deadlines are
    /// waited for in several turns.
    private static func milliseconds(_ time: Duration) -> CInt {
        let (seconds, attoseconds) = time.components
        if seconds >= 1_000_000 { return 1_000_000_000 }
        return CInt(seconds) * 1000 + CInt(attoseconds / 1_000_000_000_000_000) + 1
    }

    private func takeIncoming() {
        // Before the queue is emptied: what comes later signals again.
        _ = clinux_eventfd_reset(wakeUp.rawValue)
        core.append(
            contentsOf: incoming.withLock { queue in
                defer { queue = [] }
                return queue
            })
    }

    // MARK: EventLoop

    /// The time since the system started, with the time it was suspended.
    ///
    /// Suspended time counts so that after it connections are found dead by the first deadline.
    public var now: Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Duration(
            secondsComponent: Int64(time.tv_sec),
            attosecondsComponent: Int64(time.tv_nsec) * 1_000_000_000)
    }

    /// The number of the current turn.
    public var turn: UInt64 { core.turn }

    /// Runs `body` on the loop once `deadline` has come.
    public func schedule(at deadline: Duration, _ body: @escaping @Sendable () -> Void) -> TimerID {
        checkIsolated()
        return core.timers.insert(at: deadline, body)
    }

    /// Forgets a timer.
    public func cancel(_ timer: TimerID) {
        checkIsolated()
        core.timers.remove(timer)
    }

    /// Runs `body` once, after this turn's events and jobs.
    public func afterTurn(_ body: @escaping @Sendable () -> Void) {
        checkIsolated()
        core.appendAfterTurn(body)
    }

    /// Runs `body` on the loop soon; on any thread.
    public func execute(_ body: @escaping @Sendable () -> Void) {
        enqueue(.body(body))
    }

    /// Runs `work`, which may block, on a helper thread, and awaits its result.
    public func offload<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            do throws(SystemError) {
                try helpers.run { continuation.resume(with: Result(catching: work)) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    // MARK: SerialExecutor, TaskExecutor

    /// Takes a task's next step; called by the runtime, on any thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        enqueue(.job(UnownedJob(job)))
    }

    private func enqueue(_ item: LoopCore.Item) {
        if isOnThread {
            core.append(item)
            return
        }
        let isFirst = incoming.withLock { queue in
            queue.append(item)
            return queue.count == 1
        }
        if isFirst { _ = clinux_eventfd_signal(wakeUp.rawValue) }
    }

    private var isOnThread: Bool { pthread_equal(pthread_self(), thread) != 0 }

    /// Whether the caller is on the loop's thread.
    public func isIsolatingCurrentContext() -> Bool? { isOnThread }

    /// Traps when the caller is not on the loop's thread.
    public func checkIsolated() {
        precondition(isOnThread, "called off the loop's thread")
    }
}
