// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The signals that a loop receives through a descriptor instead of handlers.
struct SignalWatch: ~Copyable {
    let descriptor: FileDescriptor
    let watch: WatchID
}

extension EpollLoop {
    /// Calls `handler` on the loop for each of `signals` that arrives, instead of their actions.
    ///
    /// The signals are blocked in the calling thread, and so in the threads and programs that it
    /// starts from now on: call this before any other thread exists, and give programs that are
    /// started an empty signal mask. A second call replaces the first.
    public func handleSignals(
        _ signals: [CInt], _ handler: @escaping @Sendable (CInt) -> Void
    ) throws(SystemError) {
        stopHandlingSignals()
        var mask = sigset_t()
        unsafe sigemptyset(&mask)
        for signal in signals { unsafe sigaddset(&mask, signal) }
        let blocked = unsafe pthread_sigmask(SIG_BLOCK, &mask, nil)
        precondition(blocked == 0, "pthread_sigmask failed")
        let raw = unsafe clinux_signalfd(&mask)
        guard raw >= 0 else { throw .last("signalfd") }
        let descriptor = FileDescriptor(owning: raw)
        let watch = try watch(raw, for: .read) { _ in
            while let signal = Self.nextSignal(raw) { handler(signal) }
        }
        self.signals = SignalWatch(descriptor: descriptor, watch: watch)
    }

    /// Stops receiving signals; they stay blocked.
    public func stopHandlingSignals() {
        if let signals = signals.take() { unwatch(signals.watch) }
    }

    private static func nextSignal(_ descriptor: CInt) -> CInt? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard unsafe read(descriptor, &info, size) == size else { return nil }
        return CInt(info.ssi_signo)
    }
}
