// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

// A READ or WRITE that comes too early is held, as if it had to wait for a disk: others that do not depend
// on it overtake it.
extension SFTPSession {
    /// By what time is told, and who calls ``goOn()``.
    struct Timer {
        /// The time, from any origin that stays the same.
        let now: () -> Duration
        /// Has ``goOn()`` called when so much time has passed.
        let wake: (Duration) -> Void
    }

    /// Begins to heed the limits.
    func limitRates(by timer: Timer) {
        rates.timer = timer
        let limits = configuration.rates
        rates.read = limits.read.map { Rate(bytesPerSecond: $0, now: timer.now()) }
        rates.write = limits.write.map { Rate(bytesPerSecond: $0, now: timer.now()) }
    }

    /// Does what still waits at once, and heeds no limits any more.
    func liftRates() {
        rates = SessionRates()
        goOn()
    }

    /// Goes on with what had to wait, as far as it need not any more.
    func goOn() {
        rates.isAwaited = false
        for held in work.takeHeld() { order(held.request, id: held.id) }
    }

    /// Whether a request comes too early; then somebody is called when it doesn't any more.
    func isTooEarly(_ request: SFTPRequest) -> Bool {
        guard let timer = rates.timer else { return false }
        let wait: Duration?
        switch request {
        case .read: wait = rates.read?.wait(at: timer.now())
        case .write: wait = rates.write?.wait(at: timer.now())
        default: return false
        }
        guard let wait else { return false }
        if !rates.isAwaited {
            rates.isAwaited = true
            timer.wake(wait)
        }
        return true
    }

    /// Counts what has been read.
    func countRead(_ count: Int) {
        if let timer = rates.timer { rates.read?.take(count, at: timer.now()) }
    }

    /// Counts what is being written.
    func countWritten(_ count: Int) {
        if let timer = rates.timer { rates.write?.take(count, at: timer.now()) }
    }
}

/// How fast a session goes.
struct SessionRates {
    var timer: SFTPSession.Timer?
    var read: Rate?
    var write: Rate?
    /// Whether somebody will call.
    var isAwaited = false
}
