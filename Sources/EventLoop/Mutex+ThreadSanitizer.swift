// SPDX-License-Identifier: Apache-2.0

// The standard library's Mutex locks by futex(2) alone, which the thread sanitizer cannot see: it would
// report everything that one protects. So a build for it, and no other, has a lock that it knows.
#if THREAD_SANITIZER
import Glibc

/// A value behind a pthread_mutex_t, used as Synchronization's `Mutex`.
@safe
final class Mutex<Value>: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var value: Value

    init(_ value: Value) {
        self.value = value
        unsafe pthread_mutex_init(lock, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(lock)
        unsafe lock.deallocate()
    }

    func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        return try body(&value)
    }
}
#endif
