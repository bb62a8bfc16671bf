// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto
public import Wire

/// The keys of an authorized_keys file (sshd(8), AUTHORIZED_KEYS FILE FORMAT), for a server that serves
/// files and nothing else.
public struct AuthorizedKeys: Sendable {
    /// The keys, in the file's order.
    let entries: [Entry]
    /// What is wrong with lines that say nothing for it.
    public let problems: [Problem]

    /// One line's key.
    struct Entry: Sendable {
        let line: Int
        /// The key as it goes over the wire: only the one that a client shows has to be understood.
        let blob: [UInt8]
        let options: AuthorizedKeyOptions
    }

    /// A line that lets nobody in.
    public struct Problem: Equatable, Sendable {
        /// Its number, from 1.
        public let line: Int
        /// What is wrong with it.
        public let reason: String
    }

    /// What the file says about a key.
    public enum Verdict: Equatable, Sendable {
        /// The key on this line lets the user in.
        case accepted(line: Int)
        /// The key is there, but the line does not let this client in now.
        case refused(line: Int, AuthorizedKeyOptions.Refusal)
        /// The key is not there.
        case unknown
    }

    /// Reads a file.
    ///
    /// A line that is not understood lets nobody in, as with sshd.
    public init(_ file: Bytes) {
        var entries: [Entry] = []
        var problems: [Problem] = []
        for (number, line) in Lines(of: file) {
            let text = line.drop(while: isBlank)
            guard let first = text.first, first != UInt8(ascii: "#") else { continue }
            do {
                entries.append(try Self.entry(text, line: number))
            } catch {
                guard problems.count < ConfigurationLimits.authorizedKeysProblems else { continue }
                problems.append(Problem(line: number, reason: error.reason))
            }
        }
        self.entries = entries
        self.problems = problems
    }

    /// Looks for a key: the first line that has it and lets this client in counts.
    public func verdict(on key: PublicKey, for client: AuthorizedKeyOptions.Client) -> Verdict {
        var verdict = Verdict.unknown
        for entry in entries where entry.blob == key.blob {
            guard let refusal = entry.options.refusal(of: client) else {
                return .accepted(line: entry.line)
            }
            verdict = .refused(line: entry.line, refusal)
        }
        return verdict
    }

    /// Looks for the authority of a certificate: the first line that has its key with `cert-authority` and
    /// lets this client in as `user` counts.
    public func verdict(
        on certificate: Certificate, of user: String, for client: AuthorizedKeyOptions.Client
    ) -> Verdict {
        var verdict = Verdict.unknown
        for entry in entries where entry.blob == certificate.authority.blob {
            let refusal = entry.options.refusal(of: client, with: certificate, for: user)
            guard let refusal else { return .accepted(line: entry.line) }
            verdict = .refused(line: entry.line, refusal)
        }
        return verdict
    }

    /// A line is a key, or options and a key.
    private static func entry(_ text: Bytes, line: Int) throws(LineFault) -> Entry {
        if let blob = plainKey(text) {
            return Entry(line: line, blob: blob, options: AuthorizedKeyOptions())
        }
        var rest = text
        let options = try AuthorizedKeyOptions(takenFrom: &rest)
        guard let blob = plainKey(rest) else { throw LineFault(reason: "no key") }
        return Entry(line: line, blob: blob, options: options)
    }

    /// The key of a line that begins with one: its type, and its base64, in which the type stands again.
    private static func plainKey(_ text: Bytes) -> [UInt8]? {
        let fields = text.split(maxSplits: 2, whereSeparator: isBlank)
        guard fields.count >= 2, let blob = try? Base64.decode(fields[1]) else { return nil }
        var reader = WireReader(blob[...])
        guard let type = try? reader.readString(limit: WireLimits.nameListBytes), type == fields[0]
        else { return nil }
        return blob
    }
}

/// Why a line says nothing.
struct LineFault: Error {
    let reason: String
}
