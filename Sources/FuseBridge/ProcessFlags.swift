// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the kernel says of a thread's state, see proc_pid_stat(5).
struct ProcessFlags {
    /// The kernel's `PF_EXITING` (linux/sched.h).
    private static let exiting: UInt64 = 0x4

    private let flags: UInt64

    /// Nil where that can't be known: the thread has gone, or is in another namespace.
    init?(of thread: pid_t) {
        guard thread > 0, let text = PendingSignals.text("stat", of: thread) else { return nil }
        self.init(stat: text)
    }

    /// Takes what the `stat` file says.
    init?(stat text: String) {
        // The name stands in parentheses, and may have any in it; the flags are the ninth value.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let values = text[end...].split(separator: " ")
        guard values.count > 7, let flags = UInt64(values[7]) else { return nil }
        self.flags = flags
    }

    /// Whether it ends.
    var isExiting: Bool { flags & Self.exiting != 0 }
}
