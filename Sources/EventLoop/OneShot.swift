// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A wait that ends once, by whichever of its reasons comes first, on whatever thread, and even
/// before it has begun.
final class OneShot: Sendable {
    typealias Continuation = CheckedContinuation<Void, any Error>

    private enum State {
        case new
        case waiting(Continuation)
        case finished(Result<Void, any Error>)
    }
    private let state = Mutex(State.new)

    var isFinished: Bool {
        state.withLock { state in
            if case .finished = state { return true }
            return false
        }
    }

    /// Suspends the task until ``finish(_:)``; cancelling the task finishes it, too.
    func value() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { begin($0) }
        } onCancel: {
            finish(.failure(CancellationError()))
        }
    }

    /// Suspends the task until ``finish(_:)``, whether it is cancelled or not.
    func end() async {
        // What it has ended with is nobody's concern here.
        try? await withCheckedThrowingContinuation { begin($0) }
    }

    private func begin(_ continuation: Continuation) {
        let result: Result<Void, any Error>? = state.withLock { state in
            if case .finished(let result) = state { return result }
            state = .waiting(continuation)
            return nil
        }
        if let result { continuation.resume(with: result) }
    }

    func finish(_ result: Result<Void, any Error>) {
        let continuation: Continuation? = state.withLock { state in
            switch state {
            case .new:
                state = .finished(result)
                return nil
            case .waiting(let continuation):
                state = .finished(result)
                return continuation
            case .finished:
                return nil
            }
        }
        continuation?.resume(with: result)
    }
}
