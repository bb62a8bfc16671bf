// SPDX-License-Identifier: Apache-2.0

/// The options that hold for connections to one host, complete with OpenSSH's defaults.
///
/// Fields have the names of ssh_config(5), where their meaning is described. Paths and names stand
/// expanded. ``SSHConfiguration/resolve(host:user:port:)`` makes it.
public struct ClientOptions: Equatable, Sendable {
    // MARK: Where to

    /// The host as the user typed it.
    public var originalHost: String
    /// The host name or address to connect to, in lower case.
    public var hostName: String
    /// The port to connect to.
    public var port: UInt16
    /// The name to log in with.
    public var user: String
    /// Which addresses are tried.
    public var addressFamily: AddressFamily
    /// The local address to connect from; nil for the system's choice.
    public var bindAddress: String?
    /// How long connecting and the first key exchange may take; nil for the system's limits.
    public var connectTimeout: Duration?
    /// How often connecting is tried.
    public var connectionAttempts: Int
    /// Whether TCP itself asks after a silent peer.
    public var tcpKeepAlive: Bool
    /// The type-of-service bytes.
    public var ipQoS: TypeOfService

    // MARK: Whom to trust

    /// The name under which known_hosts holds the host, without port; nil for its own name.
    public var hostKeyAlias: String?
    /// The user's known_hosts files; new keys go to the first one.
    ///
    /// None for `none`.
    public var userKnownHostsFiles: [String]
    /// The system's known_hosts files.
    public var globalKnownHostsFiles: [String]
    /// What happens with unknown and changed keys.
    public var strictHostKeyChecking: StrictHostKeyChecking
    /// Whether host names are hashed in new lines of known_hosts.
    public var hashKnownHosts: Bool
    /// Whether the address is looked up in known_hosts as well.
    public var checkHostIP: Bool
    /// Whether the host key is not checked for loopback addresses.
    public var noHostAuthenticationForLocalhost: Bool
    /// Whether further keys that the server shows are added to known_hosts.
    public var updateHostKeys: UpdateHostKeys

    // MARK: Protection

    /// The ciphers.
    public var ciphers: AlgorithmSelection
    /// The MACs, for ciphers that need one.
    public var macs: AlgorithmSelection
    /// The key exchange methods.
    public var kexAlgorithms: AlgorithmSelection
    /// The signature algorithms of host keys.
    public var hostKeyAlgorithms: AlgorithmSelection
    /// The signature algorithms of user keys.
    public var pubkeyAcceptedAlgorithms: AlgorithmSelection
    /// Whether compression is asked for.
    public var compression: Bool
    /// The smallest RSA key that is accepted, of hosts and users, in bits.
    public var requiredRSASize: Int
    /// When keys are renewed.
    public var rekeyLimit: RekeyLimit

    // MARK: Login

    /// The private keys to try, in order.
    public var identityFiles: [IdentityFile]
    /// The certificate files that go with them.
    public var certificateFiles: [String]
    /// Whether only keys of ``identityFiles`` are tried, even if the agent holds more.
    public var identitiesOnly: Bool
    /// The agent's socket; nil for no agent.
    public var identityAgent: String?
    /// Whether nobody is there to be asked for anything.
    public var batchMode: Bool
    /// The login methods in the order in which they are tried.
    public var preferredAuthentications: [String]
    /// Whether `password` is tried.
    public var passwordAuthentication: Bool
    /// Whether `keyboard-interactive` is tried.
    public var kbdInteractiveAuthentication: Bool
    /// Whether `publickey` is tried.
    public var pubkeyAuthentication: Bool
    /// How often a password is asked for.
    public var numberOfPasswordPrompts: Int

    // MARK: Session

    /// After how long a silence the server is asked whether it is there; nil for never.
    public var serverAliveInterval: Duration?
    /// How many of these questions may stay without an answer.
    public var serverAliveCountMax: Int
    /// How much is said.
    public var logLevel: LogLevel
    /// Patterns of the names of local variables that the server gets.
    public var sendEnv: [String]
    /// Variables that the server gets with these values.
    public var setEnv: [EnvironmentVariable]
}

extension ClientOptions {
    /// The variables that the server is to get: those of `environment` that ``sendEnv`` names, in the
    /// order of their names, and then ``setEnv``, whose values win.
    public func variablesToSend(from environment: [String: String]) -> [EnvironmentVariable] {
        let patterns = sendEnv.map { Pattern($0.utf8) }
        let fixedNames = Set(setEnv.map(\.name))
        let sent = environment.sorted { $0.key < $1.key }.filter { variable in
            !fixedNames.contains(variable.key) && patterns.match(variable.key) == .positive
        }
        return sent.map { EnvironmentVariable(name: $0.key, value: $0.value) } + setEnv
    }
}
