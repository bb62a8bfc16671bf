// SPDX-License-Identifier: Apache-2.0

import JSON
import LocalFiles
import Wire

/// One event of a log of events: an object of JSON on one line.
enum EventLine {
    /// The longest text of a peer's that stands in an event as it is, in bytes: `PATH_MAX`.
    private static let textBytes = 4096

    /// The line of an event: the time, its name, and what else is told.
    static func text(event: String, _ members: [JSON.Member]) -> String {
        let head = [
            JSON.Member("time", .string(LocalTime.utcText())), .init("event", .string(event)),
        ]
        return JSON.object(head + members).description
    }

    /// A peer's text: under `name` where it is UTF-8; else, or where it is too long, escaped as in the lines
    /// for people, under `name_escaped`.
    static func text(_ name: String, _ text: Bytes) -> [JSON.Member] {
        if text.count <= textBytes, let string = String(validating: text, as: UTF8.self) {
            return [.init(name, .string(string))]
        }
        return [.init(name + "_escaped", .string(ServerLog.escaped(text)))]
    }

    /// How long ago something was, in seconds.
    static func seconds(since begin: ContinuousClock.Instant) -> JSON {
        .number((ContinuousClock.now - begin) / .seconds(1))
    }
}
