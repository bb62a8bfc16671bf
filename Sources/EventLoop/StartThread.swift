// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Runs `body` on a new thread, which ends with it.
///
/// A loop that is made there belongs to that thread, and what blocks there holds up nobody else. The
/// thread inherits the caller's signal mask.
///
/// - Throws: ``SystemError`` where there can be no more threads.
public func startThread(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    let work = unsafe Unmanaged.passRetained(ThreadWork(body))
    var thread = pthread_t()
    let code = unsafe pthread_create(&thread, nil, threadMain, work.toOpaque())
    guard code == 0 else {
        unsafe work.release()
        throw SystemError(call: "pthread_create", code: code)
    }
    pthread_detach(thread)
}

/// What a thread is to run.
private final class ThreadWork: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { preconditionFailure("a thread without its work") }
    unsafe Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().body()
    return nil
}
