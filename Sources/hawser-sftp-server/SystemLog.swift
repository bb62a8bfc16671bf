// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
import SFTPServer

/// Where the server's log goes: to syslog, or to standard error.
enum SystemLog {
    static func make(_ arguments: ServerArguments) -> ServerLog {
        if arguments.logsToStandardError {
            return ServerLog(level: arguments.level, format: arguments.format) { level, message in
                if arguments.format == .json { return writeToStandardError(message + "\n") }
                // As OpenSSH's: the client's terminal may be in raw mode.
                writeToStandardError(level.prefixOnStandardError + message + "\r\n")
            }
        }
        unsafe clinux_open_log("sftp-server", arguments.facility)
        return ServerLog(level: arguments.level, format: arguments.format) { level, message in
            let prefix = arguments.format == .json ? "" : level.prefixInSyslog
            unsafe clinux_log(level.priority, prefix + message)
        }
    }
}

extension LogLevel {
    fileprivate var priority: Int32 {
        switch self {
        case .quiet, .fatal: LOG_CRIT
        case .error: LOG_ERR
        case .info, .verbose: LOG_INFO
        case .debug1, .debug2, .debug3: LOG_DEBUG
        }
    }

    fileprivate var prefixInSyslog: String {
        switch self {
        case .fatal: "fatal: "
        case .error: "error: "
        case .quiet, .info, .verbose, .debug1, .debug2, .debug3: prefixOnStandardError
        }
    }

    fileprivate var prefixOnStandardError: String {
        switch self {
        case .quiet, .fatal, .error, .info, .verbose: ""
        case .debug1: "debug1: "
        case .debug2: "debug2: "
        case .debug3: "debug3: "
        }
    }
}

/// Writes a text; what isn't taken at once is lost, since nothing may wait for a reader of messages.
func writeToStandardError(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
