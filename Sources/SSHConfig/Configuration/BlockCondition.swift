// SPDX-License-Identifier: Apache-2.0

/// When the lines of a block hold: its `Host` or `Match` line.
enum BlockCondition: Equatable, Sendable {
    /// One of the patterns matches the host as typed, and no negated one does.
    case host([Pattern])
    /// Always.
    case all

    /// What conditions are asked about.
    struct Query: Equatable, Sendable {
        /// The host as the user typed it.
        var originalHost: String
    }

    /// Understands a `Host` or `Match` line.
    init(_ line: ConfigurationLine) throws(SSHConfigError) {
        guard !line.words.isEmpty else {
            throw SSHConfigError(.syntax, at: line.location, keyword: line.spelling, "no argument")
        }
        if line.keyword == "host" {
            self = .host(line.words.map { Pattern($0.utf8) })
        } else if line.words.map({ $0.lowercased() }) == ["all"] {
            self = .all
        } else {
            // Without knowing whether the block holds, following lines can be neither used nor
            // passed over.
            throw SSHConfigError(
                .unsupported, at: line.location, keyword: "Match",
                "only \"Match all\" is supported; use Host, or another file with -F")
        }
    }

    /// Whether the lines of the block hold.
    func holds(for query: Query) -> Bool {
        switch self {
        case .host(let patterns): patterns.match(query.originalHost) == .positive
        case .all: true
        }
    }
}
