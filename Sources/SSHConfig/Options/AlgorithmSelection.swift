// SPDX-License-Identifier: Apache-2.0

/// What a configuration says about a list of algorithms (`Ciphers`, `MACs`, ...): a list of its own,
/// or a change of the default one.
public struct AlgorithmSelection: Equatable, Sendable {
    /// What becomes of the default list.
    public enum Change: Equatable, Sendable {
        /// It stays as it is.
        case unchanged
        /// The patterns stand in its place.
        case replace
        /// The patterns follow it (`+`).
        case append
        /// What the patterns match leaves it (`-`).
        case remove
        /// The patterns come before it (`^`).
        case prepend
    }

    /// What becomes of the default list.
    public let change: Change
    /// The option that says so.
    public let keyword: String
    /// Where it says so; nil when nothing does.
    public let location: ConfigurationLocation?
    private let patterns: [Pattern]

    /// Whether the configuration says what comes first, so that nothing else should reorder the list.
    public var demandsOrder: Bool {
        change == .replace || change == .prepend
    }

    /// The default list as it is.
    public static func unchanged(keyword: String) -> AlgorithmSelection {
        AlgorithmSelection(change: .unchanged, keyword: keyword, location: nil, patterns: [])
    }

    private init(
        change: Change, keyword: String, location: ConfigurationLocation?, patterns: [Pattern]
    ) {
        self.change = change
        self.keyword = keyword
        self.location = location
        self.patterns = patterns
    }

    /// Understands the value of an option: a list of patterns with commas between, and `+`, `-` or
    /// `^` before the first.
    ///
    /// Nil for an empty list.
    init?(_ text: String, keyword: String, at location: ConfigurationLocation?) {
        let change: Change? =
            switch text.utf8.first {
            case UInt8(ascii: "+"): .append
            case UInt8(ascii: "-"): .remove
            case UInt8(ascii: "^"): .prepend
            default: nil
            }
        let list = text.utf8.dropFirst(change == nil ? 0 : 1)
        let names = list.split(separator: UInt8(ascii: ","))
        guard !names.isEmpty, list.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self.init(
            change: change ?? .replace, keyword: keyword, location: location,
            patterns: names.map { Pattern($0) })
    }

    /// The algorithms to offer, most wanted first.
    ///
    /// Names that we do not have are passed over: what one configuration says for all its hosts and
    /// programs may well name some.
    ///
    /// - Parameters:
    ///   - defaults: What is offered when the configuration says nothing, in that order.
    ///   - supported: Everything that we have, in the order in which a wildcard brings it.
    /// - Throws: `unsupported` when nothing is left.
    public func names(
        defaults: [String], supported: [String]
    ) throws(SSHConfigError) -> [String] {
        let chosen =
            switch change {
            case .unchanged: defaults
            case .replace: matching(supported)
            case .append: defaults + matching(supported)
            case .remove: defaults.filter { patterns.match($0) != .positive }
            case .prepend: matching(supported) + defaults
            }
        var seen: Set<String> = []
        let names = chosen.filter { seen.insert($0).inserted }
        guard !names.isEmpty else {
            throw SSHConfigError(
                .unsupported, at: location, keyword: keyword,
                "none of the algorithms is supported; there are: "
                    + supported.joined(separator: ","))
        }
        return names
    }

    private func matching(_ supported: [String]) -> [String] {
        patterns.flatMap { pattern in
            supported.filter { CollectionOfOne(pattern).match($0) == .positive }
        }
    }
}
