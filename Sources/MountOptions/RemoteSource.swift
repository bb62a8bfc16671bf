// SPDX-License-Identifier: Apache-2.0

/// What to mount: `[user@]host:[directory]`, the host in brackets where it holds colons.
public struct RemoteSource: Equatable, Sendable {
    /// The login name, where one is given.
    public let user: String?
    /// The host's name or address, without brackets; also the name looked up in ssh_config.
    public let host: String
    /// The directory on the server; empty means the login directory.
    public let directory: String
    /// The source as it was written, shown as the source of the mount.
    public let text: String

    /// Takes a source apart.
    ///
    /// - Parameter text: the argument; the historic prefix `sshfs#` of fstab lines is dropped.
    /// - Throws: `MountOptionError.invalidSource`.
    public init(parsing text: String) throws(MountOptionError) {
        let source = text.hasPrefix("sshfs#") ? String(text.dropFirst("sshfs#".count)) : text
        let (login, directory) = try Self.splitDirectory(source)
        let at = login.lastIndex(of: "@")
        let user = at.map { String(login[..<$0]) }
        var host = at.map { login[login.index(after: $0)...] } ?? login[...]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        }
        try Self.check(user: user, host: host, in: source)
        self.user = user
        self.host = String(host)
        self.directory = String(directory)
        self.text = source
    }

    /// Splits at the first colon outside brackets.
    private static func splitDirectory(
        _ source: String
    ) throws(MountOptionError) -> (login: Substring, directory: Substring) {
        var depth = 0
        for index in source.indices {
            switch source[index] {
            case "[": depth += 1
            case "]": depth -= 1
            case ":" where depth == 0:
                return (source[..<index], source[source.index(after: index)...])
            default: break
            }
        }
        throw .invalidSource(source, reason: "expected [user@]host:[directory]")
    }

    /// Refuses names that could be taken for an option or change meaning where they are shown or
    /// handed to a helper program: a leading hyphen, control characters, spaces.
    private static func check(
        user: String?, host: Substring, in source: String
    ) throws(MountOptionError) {
        func isPlain(_ text: some StringProtocol, without refused: String) -> Bool {
            text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
                && !text.contains { refused.contains($0) }
        }
        let refused = "'`\";&<>|(){}"
        if host.isEmpty { throw .invalidSource(source, reason: "the host is missing") }
        if host.hasPrefix("-") || !isPlain(host, without: refused + "$\\") || host.contains("/") {
            throw .invalidSource(source, reason: "invalid host name")
        }
        // A domain may stand in it: DOMAIN\user.
        if let user,
            user.isEmpty || user.hasPrefix("-") || user.hasSuffix("\\")
                || !isPlain(user, without: refused)
        {
            throw .invalidSource(source, reason: "invalid user name")
        }
    }
}
