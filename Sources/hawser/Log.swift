// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// Where this process says what happens: to the user as long as somebody watches, then to syslog.
enum Log {
    private static let isInBackground = Atomic(false)

    /// From now on nobody watches.
    static func moveToBackground() {
        unsafe clinux_open_log(programName.utf8Start, LOG_DAEMON)
        isInBackground.store(true, ordering: .relaxed)
    }

    /// Static: syslog keeps the address.
    private static let programName: StaticString = "hawser"

    /// Writes a line.
    static func write(_ message: String) {
        if isInBackground.load(ordering: .relaxed) {
            unsafe clinux_log(LOG_NOTICE, message)
        } else {
            complain(message)
        }
    }
}
