// SPDX-License-Identifier: Apache-2.0

/// Thrown by ``EventLoop/withTimeout(_:_:)`` when the time is over.
public struct TimeoutError: Error, Equatable, Sendable {}

extension EventLoop {
    /// Suspends the task for `duration`.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    public func sleep(for duration: Duration) async throws {
        let wait = OneShot()
        let timer = schedule(at: now + duration) { wait.finish(.success(())) }
        defer { cancel(timer) }
        try await wait.value()
    }

    /// Runs `operation`, and cancels it when it is not done within `limit`.
    ///
    /// Returns when the operation has ended, so it has to heed cancellation.
    ///
    /// - Throws: ``TimeoutError`` when the time is over, or what `operation` throws before.
    public func withTimeout<T: Sendable>(
        _ limit: Duration, _ operation: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await operation() }
            group.addTask {
                try await self.sleep(for: limit)
                throw TimeoutError()
            }
            guard let value = try await group.next() else {
                preconditionFailure("a group without its tasks")
            }
            return value
        }
    }
}
