// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto

/// What the user is told and asked about host keys, in words close to ssh's, which people know and
/// programs look for.
extension HostKeyCheck {
    func fingerprint(of key: PublicKey) -> String { key.fingerprint(hash) }

    private var hash: HashAlgorithm {
        switch context.options.fingerprintHash {
        case .sha256: .sha256
        case .md5: .md5
        }
    }

    func picture(of key: PublicKey) -> String {
        "Host key fingerprint is \(fingerprint(of: key))\n\(key.picture(hash))"
    }

    func changeWarning(_ key: PublicKey, known other: KnownHostKey) -> String {
        let line = String(repeating: "@", count: 59)
        let name = known.name.name
        return """
            \(line)
            @    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
            \(line)
            Someone could be listening in on the connection right now (a man-in-the-middle attack), \
            or the host has a new key.
            The fingerprint of the \(key.kindName) key that \(name) shows is
            \(fingerprint(of: key)).
            Ask the host's administrator; if the new key is genuine, remove the old one.
            Offending \(KeyType(rawValue: other.type)?.kindName ?? other.type) key in \
            \(other.location)
              remove with:
              ssh-keygen -f "\(other.location.file)" -R "\(name)"
            """
    }

    /// Asks whether to trust a key that nobody knows.
    ///
    /// - Throws: where the user does not, or cannot be asked.
    func ask(_ key: PublicKey) async throws {
        guard !context.options.batchMode else {
            throw context.refused(.unknown(fingerprint: fingerprint(of: key)))
        }
        var question = """
            The authenticity of host '\(TerminalText.line(known.name.name))' can't be established.
            \(key.kindName) key fingerprint is \(fingerprint(of: key)).\
            \(context.options.visualHostKey ? "\n" + key.picture(hash) : "")
            Are you sure you want to continue connecting (yes/no/[fingerprint])? \

            """
        // Whoever answers without end is no person.
        for _ in 0..<10 {
            guard let answer = await context.prompter.ask(question, echoes: true) else {
                throw context.refused(.unknown(fingerprint: fingerprint(of: key)))
            }
            let text = answer.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            switch text.lowercased() {
            case "yes": return
            case "no", "": throw context.refused(.declined)
            default: if text == fingerprint(of: key) { return }
            }
            question = "Please type 'yes', 'no' or the fingerprint: "
        }
        throw context.refused(.declined)
    }
}
