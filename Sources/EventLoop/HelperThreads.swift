// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The threads on which blocking work runs: name resolution, key files, questions to the user.
///
/// A thread lives while there is work: starting one costs some 20 µs, which such work does not
/// notice, and a process without work has no thread to fork around. They inherit the signal mask of
/// the loop's thread, so that signals the loop receives through a descriptor never interrupt them.
public final class HelperThreads: Sendable {
    /// What is to be done.
    public typealias Work = @Sendable () -> Void

    /// How many threads work at once; what is beyond it waits in line.
    private let limit: Int

    private struct State {
        var queue: [Work] = []
        var threadCount = 0
    }
    private let state = Mutex(State())

    /// Threads that are made when they are needed.
    ///
    /// - Parameter limit: how many work at once: by default enough for several questions and slow name
    ///   servers.
    public init(limit: Int = 16) { self.limit = limit }

    /// Runs `work` on a thread that may block.
    ///
    /// - Throws: ``SystemError`` where there is no thread to run it, and none can be made.
    public func run(_ work: @escaping Work) throws(SystemError) {
        try state.withLock { state throws(SystemError) in
            state.queue.append(work)
            guard state.threadCount < limit else { return }
            do throws(SystemError) {
                try startThread { self.workUntilIdle() }
                state.threadCount += 1
            } catch {
                // With fewer threads than wanted, it waits for those that there are.
                guard state.threadCount == 0 else { return }
                // Without threads the queue is empty but for this.
                state.queue.removeAll()
                throw error
            }
        }
    }

    private func workUntilIdle() {
        while let work = nextWork() { work() }
    }

    private func nextWork() -> Work? {
        state.withLock { state in
            if !state.queue.isEmpty { return state.queue.removeFirst() }
            state.threadCount -= 1
            return nil
        }
    }
}
