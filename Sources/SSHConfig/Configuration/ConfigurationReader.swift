// SPDX-License-Identifier: Apache-2.0

import Wire

/// Reads the sources of a configuration in their order, and gathers what holds for one host.
///
/// Every line is understood, but only those in blocks whose condition holds have an effect.
struct ConfigurationReader {
    /// A file to read.
    struct Source {
        var path: String
        var kind: Kind
        var requiresTrustedOwner: Bool
        var mayBeMissing: Bool

        /// Whose file it is: that decides where relative paths in it start, and whether `~` means
        /// anything.
        enum Kind {
            case user
            case system
        }

        static func user(
            _ path: String, requiresTrustedOwner: Bool, mayBeMissing: Bool
        ) -> Source {
            Source(
                path: path, kind: .user, requiresTrustedOwner: requiresTrustedOwner,
                mayBeMissing: mayBeMissing)
        }

        static func system(_ path: String) -> Source {
            Source(path: path, kind: .system, requiresTrustedOwner: false, mayBeMissing: true)
        }
    }

    /// What has been found so far.
    var draft: Draft

    private let query: BlockCondition.Query
    private let local: LocalContext
    private var filesRead = 0
    private var linesRead = 0

    init(host: String, local: LocalContext) {
        draft = Draft(options: ClientOptions(host: host, user: local.userName))
        query = BlockCondition.Query(originalHost: host)
        self.local = local
    }

    /// Reads one `-o` option.
    mutating func readCommandLineOption(
        _ text: String, number: Int
    ) throws(SSHConfigError) {
        let location = ConfigurationLocation.commandLine(number)
        var scope = Scope(kind: .user, depth: 0, isActive: true, isCommandLine: true)
        if let line = try ConfigurationLine(Array(text.utf8)[...], at: location) {
            try process(line, in: &scope)
        }
    }

    /// Reads a file and those that it includes.
    mutating func read(_ source: Source) throws(SSHConfigError) {
        let scope = Scope(kind: source.kind, depth: 0, isActive: true, isCommandLine: false)
        try read(source, scope, includedAt: nil)
    }

    /// Where in the files the reader is.
    private struct Scope {
        let kind: Source.Kind
        let depth: Int
        /// Whether the block around the current line holds.
        var isActive: Bool
        let isCommandLine: Bool
    }

    private mutating func read(
        _ source: Source, _ scope: Scope, includedAt location: ConfigurationLocation?
    ) throws(SSHConfigError) {
        guard let bytes = try contents(of: source, includedAt: location) else { return }
        var scope = scope
        for (number, text) in Lines(of: bytes) {
            linesRead += 1
            let place = ConfigurationLocation(file: source.path, line: number)
            guard linesRead <= ConfigurationLimits.linesRead else {
                throw SSHConfigError(
                    .limitExceeded, at: place,
                    "more than \(ConfigurationLimits.linesRead) lines of configuration")
            }
            if let line = try ConfigurationLine(text, at: place) { try process(line, in: &scope) }
        }
    }

    private mutating func contents(
        of source: Source, includedAt location: ConfigurationLocation?
    ) throws(SSHConfigError) -> Bytes? {
        filesRead += 1
        guard filesRead <= ConfigurationLimits.filesRead else {
            throw SSHConfigError(
                .limitExceeded, at: location, keyword: location == nil ? nil : "Include",
                "more than \(ConfigurationLimits.filesRead) configuration files")
        }
        let request = ConfigurationFileRequest(
            path: source.path, requiresTrustedOwner: source.requiresTrustedOwner)
        switch local.readFile(request) {
        case .bytes(let bytes):
            guard bytes.count <= request.byteLimit else {
                throw SSHConfigError(
                    .limitExceeded, at: location, "\(source.path) is larger than 1 MiB")
            }
            return bytes
        case .missing:
            guard !source.mayBeMissing else { return nil }
            throw SSHConfigError(.unreadableFile, at: location, "\(source.path) does not exist")
        case .unreadable(let reason):
            throw SSHConfigError(.unreadableFile, at: location, "\(source.path): \(reason)")
        }
    }

    private mutating func process(
        _ line: ConfigurationLine, in scope: inout Scope
    ) throws(SSHConfigError) {
        switch line.keyword {
        case "host", "match":
            guard !scope.isCommandLine else {
                throw SSHConfigError(
                    .syntax, at: line.location, keyword: line.spelling,
                    "only files have blocks, the command line has none")
            }
            scope.isActive = try BlockCondition(line).holds(for: query)
        case "include":
            try include(line, in: scope)
        default:
            try apply(line, isActive: scope.isActive)
        }
    }

    private mutating func apply(
        _ line: ConfigurationLine, isActive: Bool
    ) throws(SSHConfigError) {
        guard let option = OptionTable.byName[line.keyword] else {
            guard !draft.isIgnored(line.keyword) else { return }
            throw SSHConfigError(
                .unknownKeyword, at: line.location, keyword: line.spelling,
                "there is no such option in ssh_config(5)")
        }
        let assignment = try option.parse(line)
        if isActive { assignment?(&draft) }
    }

    /// Reads the files that an `Include` names.
    ///
    /// Inside a block that does not hold, nothing of them could have an effect, so they are not read.
    /// What blocks begin in an included file ends with it.
    private mutating func include(
        _ line: ConfigurationLine, in scope: Scope
    ) throws(SSHConfigError) {
        guard scope.isActive else { return }
        guard scope.depth < ConfigurationLimits.includeDepth else {
            throw SSHConfigError(
                .limitExceeded, at: line.location, keyword: "Include",
                "files include one another more than \(ConfigurationLimits.includeDepth) deep")
        }
        for word in line.words {
            let pattern = try absolutePattern(Located(word, at: line.location), scope.kind)
            for path in local.expandGlob(pattern) {
                let source = Source(
                    path: path, kind: scope.kind, requiresTrustedOwner: true, mayBeMissing: true)
                let inner = Scope(
                    kind: scope.kind, depth: scope.depth + 1, isActive: true, isCommandLine: false)
                try read(source, inner, includedAt: line.location)
            }
        }
    }

    private func absolutePattern(
        _ word: Located<String>, _ kind: Source.Kind
    ) throws(SSHConfigError) -> String {
        if word.value.hasPrefix("~"), kind == .system {
            throw SSHConfigError(
                .invalidValue, at: word.location, keyword: "Include",
                "a system file has no home directory to start from: \(quoted(word.value))")
        }
        let expansion = TextExpansion(keyword: "Include", tokens: [:], local: local)
        let path = try expansion.path(word)
        guard !path.hasPrefix("/") else { return path }
        return kind == .user ? "\(local.homeDirectory)/.ssh/\(path)" : "/etc/ssh/\(path)"
    }
}
