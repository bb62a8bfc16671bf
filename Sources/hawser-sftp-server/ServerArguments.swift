// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
import SFTPServer
import Wire

/// The command line, which is OpenSSH's but for `-m`, which Red Hat's has, `-M` and the long ones.
struct ServerArguments {
    /// Log to standard error instead of syslog.
    var logsToStandardError = false
    var level = LogLevel.error
    var format = LogFormat.text
    /// A facility of syslog(3).
    var facility = LOG_AUTH
    var policy = RequestPolicy()
    /// Where to start, with its `~` and `%` sequences.
    var startDirectory: Bytes?
    /// The only directory that is served; not OpenSSH's.
    var root: Bytes?
    var umask: mode_t?
    var quotaBytes: UInt64?
    var quotaFiles: UInt64?
    var rates = RateLimits()

    /// What the command line asks for.
    enum Command {
        case serve(ServerArguments)
        case listRequests
        case usage
        /// It can't be followed; the exit status is OpenSSH's.
        case invalid(String, status: Int32)
    }

    static let usage = """
        usage: hawser-sftp-server [-ehR] [-d start_directory] [-f log_facility] [-l log_level]
        \t[-M directory_mode] [-m file_mode] [-P denied_requests] [-p allowed_requests]
        \t[-u umask] [--log-format format] [--quota-bytes bytes]
        \t[--quota-files number] [--rate-read bytes] [--rate-write bytes]
        \t[--root directory]
               hawser-sftp-server -Q protocol_feature
        """

    /// Reads the process's command line.
    ///
    /// Operands are ignored: scp(1) passes the host and the subsystem to a server that it starts.
    static func parse() -> Command {
        var arguments = ServerArguments()
        while let (option, argument) = nextOption() {
            switch option {
            case "c": return arguments.command
            case "r": arguments.root = argument
            case "e": arguments.logsToStandardError = true
            case "R": arguments.policy.isReadOnly = true
            case "d": arguments.startDirectory = argument
            default:
                let text = String(decoding: argument, as: UTF8.self)
                let command =
                    switch option {
                    case "B", "N", "i", "o": arguments.takeLimit(option, text)
                    default: arguments.take(option, text)
                    }
                if let command { return command }
            }
        }
        return arguments.command
    }

    private var command: Command {
        if root != nil, startDirectory != nil {
            // A session in a confined tree begins at the tree's root.
            return .invalid("--root and -d do not go together", status: 1)
        }
        return .serve(self)
    }

    /// Takes an option whose argument is checked; returns a command if that's the end of reading.
    private mutating func take(_ option: Unicode.Scalar, _ text: String) -> Command? {
        switch option {
        case "Q":
            return text.lowercased() == "requests"
                ? .listRequests : .invalid("Invalid query type", status: 1)
        case "l":
            guard let level = LogLevel(name: text) else {
                return .invalid("Invalid log level \(ServerLog.quoted(text.utf8))", status: 1)
            }
            self.level = level
        case "J":
            guard let format = LogFormat(rawValue: text) else {
                return .invalid("Invalid log format \(ServerLog.quoted(text.utf8))", status: 1)
            }
            self.format = format
        case "f":
            guard let facility = Self.facilities[text.uppercased()] else {
                return .invalid("Invalid log facility \(ServerLog.quoted(text.utf8))", status: 1)
            }
            self.facility = facility
        case "u":
            guard let mask = mode_t(text, radix: 8), mask <= 0o777 else {
                return .invalid("Invalid umask \(ServerLog.quoted(text.utf8))", status: 255)
            }
            umask = mask
        case "m", "M":
            guard let mode = ForcedModes.permissions(octal: text) else {
                return .invalid("Invalid mode \(ServerLog.quoted(text.utf8))", status: 1)
            }
            if option == "m" { policy.modes.file = mode } else { policy.modes.directory = mode }
        case "P":
            guard policy.denied.isEmpty else {
                return .invalid("Refused requests already set", status: 255)
            }
            policy.denied = Set(RequestPolicy.names(text))
        case "p":
            guard policy.allowed == nil else {
                return .invalid("Permitted requests already set", status: 255)
            }
            policy.allowed = Set(RequestPolicy.names(text))
        default:
            return .usage
        }
        return nil
    }

    /// Takes an option of a quota or rate.
    private mutating func takeLimit(_ option: Unicode.Scalar, _ text: String) -> Command? {
        guard let number = option == "N" ? UInt64(text) : UInt64(amount: text) else {
            return .invalid("Invalid limit \(ServerLog.quoted(text.utf8))", status: 1)
        }
        switch option {
        case "B": quotaBytes = number
        case "N": quotaFiles = number
        case "i": rates.read = number
        default: rates.write = number
        }
        return nil
    }

    /// The quota, if there is one.
    var quota: Quota? {
        quotaBytes == nil && quotaFiles == nil ? nil : Quota(bytes: quotaBytes, files: quotaFiles)
    }

    private static let facilities: [String: Int32] = [
        "DAEMON": LOG_DAEMON, "USER": LOG_USER, "AUTH": LOG_AUTH, "AUTHPRIV": LOG_AUTHPRIV,
        "LOCAL0": LOG_LOCAL0, "LOCAL1": LOG_LOCAL1, "LOCAL2": LOG_LOCAL2, "LOCAL3": LOG_LOCAL3,
        "LOCAL4": LOG_LOCAL4, "LOCAL5": LOG_LOCAL5, "LOCAL6": LOG_LOCAL6, "LOCAL7": LOG_LOCAL7,
    ]

    /// The next option, `?` for a bad one, and its argument; `nil` behind the last.
    private static func nextOption() -> (Unicode.Scalar, Bytes)? {
        var arguments: UnsafePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe clinux_command_line(&arguments)
        var argument: UnsafePointer<CChar>?
        let option = unsafe clinux_next_option(
            count, arguments, "d:f:l:m:M:P:p:Q:u:cehR", &argument)
        guard option >= 0, let scalar = Unicode.Scalar(UInt32(option)) else { return nil }
        guard let text = unsafe argument else { return (scalar, []) }
        let buffer = unsafe UnsafeBufferPointer(start: text, count: strlen(text))
        return unsafe (scalar, buffer.map { UInt8(bitPattern: $0) }[...])
    }
}
