// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The threads on which blocking work runs: name resolution, key files, questions to the user, local files.
///
/// A thread lives while there is work: a process without work has no thread to fork around. Starting one
/// costs more than most work on local files, so that for a program that does much of it, threads may
/// wait for more. They inherit the signal mask of the loop's thread, so that signals the loop receives
/// through a descriptor never interrupt them.
public final class HelperThreads: @unchecked Sendable {
    /// What is to be done.
    public typealias Work = @Sendable () -> Void

    /// How many threads work at once; what is beyond it waits in line.
    private let limit: Int
    private let patience: Duration

    private let lock = ThreadLock()
    // Only with the lock.
    private var queue: [Work] = []
    private var threadCount = 0
    /// How many threads wait for work.
    private var idleCount = 0

    /// Threads that are made when they are needed.
    ///
    /// - Parameters:
    ///   - limit: how many work at once: by default enough for several questions and slow name servers.
    ///   - patience: for how long a thread without work waits for more before it ends.
    public init(limit: Int = 16, patience: Duration = .zero) {
        self.limit = limit
        self.patience = patience
    }

    /// Runs `work` on a thread that may block.
    ///
    /// - Throws: ``SystemError`` where there is no thread to run it, and none can be made.
    public func run(_ work: @escaping Work) throws(SystemError) {
        lock.lock()
        defer { lock.unlock() }
        queue.append(work)
        if queue.count <= idleCount { return lock.wakeOne() }
        guard threadCount < limit else { return }
        do throws(SystemError) {
            try startThread { self.workUntilIdle() }
            threadCount += 1
        } catch {
            // With fewer threads than wanted, it waits for those that there are.
            guard threadCount == 0 else { return }
            // Without threads the queue is empty but for this.
            queue.removeAll()
            throw error
        }
    }

    private func workUntilIdle() {
        while let work = nextWork() { work() }
    }

    /// The next work; nil where the thread is to end.
    private func nextWork() -> Work? {
        lock.lock()
        defer { lock.unlock() }
        idleCount += 1
        var isInTime = patience > .zero
        while queue.isEmpty, isInTime { isInTime = lock.wait(for: patience) }
        idleCount -= 1
        if !queue.isEmpty { return queue.removeFirst() }
        threadCount -= 1
        return nil
    }
}

/// A lock, and threads that wait for what it protects to change.
///
/// Of pthreads: many threads take it and give it back at a time, which Synchronization's `Mutex`, whose lock
/// the kernel hands from one to the next then, makes many times as slow.
@safe
private final class ThreadLock: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(change, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(change)
        unsafe pthread_mutex_destroy(mutex)
        unsafe change.deallocate()
        unsafe mutex.deallocate()
    }

    func lock() { unsafe pthread_mutex_lock(mutex) }

    func unlock() { unsafe pthread_mutex_unlock(mutex) }

    /// Lets one of those that wait go on; with the lock.
    func wakeOne() { unsafe pthread_cond_signal(change) }

    /// Gives the lock to others until somebody wakes this thread, or the time is over; with the lock.
    ///
    /// - Returns: whether it was woken.
    func wait(for time: Duration) -> Bool {
        var end = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &end)
        let (seconds, attoseconds) = time.components
        let nanoseconds = Int64(end.tv_nsec) + attoseconds / 1_000_000_000
        end.tv_sec += Int(seconds + nanoseconds / 1_000_000_000)
        end.tv_nsec = Int(nanoseconds % 1_000_000_000)
        return unsafe pthread_cond_timedwait(change, mutex, &end) == 0
    }
}
