// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a loop's main operation has returned or thrown, once it has.
final class Outcome<T: Sendable>: Sendable {
    private let result = Mutex<Result<T, any Error>?>(nil)

    var value: Result<T, any Error>? { result.withLock { $0 } }

    func set(from operation: @Sendable () async throws -> T) async {
        do {
            let value = try await operation()
            result.withLock { $0 = .success(value) }
        } catch {
            result.withLock { $0 = .failure(error) }
        }
    }
}
