// SPDX-License-Identifier: Apache-2.0

/// A host to go through on the way to another (`ProxyJump`).
public struct JumpHost: Equatable, Sendable {
    /// The name to log in with there; nil where that host's own configuration decides.
    public var user: String?
    /// The host as written, to be looked up in the configuration in its turn.
    public var host: String
    /// The port; nil where that host's own configuration decides.
    public var port: UInt16?

    /// Names a host to go through.
    public init(user: String? = nil, host: String, port: UInt16? = nil) {
        self.user = user
        self.host = host
        self.port = port
    }
}

/// Whether host names are made canonical.
public enum CanonicalizeHostname: Equatable, Sendable {
    /// They are not.
    case no
    /// They are, for connections that go through no proxy.
    case yes
    /// They are.
    case always
}

/// Which aliases in the DNS are followed (`CanonicalizePermittedCNAMEs`).
public struct CNAMERule: Equatable, Sendable {
    /// Patterns of the names that may be aliases, with commas between.
    public var sources: String
    /// Patterns of the names that they may stand for.
    public var targets: String

    /// Allows some aliases.
    public init(sources: String, targets: String) {
        self.sources = sources
        self.targets = targets
    }
}

/// Whether ssh would share a connection that it makes.
///
/// We never do; but all values say that a connection shared by an ssh may be used.
public enum ControlMaster: Equatable, Sendable {
    /// It would not.
    case no
    /// It would.
    case yes
    /// It would, and ask before each use.
    case ask
    /// It would, unless there is one already.
    case auto
    /// Both of the last two.
    case autoask
}

/// How long ssh would go on sharing a connection after its own session.
public enum ControlPersist: Equatable, Sendable {
    /// It would not.
    case no
    /// Without end.
    case yes
    /// For so long after the last use.
    case idle(Duration)
}

/// After how long without data the channels of one type are closed.
public struct ChannelTimeout: Equatable, Sendable {
    /// A pattern of types, such as `session:subsystem:sftp`; `global` for all channels together.
    public var type: String
    /// The time; zero for never.
    public var interval: Duration

    /// Limits a type of channels.
    public init(type: String, interval: Duration) {
        self.type = type
        self.interval = interval
    }
}
