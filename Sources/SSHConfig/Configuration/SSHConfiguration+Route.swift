// SPDX-License-Identifier: Apache-2.0

extension SSHConfiguration {
    /// Finds the options for one host and for all hosts on the way to it (`ProxyJump`), the nearest
    /// first; the host itself is the last.
    ///
    /// As with ssh, each host on the way has its own block of the configuration; of the command line,
    /// only `-F` and `-v` concern it.
    ///
    /// - Throws: as ``resolve(host:user:port:)``, and for a way that leads in a circle.
    public func route(
        host: String, user: String? = nil, port: UInt16? = nil
    ) throws(SSHConfigError) -> [ClientOptions] {
        let target = try resolve(host: host, user: user, port: port)
        return try hops(to: target, after: []) + [target]
    }

    /// SSH's own port, where nothing says otherwise.
    private static let usualPort: UInt16 = 22

    /// - Parameter ways: the values of `ProxyJump` that have led here.
    private func hops(
        to target: ClientOptions, after ways: Set<String>
    ) throws(SSHConfigError) -> [ClientOptions] {
        guard let last = target.proxyJump.last else { return [] }
        guard ways.count < ConfigurationLimits.jumpHosts else {
            throw SSHConfigError(
                .limitExceeded, at: nil, keyword: "ProxyJump",
                "more than \(ConfigurationLimits.jumpHosts) hosts on the way to one")
        }
        // As ssh sees it: a name that stands for another host may be on the way to that. What a hop
        // is depends on the value alone, so one that comes again comes for ever.
        let way = target.proxyJump.map(\.text).joined(separator: ",")
        guard
            !ways.contains(way),
            last.host != target.hostName || (last.port ?? Self.usualPort) != target.port
                || (last.user ?? target.user) != target.user
        else {
            throw SSHConfigError(
                .invalidValue, at: nil, keyword: "ProxyJump",
                "the way to \(quoted(last.host)) leads through itself")
        }
        var configuration = self
        configuration.commandLine = commandLine.filter(Self.concernsEveryHop)
        // The hosts before the last are its own way; where there are none, its block says.
        let before = target.proxyJump.dropLast().map(\.text).joined(separator: ",")
        if !before.isEmpty { configuration.commandLine.append("ProxyJump=\(before)") }
        let hop = try configuration.resolve(host: last.host, user: last.user, port: last.port)
        return try configuration.hops(to: hop, after: ways.union([way])) + [hop]
    }

    private static func concernsEveryHop(_ option: String) -> Bool {
        option.lowercased().hasPrefix("loglevel=")
    }
}

extension JumpHost {
    /// The form in which ssh_config(5) has it.
    fileprivate var text: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return (user.map { "\($0)@" } ?? "") + name + (port.map { ":\($0)" } ?? "")
    }
}
