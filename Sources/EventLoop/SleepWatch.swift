// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Tells when this machine was asleep.
public actor SleepWatch {
    private let loop: EpollLoop
    private let timer: FileDescriptor
    private let handler: @Sendable () -> Void
    private var meter = SleepMeter(awake: SleepWatch.awakeTime, total: SleepWatch.totalTime)
    private var watch: WatchID?

    /// The loop: every call runs on its thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Watches until ``stop()``.
    ///
    /// - Parameters:
    ///   - loop: the loop that watches; this is called on it.
    ///   - handler: called on the loop after each sleep.
    /// - Throws: ``SystemError``.
    public init(_ loop: EpollLoop, _ handler: @escaping @Sendable () -> Void) throws {
        self.loop = loop
        self.handler = handler
        let number = clinux_clock_timer()
        guard number >= 0 else { throw SystemError.last("timerfd_create") }
        timer = FileDescriptor(owning: number)
        guard clinux_arm_clock_timer(number) == 0 else {
            throw SystemError.last("timerfd_settime")
        }
        try assumeIsolated { try $0.start() }
    }

    private func start() throws(SystemError) {
        watch = try loop.watch(timer.rawValue, for: .read) { [weak self] _ in
            self?.assumeIsolated { $0.clockWasSet() }
        }
    }

    /// Watches no more.
    public func stop() {
        if let watch { loop.unwatch(watch) }
        watch = nil
    }

    private func clockWasSet() {
        var count: UInt64 = 0
        // ECANCELED: that is the news.
        _ = unsafe read(timer.rawValue, &count, MemoryLayout<UInt64>.size)
        guard clinux_arm_clock_timer(timer.rawValue) == 0 else { return stop() }
        if meter.hasSlept(awake: Self.awakeTime, total: Self.totalTime) { handler() }
    }

    private static var awakeTime: Duration { time(CLOCK_MONOTONIC) }
    private static var totalTime: Duration { time(CLOCK_BOOTTIME) }

    private static func time(_ clock: clockid_t) -> Duration {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}

/// Tells a sleep from a clock that somebody has set: only in a sleep the time that counts it
/// (`CLOCK_BOOTTIME`) goes on without the other one (`CLOCK_MONOTONIC`).
struct SleepMeter {
    /// A shorter sleep breaks nothing.
    static let leastSleep = Duration.seconds(1)

    private var asleep: Duration

    init(awake: Duration, total: Duration) { asleep = total - awake }

    /// Whether there was a sleep since this was asked last.
    mutating func hasSlept(awake: Duration, total: Duration) -> Bool {
        let before = asleep
        asleep = total - awake
        return asleep - before >= Self.leastSleep
    }
}
