// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The threads on which blocking work runs: name resolution, key files, questions to the user.
///
/// A thread lives while there is work: starting one costs some 20 µs, which such work does not
/// notice, and a process without work has no thread to fork around. They inherit the signal mask of
/// the loop's thread, so that signals the loop receives through a descriptor never interrupt them.
final class HelperThreads: Sendable {
    typealias Work = @Sendable () -> Void

    /// How many threads work at once: enough for several questions and slow name servers.
    ///
    /// What is beyond it waits in line.
    private static let limit = 16

    private struct State {
        var queue: [Work] = []
        var threadCount = 0
    }
    private let state = Mutex(State())

    /// Runs `work` on a thread that may block.
    ///
    /// - Throws: ``SystemError`` where there is no thread to run it, and none can be made.
    func run(_ work: @escaping Work) throws(SystemError) {
        let code = state.withLock { state -> CInt in
            state.queue.append(work)
            guard state.threadCount < Self.limit else { return 0 }
            let code = startThread()
            if code == 0 {
                state.threadCount += 1
            } else if state.threadCount == 0 {
                // Without threads the queue is empty but for this.
                state.queue.removeAll()
                return code
            }
            // With fewer threads than wanted, it waits for those that there are.
            return 0
        }
        if code != 0 { throw SystemError(call: "pthread_create", code: code) }
    }

    private func startThread() -> CInt {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self)
        let code = unsafe pthread_create(&thread, nil, helperThreadMain, context.toOpaque())
        if code == 0 { pthread_detach(thread) } else { unsafe context.release() }
        return code
    }

    fileprivate func workUntilIdle() {
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

private func helperThreadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { preconditionFailure("a thread without its owner") }
    unsafe Unmanaged<HelperThreads>.fromOpaque(context).takeRetainedValue().workUntilIdle()
    return nil
}
