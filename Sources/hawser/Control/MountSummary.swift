// SPDX-License-Identifier: Apache-2.0

import JSON
import RemoteFS

/// How a mount is, in a few words: a row of `hawser list`.
struct MountSummary: Equatable {
    /// Where its connection stands.
    enum State: String {
        case connected, reconnecting
        case notConnected = "not connected"
        /// Its process is gone.
        case dead
        /// Its process does not say.
        case unknown
    }

    let state: State
    /// For how long it has stood so, in seconds; nil where nobody knows.
    let seconds: Int?
    let process: Int32?
    /// What has been written and is not on the server yet.
    let unwritten: UnwrittenData?
    /// Why it is not connected.
    let reason: String?

    /// A mount that has not answered, for this reason.
    static func silent(_ state: State, reason: String) -> MountSummary {
        MountSummary(state: state, seconds: nil, process: nil, unwritten: nil, reason: reason)
    }

    /// For programs; hawser(1) says what the members are.
    var json: [JSON.Member] {
        [
            .init("state", .string(state.rawValue)), .init("reason", JSON(reason)),
            .init("pid", process.map { JSON($0) } ?? .null),
            .init("seconds", seconds.map { JSON($0) } ?? .null),
            .init("unwritten_bytes", unwritten.map { JSON($0.bytes) } ?? .null),
        ]
    }
}

// MARK: Over a mount's private socket

extension MountSummary {
    /// As it travels: a line for each part, the reason last and as long as it is.
    var text: String {
        [
            state.rawValue, seconds.map { "\($0)" } ?? "", process.map { "\($0)" } ?? "",
            unwritten?.text ?? "", reason ?? "",
        ].joined(separator: "\n")
    }

    /// What has travelled; nil if it is something else.
    init?(text: String) {
        let parts = text.split(
            separator: "\n", maxSplits: 4, omittingEmptySubsequences: false
        ).map(String.init)
        guard parts.count == 5, let state = State(rawValue: parts[0]) else { return nil }
        self.init(
            state: state, seconds: Int(parts[1]), process: Int32(parts[2]),
            unwritten: UnwrittenData(text: parts[3]), reason: parts[4].isEmpty ? nil : parts[4])
    }
}
