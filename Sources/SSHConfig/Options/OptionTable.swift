// SPDX-License-Identifier: Apache-2.0

/// Every option of ssh_config(5): the one place where an option is added.
enum OptionTable {
    /// The options by keyword and alias, in lower case.
    static let options: [String: Option] = {
        var table: [String: Option] = [:]
        for option in honoured + refused + ignored {
            for name in [option.keyword] + option.aliases {
                let previous = table.updateValue(option, forKey: name.lowercased())
                precondition(previous == nil, "two options are called \(name)")
            }
        }
        return table
    }()

    /// Options with an effect.
    private static let honoured = connection + hostKeys + algorithms + authentication + session

    /// Where a connection goes, and how.
    private static let connection: [Option] = [
        .first("HostName", \.hostName, ValueParsers.text),
        .first("User", \.user, ValueParsers.text),
        .first("Port", \.port, ValueParsers.number(1...UInt16.max)),
        .first(
            "AddressFamily", \.addressFamily,
            ValueParsers.choice(["any": .any, "inet": .inet, "inet6": .inet6])),
        .first("BindAddress", \.bindAddress, ValueParsers.text),
        .first("ConnectTimeout", \.connectTimeout, ValueParsers.time),
        .first("ConnectionAttempts", \.connectionAttempts, ValueParsers.number(1...1_000_000)),
        .first("TCPKeepAlive", \.tcpKeepAlive, aliases: ["KeepAlive"], ValueParsers.flag),
        .first("IPQoS", \.ipQoS, ValueParsers.typeOfService),
    ]

    /// Which host keys are trusted.
    private static let hostKeys: [Option] = [
        .first("HostKeyAlias", \.hostKeyAlias, ValueParsers.text),
        .first("UserKnownHostsFile", \.userKnownHostsFiles, ValueParsers.files),
        .first("GlobalKnownHostsFile", \.globalKnownHostsFiles, ValueParsers.files),
        .first(
            "StrictHostKeyChecking", \.strictHostKeyChecking,
            ValueParsers.choice([
                "ask": .ask, "yes": .yes, "true": .yes, "accept-new": .acceptNew, "no": .no,
                "off": .no, "false": .no,
            ])),
        .first("HashKnownHosts", \.hashKnownHosts, ValueParsers.flag),
        .first("CheckHostIP", \.checkHostIP, ValueParsers.flag),
        .first(
            "NoHostAuthenticationForLocalhost", \.noHostAuthenticationForLocalhost,
            ValueParsers.flag),
        .first(
            "UpdateHostKeys", \.updateHostKeys,
            ValueParsers.choice(["yes": .yes, "true": .yes, "no": .no, "false": .no, "ask": .ask])),
    ]

    /// How the connection is protected.
    private static let algorithms: [Option] = [
        .first("Ciphers", \.ciphers, ValueParsers.algorithms),
        .first("MACs", \.macs, ValueParsers.algorithms),
        .first("KexAlgorithms", \.kexAlgorithms, ValueParsers.algorithms),
        .first("HostKeyAlgorithms", \.hostKeyAlgorithms, ValueParsers.algorithms),
        .first(
            "PubkeyAcceptedAlgorithms", \.pubkeyAcceptedAlgorithms,
            aliases: ["PubkeyAcceptedKeyTypes"], ValueParsers.algorithms),
        .first("Compression", \.compression, ValueParsers.choice(["yes": true, "no": false])),
        .first("RequiredRSASize", \.requiredRSASize, ValueParsers.number(0...16_384)),
        .first("RekeyLimit", \.rekeyLimit, ValueParsers.rekeyLimit),
    ]

    /// How the user logs in.
    private static let authentication: [Option] = [
        .every("IdentityFile", \.identityFiles, aliases: ["IdentityFile2"], ValueParsers.text),
        .every("CertificateFile", \.certificateFiles, ValueParsers.text),
        .first("IdentitiesOnly", \.identitiesOnly, ValueParsers.flag),
        .first("IdentityAgent", \.identityAgent, ValueParsers.text),
        .first("BatchMode", \.batchMode, ValueParsers.flag),
        .first("PreferredAuthentications", \.preferredAuthentications, ValueParsers.nameList),
        .first("PasswordAuthentication", \.passwordAuthentication, ValueParsers.flag),
        .first(
            "KbdInteractiveAuthentication", \.kbdInteractiveAuthentication,
            aliases: [
                "ChallengeResponseAuthentication", "SkeyAuthentication", "TISAuthentication",
            ], ValueParsers.flag),
        .first(
            "PubkeyAuthentication", \.pubkeyAuthentication, aliases: ["DSAAuthentication"],
            // Which of publickey's two forms is used is not for the configuration to say here.
            ValueParsers.choice([
                "yes": true, "true": true, "no": false, "false": false, "unbound": true,
                "host-bound": true,
            ])),
        .first(
            "NumberOfPasswordPrompts", \.numberOfPasswordPrompts, ValueParsers.number(0...1_000)),
    ]

    /// What happens while the connection lasts.
    private static let session: [Option] = [
        .first("ServerAliveInterval", \.serverAliveInterval, ValueParsers.time),
        .first("ServerAliveCountMax", \.serverAliveCountMax, ValueParsers.number(0...1_000_000)),
        .first(
            "LogLevel", \.logLevel,
            ValueParsers.choice([
                "quiet": .quiet, "fatal": .fatal, "error": .error, "info": .info,
                "verbose": .verbose, "debug": .debug1, "debug1": .debug1, "debug2": .debug2,
                "debug3": .debug3,
            ])),
        .custom("SendEnv", ValueParsers.sendEnv),
        .first("SetEnv", \.setEnv, ValueParsers.setEnv),
        .first("IgnoreUnknown", \.ignoredUnknown, ValueParsers.keywordPatterns),
    ]

    /// Options that decide where a connection goes or whom it trusts, and that we do not have.
    private static let refused: [Option] = [
        .refused(
            "ProxyCommand", decides: "proxy", exceptFor: ["none"], "proxies are not supported"),
        .refused(
            "ProxyJump", decides: "proxy", exceptFor: ["none"], "jump hosts are not supported"),
        .refused("BindInterface", "binding to an interface is not supported; use BindAddress"),
        .refused(
            "CanonicalizeHostname", exceptFor: ["no", "false"],
            "canonical host names are not supported"),
        .refused(
            "KnownHostsCommand", exceptFor: ["none"], "known_hosts from a command are not supported"
        ),
        .refused(
            "RevokedHostKeys", exceptFor: ["none"],
            "lists of revoked keys are not supported; use @revoked lines in known_hosts"),
        .refused("RefuseConnection", "the configuration refuses connections to this host"),
    ]

    /// Options without which a mount is the same, or no less safe: what concerns shells, terminals
    /// and forwardings; ways to log in that can only fail to help; conveniences; and what OpenSSH
    /// itself has given up or distributions add.
    ///
    /// `VerifyHostKeyDNS` is here because without it a key is asked about once more than needed, and
    /// the certificate options because certificates are not accepted at all.
    private static let ignored: [Option] = [
        "AddKeysToAgent", "CanonicalDomains", "CanonicalizeFallbackLocal", "CanonicalizeMaxDots",
        "CanonicalizePermittedCNAMEs", "CASignatureAlgorithms", "ChannelTimeout",
        "ClearAllForwardings", "ControlMaster", "ControlPath", "ControlPersist", "DynamicForward",
        "EnableEscapeCommandline", "EnableSSHKeysign", "EscapeChar", "ExitOnForwardFailure",
        "FingerprintHash", "ForkAfterAuthentication", "ForwardAgent", "ForwardX11",
        "ForwardX11Timeout", "ForwardX11Trusted", "GatewayPorts", "GSSAPIAuthentication",
        "GSSAPIDelegateCredentials", "HostbasedAcceptedAlgorithms", "HostbasedAuthentication",
        "HostbasedKeyTypes", "KbdInteractiveDevices", "LocalCommand", "LocalForward", "LogVerbose",
        "ObscureKeystrokeTiming", "PermitLocalCommand", "PermitRemoteOpen", "PKCS11Provider",
        "ProxyUseFdpass", "RemoteCommand", "RemoteForward", "RequestTTY", "SecurityKeyProvider",
        "SessionType", "SmartcardDevice", "StdinNull", "StreamLocalBindMask",
        "StreamLocalBindUnlink", "SyslogFacility", "Tag", "Tunnel", "TunnelDevice",
        "VerifyHostKeyDNS", "VersionAddendum", "VisualHostKey", "WarnWeakCrypto", "XAuthLocation",
        // Given up by OpenSSH, which passes over them too.
        "AFSTokenPassing", "Cipher", "CompressionLevel", "FallBackToRsh", "GlobalKnownHostsFile2",
        "KerberosAuthentication", "KerberosTGTPassing", "Protocol", "RhostsAuthentication",
        "RhostsRSAAuthentication", "RSAAuthentication", "UsePrivilegedPort", "UseRoaming", "UseRsh",
        "UserKnownHostsFile2",
        // Of Debian and macOS.
        "GSSAPIClientIdentity", "GSSAPIKexAlgorithms", "GSSAPIKeyExchange",
        "GSSAPIRenewalForcesRekey", "GSSAPIServerIdentity", "GSSAPITrustDns", "UseKeychain",
    ].map(Option.ignored)
}
