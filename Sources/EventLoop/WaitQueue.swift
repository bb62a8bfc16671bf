// SPDX-License-Identifier: Apache-2.0

/// Where tasks of one loop wait for a change of state that they have found wanting.
///
/// Used like a condition variable: `while !condition { try await queue.wait() }`. It belongs to the
/// loop's thread.
public final class WaitQueue: @unchecked Sendable {
    private let loop: any EventLoop
    private var waiters: [OneShot] = []

    /// A queue in which nobody waits.
    public init(loop: any EventLoop) {
        self.loop = loop
    }

    /// Whether nobody waits; who has been cancelled waits no more, though he may not know it yet.
    public var isEmpty: Bool { waiters.allSatisfy(\.isFinished) }

    /// Suspends the task until ``wakeAll()``.
    ///
    /// - Parameter deadline: a point in the loop's time; nil to wait as long as it takes.
    /// - Throws: `CancellationError` as soon as the task is cancelled, ``TimeoutError`` once
    ///   `deadline` has come.
    public func wait(until deadline: Duration? = nil) async throws {
        loop.checkIsolated()
        // Registered before anything may suspend: between a caller's check and here nothing else
        // runs, so no wake-up is lost.
        let waiter = OneShot()
        waiters.append(waiter)
        let timer = deadline.map { deadline in
            loop.schedule(at: deadline) { waiter.finish(.failure(TimeoutError())) }
        }
        defer { if let timer { loop.cancel(timer) } }
        do {
            try await waiter.value()
        } catch {
            waiters.removeAll { $0 === waiter }
            throw error
        }
    }

    /// Suspends the task until ``wakeAll()``, even where it has been cancelled: for what has to be over
    /// before anything else goes on.
    public func waitThroughout() async {
        loop.checkIsolated()
        let waiter = OneShot()
        waiters.append(waiter)
        await waiter.end()
    }

    /// Lets everyone who waits go on, in the order they came.
    public func wakeAll() {
        loop.checkIsolated()
        guard !waiters.isEmpty else { return }
        let woken = waiters
        waiters.removeAll(keepingCapacity: true)
        for waiter in woken { waiter.finish(.success(())) }
    }
}
