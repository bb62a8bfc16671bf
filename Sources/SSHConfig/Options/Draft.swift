// SPDX-License-Identifier: Apache-2.0

/// A value and where it was given; nil for one that comes from no source.
struct Located<Value> {
    let value: Value
    let location: ConfigurationLocation?

    init(_ value: Value, at location: ConfigurationLocation?) {
        self.value = value
        self.location = location
    }
}

extension Located: Sendable where Value: Sendable {}
extension Located: Equatable where Value: Equatable {}

/// What the sources say so far, before tokens and paths are expanded.
struct Draft: Sendable {
    /// The values as they are written, and defaults where nothing is.
    ///
    /// Its names are not used: ``hostName`` and ``user`` say what is written.
    var options: ClientOptions
    /// The first `HostName`.
    var hostName: Located<String>?
    /// The host to connect to, once that is settled.
    var canonicalHost: String?
    /// The first `User`, or the user that came with the host.
    var user: Located<String>?
    /// The first `IgnoreUnknown`.
    var ignoredUnknown: Located<String>?
    /// Where each value of an option was given, by its keyword.
    private var places: [String: [ConfigurationLocation?]] = [:]

    /// Begins with nothing but defaults.
    init(options: ClientOptions) {
        self.options = options
    }

    /// Whether the sources have said before that `keyword`, which nobody knows, is to be ignored.
    func isIgnored(_ keyword: String) -> Bool {
        let patterns = ignoredUnknown?.value.lowercased().split(separator: ",") ?? []
        return patterns.map { Pattern($0) }.match(keyword.lowercased()) == .positive
    }

    /// Takes what came with the host's name, unless more was said about it before.
    mutating func setTarget(user: String?, port: UInt16?) {
        if self.user == nil { self.user = user.map { Located($0, at: nil) } }
        guard let port, !isGiven("Port") else { return }
        options.port = port
        note("Port", at: nil)
    }

    /// Whether an option has a value.
    func isGiven(_ keyword: String) -> Bool { places[keyword] != nil }

    /// Where the values stand, in their order; empty for defaults.
    func places(of keyword: String) -> [ConfigurationLocation?] { places[keyword] ?? [] }

    /// Notes that an option has a value.
    mutating func note(_ keyword: String, at location: ConfigurationLocation?) {
        places[keyword, default: []].append(location)
    }
}
