// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto

/// Decides whether a server's host key is the host's: by the known_hosts files, and by asking.
struct HostKeyCheck: Sendable {
    /// How far a server is trusted once its key has been looked at.
    enum Trust: Equatable {
        case full
        /// The key has changed and `StrictHostKeyChecking no` says to go on: whoever is there must
        /// not get a password.
        case withoutPasswords
    }

    let context: ConnectContext
    let known: KnownHosts

    /// Reads the known_hosts files.
    static func load(_ context: ConnectContext) async throws -> HostKeyCheck {
        let options = context.options
        let files = options.userKnownHostsFiles + options.globalKnownHostsFiles
        var known = KnownHosts(
            for: KnownHostName(
                host: options.hostName, port: options.port, alias: options.hostKeyAlias))
        let contents = try await context.loop.offload { [world = context.world] in
            files.map { path in
                Result { () throws(FileProblem) in
                    try world.readFile(path, limit: ConfigurationLimits.knownHostsBytes)
                }
            }
        }
        for (path, content) in zip(files, contents) {
            switch content {
            case .success(let file):
                guard let file else { continue }
                do {
                    try known.add(file.bytes[...], file: path)
                } catch {
                    throw context.refused(.unreliableFiles(error.description))
                }
            case .failure(let problem):
                // What it may say about the host, that a key is revoked for instance, is unknown.
                throw context.refused(.unreliableFiles("\(path): \(problem)"))
            }
        }
        for problem in known.problems { context.show(problem.description, level: .info) }
        return HostKeyCheck(context: context, known: known)
    }

    /// Looks at the key that the server has proved to hold.
    ///
    /// - Throws: ``SSHClientError/hostKeyRefused(_:_:)``.
    func check(_ key: PublicKey, isLoopback: Bool) async throws -> Trust {
        let options = context.options
        if let bits = key.rsaBits, bits < options.requiredRSASize {
            throw context.refused(.tooShort(bits: bits, required: options.requiredRSASize))
        }
        if isLoopback, options.noHostAuthenticationForLocalhost, options.hostKeyAlias == nil {
            return .full
        }
        switch known.verdict(on: key.blob[...]) {
        case .match(let place):
            context.show("host key found in \(place)", level: .debug1)
            return .full
        case .revoked(let place): throw context.refused(.revoked(at: place.description))
        case .changed(let other): return try changed(key, knownAt: other.location.description)
        case .unknown:
            try await decideOnUnknown(key)
            return .full
        }
    }

    private func changed(_ key: PublicKey, knownAt place: String) throws -> Trust {
        context.show(
            """
            WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!
            Someone could be listening in on the connection right now, or the host has a new key.
            The \(key.kindName) key that \(known.name.name) shows is \(key.fingerprint).
            Another one is known: \(place). Ask the host's administrator; if the new key is \
            genuine, remove that line.
            """, level: .error)
        guard context.options.strictHostKeyChecking == .no else {
            throw context.refused(.changed(knownAt: place, fingerprint: key.fingerprint))
        }
        context.show(
            "Going on because StrictHostKeyChecking is off; no password will be sent.",
            level: .error)
        return .withoutPasswords
    }

    private func decideOnUnknown(_ key: PublicKey) async throws {
        switch context.options.strictHostKeyChecking {
        case .yes: throw context.refused(.unknown(fingerprint: key.fingerprint))
        case .acceptNew, .no: break
        case .ask: try await ask(key)
        }
        await remember(key)
    }

    // MARK: Asking

    private func ask(_ key: PublicKey) async throws {
        guard !context.options.batchMode else {
            throw context.refused(.unknown(fingerprint: key.fingerprint))
        }
        var question = """
            The authenticity of host '\(TerminalText.line(known.name.name))' can't be established.
            \(key.kindName) key fingerprint is \(key.fingerprint).
            Are you sure you want to continue connecting (yes/no/[fingerprint])? \

            """
        // Whoever answers without end is no person.
        for _ in 0..<10 {
            guard let answer = await context.prompter.ask(question, echoes: true) else {
                throw context.refused(.unknown(fingerprint: key.fingerprint))
            }
            let text = answer.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            switch text.lowercased() {
            case "yes": return
            case "no", "": throw context.refused(.declined)
            default: if text == key.fingerprint { return }
            }
            question = "Please type 'yes', 'no' or the fingerprint: "
        }
        throw context.refused(.declined)
    }

    // MARK: Remembering

    /// Appends the key to the user's first file; that it could not be is no reason not to connect.
    private func remember(_ key: PublicKey) async {
        guard let path = context.options.userKnownHostsFiles.first else { return }
        let salt =
            context.options.hashKnownHosts
            ? context.world.random(KnownHosts.hashByteCount).prefix(KnownHosts.hashByteCount) : nil
        let line = known.line(keyType: key.type.rawValue, blob: key.blob[...], salt: salt)
        guard let line else {
            context.show(
                "The host's name cannot stand in known_hosts, so the key is not remembered.",
                level: .info)
            return
        }
        do {
            try await context.loop.offload { [world = context.world] in
                try world.appendLine(line, to: path)
            }
            context.show(
                "Added '\(known.name.name)' (\(key.kindName)) to the list of known hosts.",
                level: .info)
        } catch {
            context.show("Could not add the host key to \(path): \(error)", level: .error)
        }
    }
}
