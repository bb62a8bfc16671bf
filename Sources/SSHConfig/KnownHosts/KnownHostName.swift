// SPDX-License-Identifier: Apache-2.0

/// The name under which known_hosts holds a host.
public struct KnownHostName: Equatable, Hashable, Sendable {
    /// What is looked for and written: `host`, `[host]:port`, or an alias.
    public let name: String
    /// What is looked for where nothing has ``name``: the host without its port, whose key a line
    /// without a port vouches for on every port; nil where ``name`` has no port.
    public let nameWithoutPort: String?
    /// Whether a line with the name can be written: with these characters it would be read as
    /// something else, a pattern for instance.
    public let canBeWritten: Bool

    /// The name for a host.
    ///
    /// - Parameters:
    ///   - host: A host name or address.
    ///   - port: The port to connect to; 22 is not mentioned in names.
    ///   - alias: `HostKeyAlias`, which stands for host and port.
    public init(host: String, port: UInt16, alias: String? = nil) {
        let host = host.lowercased()
        let bare = alias?.lowercased() ?? host
        if alias != nil || port == 22 {
            name = bare
            nameWithoutPort = nil
        } else {
            name = "[\(host)]:\(port)"
            nameWithoutPort = host
        }
        canBeWritten =
            !bare.isEmpty
            && bare.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !Self.specialBytes.contains($0) }
    }

    /// What OpenSSH keeps out of the file too, and the comma between names and `!` at their start.
    private static let specialBytes = Set("@?*#[]|'\"\\,!".utf8)
}
