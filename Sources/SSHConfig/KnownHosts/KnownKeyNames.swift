// SPDX-License-Identifier: Apache-2.0

public import Wire

/// The names under which known_hosts files hold keys beside those of a host: what a user who is asked
/// about an unknown host should know.
public struct KnownKeyNames: KnownHostsReader {
    /// How many names are listed, as in OpenSSH.
    public static let mostListed = 8

    /// One line with such a key.
    public struct Entry: Equatable, Sendable {
        /// Where it stands.
        public let location: ConfigurationLocation
        /// The names as they are written; nil for a hashed one.
        public let names: String?
    }

    /// The first lines with a key, at most ``mostListed``.
    public private(set) var entries: [Entry] = []
    /// How many lines there are in all.
    public private(set) var count = 0

    /// The keys as lines have them, so that those of others need not be decoded.
    private let texts: [[UInt8]]
    private let hostNames: [[UInt8]]

    /// Knows no name yet.
    ///
    /// - Parameters:
    ///   - keys: the keys' blobs.
    ///   - hosts: the names that are not wanted.
    public init(of keys: [[UInt8]], besides hosts: [KnownHostName]) {
        texts = keys.map { Array(Base64.encode($0).utf8) }
        hostNames = hosts.map { Array($0.name.utf8) }
    }

    /// Adds the names in the next piece of a file; a newline has to follow the last one.
    ///
    /// - Throws: `limitExceeded`.
    public mutating func add(
        _ piece: Bytes, of file: inout KnownHostsFile
    ) throws(SSHConfigError) {
        var matcher = KnownHostMatcher()
        try file.takeLines(of: piece) { (text, file) throws(SSHConfigError) in
            guard let text, let line = try? KnownHostLine(text), line.marker == .none,
                texts.contains(where: line.hasKey(writtenAs:)), !isAboutHost(line, &matcher)
            else { return }
            count += 1
            guard entries.count < Self.mostListed else { return }
            let names = line.isHashed ? nil : String(decoding: line.hosts, as: UTF8.self)
            entries.append(Entry(location: file.location, names: names))
        }
    }

    private func isAboutHost(
        _ line: KnownHostLine, _ matcher: inout KnownHostMatcher
    ) -> Bool {
        // A plain loop: closures cannot borrow the matcher.
        for name in hostNames where (try? matcher.matches(line.hosts, name)) ?? true {
            return true
        }
        return false
    }
}
