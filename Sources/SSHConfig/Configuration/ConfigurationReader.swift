// SPDX-License-Identifier: Apache-2.0

import Wire

/// Reads the sources of a configuration in their order, and gathers what holds for one host.
///
/// Every line is understood, but only those in blocks whose condition holds have an effect.
struct ConfigurationReader {
    /// What has been found so far.
    var draft: Draft
    /// Whether a line asks for the files to be read again once all else is known.
    private(set) var wantsFinalPass = false

    private let sources: [ConfigurationSource]
    private let local: LocalContext
    /// The host by which `Host` lines go.
    private var host: String
    private var isFinalPass = false
    private var linesRead = 0
    private var filesRead = 0
    /// What has been read, by path: a pipe cannot be read again, and a file that changes meanwhile
    /// should not be believed twice.
    private var contents: [String: Bytes] = [:]

    init(host: String, sources: [ConfigurationSource], local: LocalContext) {
        draft = Draft(options: ClientOptions(host: host, user: local.userName))
        self.host = host
        self.sources = sources
        self.local = local
    }

    /// Reads one `-o` option.
    mutating func readCommandLineOption(
        _ text: String, number: Int
    ) throws(SSHConfigError) {
        let location = ConfigurationLocation.commandLine(number)
        guard let line = try ConfigurationLine(text.keptBytes[...], at: location) else { return }
        switch line.keyword {
        case "host", "match", "include":
            throw SSHConfigError(
                .syntax, at: line.location, keyword: line.spelling,
                "only files may have this, not the command line")
        default:
            try apply(line, isActive: true)
        }
    }

    /// Reads all files, and those that they include.
    mutating func readSources() throws(SSHConfigError) {
        for source in sources {
            let scope = Scope(kind: source.kind, depth: 0, isReachable: true, isActive: true)
            try read(source, scope, includedAt: nil)
        }
    }

    /// Reads all files again, now that the host's name is known for good; what has a value keeps it.
    mutating func readSourcesAgain(host: String) throws(SSHConfigError) {
        self.host = host
        isFinalPass = true
        // What decides about canonical names has been used, and cannot be decided again.
        for option in ["Hostname", "FallbackLocal", "MaxDots"] {
            draft.note("Canonicalize" + option, at: nil)
        }
        linesRead = 0
        filesRead = 0
        try readSources()
    }

    /// Where in the files the reader is.
    private struct Scope {
        let kind: ConfigurationSource.Kind
        let depth: Int
        /// Whether the file as a whole counts; if not, its blocks do not either.
        let isReachable: Bool
        /// Whether the block around the current line holds.
        var isActive: Bool
    }

    // MARK: Files

    private mutating func read(
        _ source: ConfigurationSource, _ scope: Scope,
        includedAt location: ConfigurationLocation?
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
        of source: ConfigurationSource, includedAt location: ConfigurationLocation?
    ) throws(SSHConfigError) -> Bytes? {
        filesRead += 1
        guard filesRead <= ConfigurationLimits.filesRead else {
            throw SSHConfigError(
                .limitExceeded, at: location, keyword: location == nil ? nil : "Include",
                "more than \(ConfigurationLimits.filesRead) configuration files")
        }
        if let bytes = contents[source.path] { return bytes }
        let request = ConfigurationFileRequest(
            path: source.path, requiresTrustedOwner: source.requiresTrustedOwner,
            mayBePipe: location == nil && !source.requiresTrustedOwner && source.kind == .user)
        switch local.readFile(request) {
        case .bytes(let bytes):
            guard bytes.count <= request.byteLimit else {
                throw SSHConfigError(
                    .limitExceeded, at: location,
                    "\(TerminalText.line(source.path)) is larger than 1 MiB")
            }
            contents[source.path] = bytes
            guard contents.values.reduce(0, { $0 + $1.count }) <= ConfigurationLimits.bytesRead
            else {
                throw SSHConfigError(
                    .limitExceeded, at: location, "more than 16 MiB of configuration")
            }
            return bytes
        case .missing:
            guard !source.mayBeMissing else { return nil }
            throw SSHConfigError(
                .unreadableFile, at: location, "\(TerminalText.line(source.path)) does not exist")
        case .unreadable(let reason):
            throw SSHConfigError(
                .unreadableFile, at: location, "\(TerminalText.line(source.path)): \(reason)")
        }
    }

    // MARK: Lines

    private mutating func process(
        _ line: ConfigurationLine, in scope: inout Scope
    ) throws(SSHConfigError) {
        switch line.keyword {
        case "host", "match":
            let condition = try BlockCondition(line)
            if condition.wantsFinalPass { wantsFinalPass = true }
            let evaluation = MatchEvaluation(
                draft: draft, host: host, isFinalPass: isFinalPass, local: local)
            scope.isActive = scope.isReachable ? try evaluation.holds(condition) : false
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
    /// Inside a block that does not hold, they are read for their faults only, as all other lines
    /// are. What blocks begin in an included file ends with it.
    private mutating func include(
        _ line: ConfigurationLine, in scope: Scope
    ) throws(SSHConfigError) {
        guard scope.depth < ConfigurationLimits.includeDepth else {
            throw SSHConfigError(
                .limitExceeded, at: line.location, keyword: "Include",
                "files include one another more than \(ConfigurationLimits.includeDepth) deep")
        }
        guard line.words.allSatisfy({ !$0.isEmpty }) else {
            throw SSHConfigError(
                .syntax, at: line.location, keyword: "Include", "an argument is empty")
        }
        for word in line.words {
            let pattern = try absolutePattern(Located(word, at: line.location), scope.kind)
            for path in local.expandGlob(pattern) {
                let source = ConfigurationSource(
                    path: path, kind: scope.kind, requiresTrustedOwner: true, mayBeMissing: true)
                let inner = Scope(
                    kind: scope.kind, depth: scope.depth + 1, isReachable: scope.isActive,
                    isActive: scope.isActive)
                try read(source, inner, includedAt: line.location)
            }
        }
    }

    private func absolutePattern(
        _ word: Located<String>, _ kind: ConfigurationSource.Kind
    ) throws(SSHConfigError) -> String {
        if word.value.hasPrefix("~"), kind == .system {
            throw SSHConfigError(
                .invalidValue, at: word.location, keyword: "Include",
                "a system file has no home directory to start from: \(quoted(word.value))")
        }
        let tokens = try draft.tokens(draft.user?.value ?? local.userName, local)
        let expansion = TextExpansion(keyword: "Include", tokens: tokens, local: local)
        let path = try expansion.path(word)
        guard !path.hasPrefix("/") else { return path }
        return kind == .user ? "\(local.homeDirectory)/.ssh/\(path)" : "/etc/ssh/\(path)"
    }
}
