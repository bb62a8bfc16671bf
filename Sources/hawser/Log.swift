// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SSHConfig
import Synchronization
import Wire

/// Where this process says what happens: to the user as long as somebody watches, then to syslog.
enum Log {
    private static let isInBackground = Atomic(false)

    /// From now on nobody watches.
    static func moveToBackground(_ facility: SyslogFacility) {
        unsafe clinux_open_log(programName.utf8Start, facility.number)
        isInBackground.store(true, ordering: .relaxed)
    }

    /// Static: syslog keeps the address.
    private static let programName: StaticString = "hawser"

    /// Writes a line.
    static func write(_ message: String) {
        if isInBackground.load(ordering: .relaxed) {
            unsafe clinux_log(LOG_NOTICE, TerminalText.message(message))
        } else {
            complain(message)
        }
    }
}

extension SyslogFacility {
    /// syslog(3)'s number.
    var number: CInt {
        switch self {
        case .daemon: LOG_DAEMON
        case .user: LOG_USER
        case .auth: LOG_AUTH
        case .authpriv: LOG_AUTHPRIV
        case .local0: LOG_LOCAL0
        case .local1: LOG_LOCAL1
        case .local2: LOG_LOCAL2
        case .local3: LOG_LOCAL3
        case .local4: LOG_LOCAL4
        case .local5: LOG_LOCAL5
        case .local6: LOG_LOCAL6
        case .local7: LOG_LOCAL7
        }
    }
}
