// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts.
final class Counter: Sendable {
    private let count = Mutex<UInt32>(0)

    var value: UInt32 { count.withLock(\.self) }

    func next() -> UInt32 {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
