// SPDX-License-Identifier: Apache-2.0

/// When the lines of a block hold: its `Host` or `Match` line.
enum BlockCondition: Equatable, Sendable {
    /// One of the patterns matches the host, and no negated one does.
    case host([Pattern])
    /// All criteria hold.
    case match([MatchCriterion])

    /// Understands a `Host` or `Match` line.
    init(_ line: ConfigurationLine) throws(SSHConfigError) {
        guard !line.words.isEmpty else {
            throw SSHConfigError(.syntax, at: line.location, keyword: line.spelling, "no argument")
        }
        if line.keyword == "host" {
            self = .host(line.words.map { Pattern($0) })
        } else {
            self = .match(try MatchCriterion.criteria(line))
        }
    }

    /// Whether the block is about how the configuration looks in the end, when all else is known.
    var wantsFinalPass: Bool {
        switch self {
        case .host: false
        case .match(let criteria): criteria.contains { $0.kind == .final }
        }
    }
}
