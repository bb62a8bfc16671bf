// SPDX-License-Identifier: Apache-2.0

import Wire

/// Something that `hawser doctor` has found out, and what is to be done about it.
struct Finding: Equatable, Sendable {
    /// How bad it is.
    enum Kind: String, Sendable {
        /// As it should be.
        case good = "ok"
        /// Worth knowing; things work without it.
        case note
        /// Something does not work because of it.
        case problem
    }

    let kind: Kind
    /// What has been found.
    let text: String
    /// What to do about it; nil where nothing is to be done.
    let remedy: String?

    static func good(_ text: String) -> Finding {
        Finding(kind: .good, text: text, remedy: nil)
    }

    static func note(_ text: String, remedy: String? = nil) -> Finding {
        Finding(kind: .note, text: text, remedy: remedy)
    }

    static func problem(_ text: String, remedy: String) -> Finding {
        Finding(kind: .problem, text: text, remedy: remedy)
    }

    /// For people: a line for the finding, and one for the remedy.
    var lines: String {
        func column(_ text: String) -> String { text.padded(to: 9) }
        let head = column(kind == .problem ? "PROBLEM" : kind.rawValue)
        let first = head + TerminalText.line(text, limit: .max)
        guard let remedy else { return first }
        return "\(first)\n\(column(""))to do: \(TerminalText.line(remedy, limit: .max))"
    }
}
