// SPDX-License-Identifier: Apache-2.0

/// Where the options of connections come from: ssh_config(5)'s sources, in their order.
///
/// The first source that gives an option a value wins: the command line, then the user's file, then
/// the system's. Nothing is kept between calls, so a changed file counts for the next connection.
public struct SSHConfiguration: Sendable {
    /// Which files are read: what ssh's `-F` says.
    public enum Files: Equatable, Sendable {
        /// `~/.ssh/config` and `/etc/ssh/ssh_config`, each if there.
        case standard
        /// Only this file, which must be there.
        case only(String)
        /// None: `-F none`.
        case none

        /// The meaning of an `-F` argument.
        public init(argument: String) {
            self = argument.lowercased() == "none" ? .none : .only(argument)
        }
    }

    /// The keywords of all options that are known, as ssh_config(5) spells them, and their aliases.
    public static let keywords = OptionTable.all.flatMap { [$0.keyword] + $0.aliases }.sorted()

    /// The `-o` options, each as `Keyword=value` or `Keyword value`, in their order.
    public var commandLine: [String]
    /// The files that follow.
    public var files: Files
    /// `ServerAliveInterval` where nothing says otherwise; nil for never, as ssh has it.
    public var serverAliveInterval: Duration?
    /// `Compression` where nothing says otherwise.
    public var compression = CompressionChoice.no
    /// This machine, its user and its files.
    public var local: LocalContext

    /// Names the sources.
    public init(commandLine: [String] = [], files: Files = .standard, local: LocalContext) {
        self.commandLine = commandLine
        self.files = files
        self.local = local
    }

    /// Finds the options for connections to one host.
    ///
    /// Reads files and runs commands through ``local``, so it may block.
    ///
    /// - Parameters:
    ///   - host: The host as the user typed it; `Host` lines are matched against it.
    ///   - user: The user named with the host (`user@host`); `-o User` comes before it.
    ///   - port: The port named with the host; `-o Port` comes before it.
    /// - Throws: The first fault found, with its place; also where the configuration asks for what we
    ///   lack and must not pass over, or refuses connections to the host.
    public func resolve(
        host: String, user: String? = nil, port: UInt16? = nil
    ) throws(SSHConfigError) -> ClientOptions {
        let configuration = try effective(host: host, user: user, port: port)
        try configuration.requireUsable()
        return configuration.options
    }

    /// Finds all that the sources say for one host, to be shown.
    ///
    /// - Throws: The first fault found, with its place.
    public func effective(
        host: String, user: String? = nil, port: UInt16? = nil
    ) throws(SSHConfigError) -> EffectiveConfiguration {
        try RemoteName.checkHost(host, at: nil)
        if let user { try RemoteName.checkUser(user, at: nil) }
        var reader = ConfigurationReader(host: host, sources: sources, local: local)
        reader.draft.options.serverAliveInterval = serverAliveInterval
        reader.draft.options.compression = compression
        for (index, text) in commandLine.enumerated() {
            try reader.readCommandLineOption(text, number: index + 1)
        }
        reader.draft.setTarget(user: user, port: port)
        try reader.readSources()
        let canonicalization = HostCanonicalization(options: reader.draft.options, local: local)
        let canonicalHost = try canonicalization.canonicalName(of: reader.draft.currentHost(local))
        reader.draft.canonicalHost = canonicalHost
        if reader.wantsFinalPass || reader.draft.options.canonicalizeHostname != .no {
            try reader.readSourcesAgain(host: canonicalHost)
        }
        return try EffectiveConfiguration(reader.draft, host: host, local: local)
    }

    private var sources: [ConfigurationSource] {
        switch files {
        case .standard:
            [
                ConfigurationSource(
                    path: local.homeDirectory + "/.ssh/config", kind: .user,
                    requiresTrustedOwner: true, mayBeMissing: true),
                ConfigurationSource(
                    path: "/etc/ssh/ssh_config", kind: .system, requiresTrustedOwner: false,
                    mayBeMissing: true),
            ]
        case .only(let path):
            // Whoever names a file himself answers for it.
            [
                ConfigurationSource(
                    path: path, kind: .user, requiresTrustedOwner: false, mayBeMissing: false)
            ]
        case .none: []
        }
    }
}
