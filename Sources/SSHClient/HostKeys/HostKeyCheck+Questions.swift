// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import Wire

/// What the user is told and asked about host keys, in words close to ssh's, which people know and
/// programs look for.
extension HostKeyCheck {
    func fingerprint(of key: PublicKey) -> String { context.fingerprint(of: key) }

    func picture(of key: PublicKey) -> String {
        "Host key fingerprint is \(fingerprint(of: key))\n\(key.picture(context.fingerprintHash))"
    }

    /// A line's place as ssh writes it in these texts.
    func mark(_ place: ConfigurationLocation) -> String { "\(place.file):\(place.line)" }

    func changeWarning(_ key: PublicKey, known other: KnownHostKey) -> String {
        """
        \(changeHead(key))
        Ask the host's administrator; if the new key is genuine, remove the old one.
        Offending \(KeyType(rawValue: other.type)?.kindName ?? other.type) key in \
        \(mark(other.location))
          remove with:
          ssh-keygen -f "\(other.location.file)" -R "\(known.name.name)"
        """
    }

    /// What is said where the DNS has other keys of the host.
    func recordWarning(_ key: PublicKey) -> String {
        """
        \(changeHead(key))
        Ask the host's administrator; if the new key is genuine, it is missing in the DNS.
        Update the SSHFP RR in DNS with the new host key to get rid of this message.
        """
    }

    private func changeHead(_ key: PublicKey) -> String {
        """
        \(Self.frame("   WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     "))
        Someone could be listening in on the connection right now (a man-in-the-middle attack), \
        or the host has a new key.
        The fingerprint of the \(key.kindName) key that \(known.name.name) shows is
        \(fingerprint(of: key)).
        """
    }

    func revocationWarning(_ key: PublicKey) -> String {
        """
        \(Self.frame("      WARNING: REVOKED HOST KEY DETECTED!               "))
        The \(key.kindName) host key for \(known.name.name) is marked as revoked: it may have been \
        stolen, and be used by somebody else.
        """
    }

    func spoofingWarning(_ key: PublicKey, _ address: String, _ finding: String) -> String {
        """
        \(Self.frame("      WARNING: POSSIBLE DNS SPOOFING DETECTED!          "))
        The \(key.kindName) host key for \(known.name.name) has changed, and the key for the \
        corresponding IP address \(address) \(finding): either the name leads to another host now, \
        or the host has got a new address and a new key.
        """
    }

    private static func frame(_ text: String) -> String {
        let line = String(repeating: "@", count: 59)
        return "\(line)\n@ \(text)@\n\(line)"
    }

    /// Asks whether to trust a key that nobody knows.
    ///
    /// - Throws: where the user does not, or cannot be asked.
    func ask(_ key: PublicKey, _ server: DialedConnection) async throws {
        let address = server.address.map {
            KnownHostName(host: $0, port: context.options.port).name
        }
        let names = [known.name.name, address ?? "<no hostip for proxy command>"]
            .map { TerminalText.line($0) }
        var question = """
            The authenticity of host '\(names[0]) (\(names[1]))' can't be established.
            \(key.kindName) key fingerprint is \(fingerprint(of: key)).

            """
        if let certificateFault { question += "Its certificate \(certificateFault).\n" }
        if context.options.visualHostKey { question += key.picture(context.fingerprintHash) + "\n" }
        switch dnsFinding {
        case .notAsked: break
        case .match, .secureMatch: question += "Matching host key fingerprint found in DNS.\n"
        case .noMatch: question += "No matching host key fingerprint found in DNS.\n"
        }
        question += try await otherNames(of: key, address: server.address)
        question += "\nAre you sure you want to continue connecting (yes/no/[fingerprint])? "
        switch await confirm(question, fingerprint: fingerprint(of: key)) {
        case true: return
        case false: throw context.refused(.declined)
        case nil: throw refusal(ofUnknown: key)
        }
    }

    /// Asks until there is a yes or a no, which an empty line is, too.
    ///
    /// - Parameter fingerprint: is as good as a yes.
    /// - Returns: nil where nobody is there to be asked.
    func confirm(_ question: String, fingerprint: String?) async -> Bool? {
        guard !context.options.batchMode else { return nil }
        var question = question
        // Whoever answers without end is no person.
        for _ in 0..<10 {
            guard let answer = await context.prompter.ask(question, echoes: true) else {
                return nil
            }
            let text = answer.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            switch text.lowercased() {
            case "yes": return true
            case "no", "": return false
            default: if let fingerprint, text == fingerprint { return true }
            }
            question =
                fingerprint == nil
                ? "Please type 'yes' or 'no': " : "Please type 'yes', 'no' or the fingerprint: "
        }
        return false
    }

    /// Where else the key is known.
    private func otherNames(of key: PublicKey, address: String?) async throws -> String {
        let address = address.map { KnownHostName(host: $0, port: context.options.port) }
        let names = try await Self.read(
            KnownKeyNames(of: [key.blob], besides: [known.name] + (address.map { [$0] } ?? [])),
            context)
        guard names.count > 0 else { return "This key is not known by any other names." }
        var lines = ["This host key is known by the following other names/addresses:"]
        for entry in names.entries {
            let place = mark(
                ConfigurationLocation(
                    file: context.abbreviated(entry.location.file), line: entry.location.line))
            lines.append("    \(place): \(entry.names ?? "[hashed name]")")
        }
        let omitted = names.count - names.entries.count
        if omitted > 0 { lines.append("    (\(omitted) additional names omitted)") }
        return lines.map { TerminalText.line($0) }.joined(separator: "\n")
    }
}

extension ConnectContext {
    /// The key's fingerprint by the hash that the user wants.
    func fingerprint(of key: PublicKey) -> String { key.fingerprint(fingerprintHash) }

    var fingerprintHash: HashAlgorithm {
        switch options.fingerprintHash {
        case .sha256: .sha256
        case .md5: .md5
        }
    }

    /// A path with `~` for the user's own directory.
    func abbreviated(_ path: String) -> String {
        guard let home = world.environment["HOME"], !home.isEmpty, path.hasPrefix(home + "/")
        else { return path }
        return "~" + path.dropFirst(home.count)
    }
}
