// SPDX-License-Identifier: Apache-2.0

/// The options that hold for connections to one host, complete with OpenSSH's defaults.
///
/// Fields have the names of ssh_config(5), where their meaning is described. Paths and names stand
/// expanded. ``SSHConfiguration/resolve(host:user:port:)`` makes it.
public struct ClientOptions: Equatable, Sendable {
    // MARK: Where to

    /// The host as the user typed it.
    public internal(set) var originalHost: String
    /// The host name or address to connect to, in lower case.
    public var hostName: String
    /// The port to connect to.
    public var port: UInt16 = 22
    /// The name to log in with.
    public var user: String
    /// Which addresses are tried.
    public var addressFamily = AddressFamily.any
    /// The local address to connect from; nil for the system's choice.
    public var bindAddress: String?
    /// The network interface whose address to connect from; nil for the system's choice.
    public var bindInterface: String?
    /// The command whose standard streams lead to the server, tokens expanded; nil for none.
    ///
    /// `-` stands for our own standard streams.
    public var proxyCommand: String?
    /// Whether ``proxyCommand`` hands over a connected descriptor instead.
    public var proxyUseFdpass = false
    /// The hosts to go through, the nearest first; empty for none.
    public var proxyJump: [JumpHost] = []
    /// How long connecting and the first key exchange may take; nil for the system's limits.
    public var connectTimeout: Duration?
    /// How often connecting is tried.
    public var connectionAttempts = 1
    /// Whether TCP itself asks after a silent peer.
    public var tcpKeepAlive = true
    /// The type-of-service bytes.
    public var ipQoS = TypeOfService(interactive: 0xB8, bulk: nil)
    /// Whether the host name is made canonical before it is used.
    public var canonicalizeHostname = CanonicalizeHostname.no
    /// The domains in which the host is looked for then.
    public var canonicalDomains: [String] = []
    /// Whether a host found in none of them is taken as it is.
    public var canonicalizeFallbackLocal = true
    /// Names with more dots are taken as they are.
    public var canonicalizeMaxDots = 1
    /// Which aliases in the DNS are followed.
    public var canonicalizePermittedCNAMEs: [CNAMERule] = []
    /// Where the socket of an ssh process lies whose connection may be shared; nil for nowhere.
    public var controlPath: String?
    /// Whether ssh would serve others at ``controlPath``.
    public var controlMaster = ControlMaster.no
    /// How long ssh would go on doing so.
    public var controlPersist = ControlPersist.no
    /// What `Match tagged` looks for.
    public var tag: String?
    /// Why no connection to the host is to be made, in the words of the configuration; nil where one
    /// is.
    public var refuseConnection: String?

    // MARK: Whom to trust

    /// The name under which known_hosts holds the host, without port; nil for its own name.
    public var hostKeyAlias: String?
    /// The user's known_hosts files; new keys go to the first one.
    ///
    /// None for `none`.
    public var userKnownHostsFiles = ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]
    /// The system's known_hosts files.
    public var globalKnownHostsFiles = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]
    /// A command that prints further known_hosts lines; nil for none.
    public var knownHostsCommand: KnownHostsCommand?
    /// A list of keys never to be trusted, as text or as a KRL; nil for none.
    public var revokedHostKeys: String?
    /// What happens with unknown and changed keys.
    public var strictHostKeyChecking = StrictHostKeyChecking.ask
    /// Whether host names are hashed in new lines of known_hosts.
    public var hashKnownHosts = false
    /// Whether the address is looked up in known_hosts as well.
    public var checkHostIP = false
    /// Whether the host key is not checked for loopback addresses.
    public var noHostAuthenticationForLocalhost = false
    /// Whether further keys that the server shows are added to known_hosts.
    public var updateHostKeys = UpdateHostKeys.yes
    /// Whether host keys in the DNS count.
    public var verifyHostKeyDNS = VerifyHostKeyDNS.no
    /// Whether a new key is also shown as a picture.
    public var visualHostKey = false
    /// The hash of fingerprints that are shown.
    public var fingerprintHash = FingerprintHash.sha256

    // MARK: Protection

    /// The ciphers.
    public var ciphers = AlgorithmSelection.unchanged(keyword: "Ciphers")
    /// The MACs, for ciphers that need one.
    public var macs = AlgorithmSelection.unchanged(keyword: "MACs")
    /// The key exchange methods.
    public var kexAlgorithms = AlgorithmSelection.unchanged(keyword: "KexAlgorithms")
    /// The signature algorithms of host keys.
    public var hostKeyAlgorithms = AlgorithmSelection.unchanged(keyword: "HostKeyAlgorithms")
    /// The signature algorithms by which authorities may sign host certificates.
    public var caSignatureAlgorithms = AlgorithmSelection.unchanged(
        keyword: "CASignatureAlgorithms")
    /// The signature algorithms of user keys.
    public var pubkeyAcceptedAlgorithms = AlgorithmSelection.unchanged(
        keyword: "PubkeyAcceptedAlgorithms")
    /// Whether compression is asked for.
    public var compression = CompressionChoice.no
    /// The smallest RSA key that is accepted, of hosts and users, in bits.
    public var requiredRSASize = 1_024
    /// When keys are renewed.
    public var rekeyLimit = RekeyLimit()
    /// Whether the user is warned of a key exchange that a quantum computer could break.
    public var warnWeakCrypto = true
    /// What follows the program's name in our identification; nil for nothing.
    public var versionAddendum: String?

    // MARK: Login

    /// The private keys to try, in order.
    public var identityFiles = IdentityFile.defaults
    /// The certificate files that go with them.
    public var certificateFiles: [String] = []
    /// Whether only keys of ``identityFiles`` are tried, even if the agent holds more.
    public var identitiesOnly = false
    /// The agent's socket; nil for no agent.
    public var identityAgent: String?
    /// Whether keys read from files are given to the agent.
    public var addKeysToAgent = AddKeysToAgent.no
    /// The PKCS#11 library that holds further keys; nil for none.
    public var pkcs11Provider: String?
    /// The library, or `internal`, that reaches FIDO authenticators; nil for none.
    public var securityKeyProvider: String? = "internal"
    /// Whether nobody is there to be asked for anything.
    public var batchMode = false
    /// The login methods in the order in which they are tried.
    public var preferredAuthentications = [
        "gssapi-with-mic", "hostbased", "publickey", "keyboard-interactive", "password",
    ]
    /// Whether `password` is tried.
    public var passwordAuthentication = true
    /// Whether `keyboard-interactive` is tried.
    public var kbdInteractiveAuthentication = true
    /// The devices that `keyboard-interactive` asks the server for; empty for its choice.
    public var kbdInteractiveDevices: [String] = []
    /// Whether `publickey` is tried, and in which form.
    public var pubkeyAuthentication = PubkeyAuthentication.yes
    /// Whether `hostbased` is asked for.
    public var hostbasedAuthentication = false
    /// Whether GSSAPI is asked for.
    public var gssapiAuthentication = false
    /// Whether GSSAPI would hand the user's credentials to the server.
    public var gssapiDelegateCredentials = false
    /// How often a password is asked for.
    public var numberOfPasswordPrompts = 3

    // MARK: Session

    /// After how long a silence the server is asked whether it is there; nil for never.
    public var serverAliveInterval: Duration?
    /// How many of these questions may stay without an answer.
    public var serverAliveCountMax = 3
    /// After how long without data channels are closed, by their type.
    public var channelTimeouts: [ChannelTimeout] = []
    /// How much is said.
    public var logLevel = LogLevel.info
    /// Where syslog files what is said to it.
    public var syslogFacility = SyslogFacility.user
    /// Patterns of the names of local variables that the server gets.
    public var sendEnv: [String] = []
    /// Variables that the server gets with these values.
    public var setEnv: [EnvironmentVariable] = []

    /// The defaults, with paths that are not expanded.
    init(host: String, user: String) {
        originalHost = host
        hostName = host
        self.user = user
    }
}

extension ClientOptions {
    /// The variables that the server is to get: those of `environment` that ``sendEnv`` names, in the
    /// order of their names, and then ``setEnv``, whose values win.
    public func variablesToSend(from environment: [String: String]) -> [EnvironmentVariable] {
        let patterns = sendEnv.map { Pattern($0) }
        let fixedNames = Set(setEnv.map(\.name))
        let sent = environment.sorted { $0.key < $1.key }.filter { variable in
            !fixedNames.contains(variable.key) && patterns.match(variable.key) == .positive
        }
        return sent.map { EnvironmentVariable(name: $0.key, value: $0.value) } + setEnv
    }
}
