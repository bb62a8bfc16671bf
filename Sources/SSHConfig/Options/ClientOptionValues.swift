// SPDX-License-Identifier: Apache-2.0

/// Whether compression is asked for (`Compression`).
public enum CompressionChoice: Equatable, Sendable {
    /// Only where the server insists.
    case no
    /// Always, in both directions.
    case yes
    /// As far as measurement shows that it helps: nothing that can be written in a file.
    case measured
}

/// Which addresses of a host are tried.
public enum AddressFamily: Equatable, Sendable {
    /// All of them.
    case any
    /// IPv4 only.
    case inet
    /// IPv6 only.
    case inet6
}

/// What happens with a host key that known_hosts does not hold.
public enum StrictHostKeyChecking: Equatable, Sendable {
    /// An unknown key is shown and accepted only when the user says so; a changed one is refused.
    case ask
    /// Unknown and changed keys are refused.
    case yes
    /// An unknown key is added without asking; a changed one is refused.
    case acceptNew
    /// An unknown key is added without asking; with a changed one the connection goes on, but
    /// without passwords.
    case no
}

/// Whether further host keys that a server shows after login are added to known_hosts.
public enum UpdateHostKeys: Equatable, Sendable {
    /// They are added.
    case yes
    /// They are ignored.
    case no
    /// They are added when the user says so.
    case ask
}

/// How much is said: each level includes those before it.
public enum LogLevel: Int, Comparable, Sendable {
    /// Nothing.
    case quiet
    /// Only why the program ends.
    case fatal
    /// Errors.
    case error
    /// What a user wants to know.
    case info
    /// What an administrator may want to know.
    case verbose
    /// For looking into a problem.
    case debug1
    /// More of it.
    case debug2
    /// All of it.
    case debug3

    /// Whether `left` says less than `right`.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// When keys are renewed, where that is earlier than the protocol demands (`RekeyLimit`).
public struct RekeyLimit: Equatable, Sendable {
    /// Bytes in one direction; nil leaves it to the cipher's own limit.
    public var bytes: UInt64?
    /// Time since the last renewal; nil for no such limit.
    public var interval: Duration?

    /// Sets the limits.
    public init(bytes: UInt64? = nil, interval: Duration? = nil) {
        self.bytes = bytes
        self.interval = interval
    }
}

/// The IP type-of-service byte (IPv6 traffic class) of packets; nil leaves the system's.
public struct TypeOfService: Equatable, Sendable {
    /// Until the login is done, and where latency counts.
    public var interactive: UInt8?
    /// For bulk data.
    public var bulk: UInt8?

    /// Sets the two bytes.
    public init(interactive: UInt8? = nil, bulk: UInt8? = nil) {
        self.interactive = interactive
        self.bulk = bulk
    }
}

/// An environment variable for the server's side.
public struct EnvironmentVariable: Equatable, Sendable {
    /// The name, without `=`.
    public var name: String
    /// The value.
    public var value: String

    /// Names a variable.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A private key file to try.
public struct IdentityFile: Equatable, Sendable {
    /// The path, expanded.
    public var path: String
    /// Whether the path is one of the defaults: then nobody expects the file to be there.
    public var isDefault: Bool

    /// Names a key file.
    public init(path: String, isDefault: Bool = false) {
        self.path = path
        self.isDefault = isDefault
    }

    /// The files that are tried where the configuration names none.
    static let defaults = [
        "id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_mldsa44_ed25519",
    ].map { IdentityFile(path: "~/.ssh/\($0)", isDefault: true) }
}
