// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto
public import Wire

/// What would make the user's known_hosts files hold exactly the keys that a server says it has
/// (`UpdateHostKeys`).
public struct KnownHostsUpdate: Sendable {
    /// Keys of the server's that the files do not hold.
    public let new: [PublicKey]
    /// Keys in the files that the server does not have any more.
    public let obsolete: [KnownHostKey]

    /// Whether there is nothing to be changed.
    public var isEmpty: Bool { new.isEmpty && obsolete.isEmpty }
}

extension KnownHosts {
    /// Compares what was read, which should be the user's files only, with what a server says it has.
    ///
    /// - Parameters:
    ///   - shown: the server's keys.
    ///   - trusted: the key by which the server has been found to be the host.
    /// - Returns: nil where the files are not to be touched: they do not hold the trusted key for this
    ///   host with its port, or lines about it are about others too, or have markers.
    public func update(shown: [PublicKey], trusted: PublicKey) -> KnownHostsUpdate? {
        guard holds(trusted.blob), areLinesSimple else { return nil }
        let known = Set(keys.map(\.blob))
        let shownBlobs = Set(shown.map(\.blob))
        return KnownHostsUpdate(
            new: shown.filter { !known.contains($0.blob) },
            obsolete: keys.filter { !shownBlobs.contains($0.blob) })
    }

    /// A file's content with a server's keys as an update has them: obsolete lines go, what is new comes
    /// at the end, and every other line stays as it is.
    ///
    /// - Parameters:
    ///   - contents: the file as it is now.
    ///   - update: which keys are obsolete.
    ///   - address: the host's address, where keys are remembered under that, too (`CheckHostIP`).
    ///   - newLines: whole lines, as ``line(keyType:blob:address:)`` makes them.
    public func updated(
        _ contents: Bytes, by update: KnownHostsUpdate, address: KnownHostName? = nil,
        newLines: [String]
    ) -> [UInt8] {
        let names = [name, address].compactMap { $0.map { Array($0.name.utf8) } }
        let obsolete = Set(update.obsolete.map(\.blob))
        let newline = UInt8(ascii: "\n")
        var matcher = KnownHostMatcher()
        var result: [UInt8] = []
        result.reserveCapacity(contents.count)
        for (_, line) in Lines(of: contents) where !isObsolete(line, names, obsolete, &matcher) {
            result += line
            result.append(newline)
        }
        // What follows the last newline is a line only if there is something.
        if contents.isEmpty || contents.last == newline { result.removeLast() }
        for line in newLines {
            result += line.utf8
            result.append(newline)
        }
        return result
    }

    private func isObsolete(
        _ text: Bytes, _ names: [[UInt8]], _ obsolete: Set<[UInt8]>,
        _ matcher: inout KnownHostMatcher
    ) -> Bool {
        guard !obsolete.isEmpty, let line = try? KnownHostLine(text), line.marker == .none,
            KnownHostMatcher.isSimple(line.hosts), let key = try? line.key(),
            obsolete.contains(key.blob)
        else { return false }
        // A plain loop: closures cannot borrow the matcher.
        for name in names where (try? matcher.matches(line.hosts, name)) == true { return true }
        return false
    }
}
