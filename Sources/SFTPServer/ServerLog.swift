// SPDX-License-Identifier: Apache-2.0

import JSON

/// How much a server logs, and how much a message matters: OpenSSH's levels.
public enum LogLevel: Int, Comparable, Sendable {
    case quiet
    case fatal
    case error
    case info
    case verbose
    case debug1
    case debug2
    case debug3

    /// Orders levels from the fewest messages to the most.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The level of this name, in any case; `DEBUG` is `DEBUG1`.
    public init?(name: String) {
        switch name.lowercased() {
        case "quiet": self = .quiet
        case "fatal": self = .fatal
        case "error": self = .error
        case "info": self = .info
        case "verbose": self = .verbose
        case "debug", "debug1": self = .debug1
        case "debug2": self = .debug2
        case "debug3": self = .debug3
        default: return nil
        }
    }
}

/// What the lines of a server's log are.
public enum LogFormat: String, Sendable, CaseIterable {
    /// OpenSSH's lines.
    case text
    /// One object of JSON a line: an event for each request, and one for each other line.
    case json
}

/// Where a server logs to.
///
/// The lines are those of OpenSSH's server, since people's tools read them. Everything of a peer's
/// that gets into them goes through ``escaped(_:)``.
public struct ServerLog: Sendable {
    /// Messages of greater levels are dropped.
    public let level: LogLevel
    /// What the lines are.
    public let format: LogFormat
    private let sink: @Sendable (LogLevel, String) -> Void

    /// A log that gives what passes `level` to `sink`.
    public init(
        level: LogLevel, format: LogFormat = .text,
        sink: @escaping @Sendable (LogLevel, String) -> Void
    ) {
        self.level = level
        self.format = format
        self.sink = sink
    }

    /// The same log, for lines that are left out where there are events in their place.
    var withoutEvents: ServerLog {
        format == .text ? self : ServerLog(level: .quiet) { _, _ in }
    }

    /// Logs a message, which is made up only if the level lets it through.
    public func log(_ level: LogLevel, _ message: @autoclosure () -> String) {
        guard level <= self.level else { return }
        switch format {
        case .text: sink(level, message())
        case .json:
            let members: [JSON.Member] = [
                .init("level", .string("\(level)")), .init("message", .string(message())),
            ]
            sink(level, EventLine.text(event: "message", members))
        }
    }

    /// Logs an event, where that is the format.
    func tell(_ level: LogLevel, event: String, _ members: @autoclosure () -> [JSON.Member]) {
        guard format == .json, level <= self.level else { return }
        sink(level, EventLine.text(event: event, members()))
    }

    /// The most bytes of a peer's text in a log line.
    private static let escapedBytes = 1024

    /// A peer's text in quotes, see ``escaped(_:)``.
    public static func quoted(_ text: some Collection<UInt8>) -> String {
        "\"\(escaped(text))\""
    }

    /// A peer's text, cut to a bearable length, without anything that could be mistaken for more.
    ///
    /// It stays on one line and can't end a quote: bytes other than printable US-ASCII stand as `\n`,
    /// `\r`, `\t` or `\ooo` (octal), and a backslash or quote has a backslash before it.
    public static func escaped(_ text: some Collection<UInt8>) -> String {
        var result: [UInt8] = []
        for byte in text.prefix(escapedBytes) {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): result += "\\n".utf8
            case UInt8(ascii: "\r"): result += "\\r".utf8
            case UInt8(ascii: "\t"): result += "\\t".utf8
            case 0x20..<0x7F: result.append(byte)
            default:
                result.append(UInt8(ascii: "\\"))
                for shift in [6, 3, 0] as [UInt8] {
                    result.append(UInt8(ascii: "0") + (byte >> shift & 7))
                }
            }
        }
        if text.count > escapedBytes { result += "...".utf8 }
        return String(decoding: result, as: UTF8.self)
    }
}
