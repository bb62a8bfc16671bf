// SPDX-License-Identifier: Apache-2.0

public import Wire

/// What known_hosts files say about one host.
///
/// Give it every file, the user's first, then ask. Only the lines about the host are kept.
public struct KnownHosts: KnownHostsReader {
    /// The length of the salt and of the hash (HMAC-SHA1) in a hashed host name, in bytes.
    public static let hashByteCount = 20

    /// The host.
    public let name: KnownHostName
    /// Lines that could not be understood, to be reported: they may have been meant for the host.
    public private(set) var problems: [SSHConfigError] = []

    private var named: [Entry] = []
    private var namedWithoutPort: [Entry] = []

    private let nameBytes: [UInt8]
    private let bareNameBytes: [UInt8]?

    private struct Entry: Sendable {
        let marker: KnownHostLine.Marker
        let key: KnownHostKey
        /// Whether the line is about this host alone, by its name and perhaps its address.
        let isSimple: Bool
    }

    /// Knows nothing yet.
    public init(for name: KnownHostName) {
        self.name = name
        nameBytes = Array(name.name.utf8)
        bareNameBytes = name.nameWithoutPort.map { Array($0.utf8) }
    }

    /// Adds what a file says about the host.
    ///
    /// - Parameters:
    ///   - contents: The whole file.
    ///   - file: Its path, for messages.
    /// - Throws: `limitExceeded`; then the files must not be relied on.
    public mutating func add(_ contents: Bytes, file: String) throws(SSHConfigError) {
        var file = KnownHostsFile(path: file)
        try add(contents, of: &file)
        try add([UInt8(ascii: "\n")], of: &file)
    }

    /// Adds what the next piece of a file says about the host; a newline has to follow the last one.
    ///
    /// - Throws: `limitExceeded`; then the files must not be relied on.
    public mutating func add(
        _ piece: Bytes, of file: inout KnownHostsFile
    ) throws(SSHConfigError) {
        var matcher = KnownHostMatcher()
        try file.takeLines(of: piece) { (line, file) throws(SSHConfigError) in
            guard let line else {
                note(.limitExceeded, file, "the line is too long, and is passed over")
                return
            }
            do throws(WireError) {
                try add(line, of: file, &matcher)
            } catch {
                note(.syntax, file, error.description)
            }
            guard named.count + namedWithoutPort.count <= ConfigurationLimits.knownHostsMatches
            else {
                throw SSHConfigError(
                    .limitExceeded, at: file.location,
                    "more than "
                        + "\(ConfigurationLimits.knownHostsMatches) lines are about one host")
            }
        }
    }

    private mutating func note(
        _ code: SSHConfigError.Code, _ file: borrowing KnownHostsFile, _ reason: String
    ) {
        guard problems.count < ConfigurationLimits.knownHostsProblems else { return }
        problems.append(SSHConfigError(code, at: file.location, reason))
    }

    private mutating func add(
        _ text: Bytes, of file: KnownHostsFile, _ matcher: inout KnownHostMatcher
    ) throws(WireError) {
        guard let line = try KnownHostLine(text) else { return }
        let isNamed = try matcher.matches(line.hosts, nameBytes)
        var isNamedWithoutPort = false
        if !isNamed, let bareNameBytes {
            isNamedWithoutPort =
                try line.isHashed
                ? matcher.isHash(of: bareNameBytes) : matcher.matches(line.hosts, bareNameBytes)
        }
        guard isNamed || isNamedWithoutPort else { return }
        let (type, blob) = try line.key()
        let entry = Entry(
            marker: line.marker,
            key: KnownHostKey(location: file.location, type: type, blob: blob),
            isSimple: line.marker == .none && KnownHostMatcher.isSimple(line.hosts))
        if isNamed { named.append(entry) } else { namedWithoutPort.append(entry) }
    }

    /// What the files say about a key that the host has shown, given as its blob.
    ///
    /// Lines with the port come first. A line without it can vouch for a key, but that the host has
    /// another key on its usual port says nothing.
    public func verdict(on blob: Bytes) -> HostKeyVerdict {
        if let place = revocation(of: blob) { return .revoked(place) }
        let trusted = named.filter { $0.marker == .none }
        if let entry = trusted.first(where: { $0.key.blob.elementsEqual(blob) }) {
            return .match(entry.key.location)
        }
        if let other = trusted.last { return .changed(other.key) }
        let usual = namedWithoutPort.first {
            $0.marker == .none && $0.key.blob.elementsEqual(blob)
        }
        return usual.map { .match($0.key.location) } ?? .unknown
    }

    /// What the files say about who signed a certificate of the host's key, given by its blob:
    /// ``HostKeyVerdict/match(_:)``, ``HostKeyVerdict/revoked(_:)`` or ``HostKeyVerdict/unknown``.
    public func verdict(onAuthority blob: Bytes) -> HostKeyVerdict {
        if let place = revocation(of: blob) { return .revoked(place) }
        let authority = (named + namedWithoutPort).first {
            $0.marker == .certificateAuthority && $0.key.blob.elementsEqual(blob)
        }
        return authority.map { .match($0.key.location) } ?? .unknown
    }

    /// Whether all lines are about this host alone, and none has a marker.
    var areLinesSimple: Bool { named.allSatisfy(\.isSimple) }

    /// Whether the host has the key by its whole name, port included.
    public func holds(_ blob: [UInt8]) -> Bool {
        named.contains { $0.marker == .none && $0.key.blob == blob }
    }

    private func revocation(of blob: Bytes) -> ConfigurationLocation? {
        (named + namedWithoutPort).first {
            $0.marker == .revoked && $0.key.blob.elementsEqual(blob)
        }?.key.location
    }

    /// The keys of the host, without revoked ones and certificate authorities, in the files' order.
    public var keys: [KnownHostKey] {
        let trusted = named.filter { $0.marker == .none }
        return (trusted.isEmpty ? namedWithoutPort.filter { $0.marker == .none } : trusted).map(
            \.key)
    }

    /// Whether a line names an authority that signs certificates of the host's keys.
    public var hasCertificateAuthority: Bool {
        (named + namedWithoutPort).contains { $0.marker == .certificateAuthority }
    }
}
