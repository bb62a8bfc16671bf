// SPDX-License-Identifier: Apache-2.0

/// Every option of ssh_config(5): the one place where an option is added.
enum OptionTable {
    /// All options, in the order in which they are printed.
    static let all =
        names + connection + canonicalNames + sharing + hostKeys + algorithms + authentication
        + session + ignored

    /// The options by keyword and alias, in lower case.
    static let byName: [String: Option] = {
        var table: [String: Option] = [:]
        for option in all {
            for name in [option.keyword] + option.aliases {
                let previous = table.updateValue(option, forKey: name.lowercased())
                precondition(previous == nil, "two options are called \(name)")
            }
        }
        return table
    }()

    /// Where a connection goes.
    private static let connection: [Option] = [
        .first("Port", .a, \.port, .port),
        .first(
            "AddressFamily", .a, \.addressFamily,
            .choice([("any", .any), ("inet", .inet), ("inet6", .inet6)])),
        .first("BindAddress", .a, \.bindAddress, .word),
        .first("BindInterface", .b, \.bindInterface, .word),
        proxyCommand,
        .first("ProxyUseFdpass", .b, \.proxyUseFdpass, .flag),
        proxyJump,
        .first("ConnectTimeout", .a, \.connectTimeout, .time(zero: "none")),
        .first("ConnectionAttempts", .a, \.connectionAttempts, .number(1...1_000_000)),
        .first("TCPKeepAlive", aliases: ["KeepAlive"], .a, \.tcpKeepAlive, .flag),
        .first("IPQoS", .b, \.ipQoS, .typeOfService),
        .first("RefuseConnection", .a, \.refuseConnection, .commandOrNone),
    ]

    /// How a host's name becomes canonical.
    private static let canonicalNames: [Option] = [
        .first(
            "CanonicalizeHostname", .b, \.canonicalizeHostname,
            .choice([
                ("true", .yes), ("false", .no), ("yes", .yes), ("no", .no), ("always", .always),
            ])),
        .first("CanonicalDomains", .b, \.canonicalDomains, .domains),
        .first("CanonicalizeFallbackLocal", .b, \.canonicalizeFallbackLocal, .flag),
        .first("CanonicalizeMaxDots", .b, \.canonicalizeMaxDots, .number(0...1_000)),
        .first("CanonicalizePermittedCNAMEs", .b, \.canonicalizePermittedCNAMEs, .nameRules),
    ]

    /// Whether a connection of an ssh process is used.
    private static let sharing: [Option] = [
        .path("ControlPath", .b, \.controlPath, printsExpanded: true),
        .first(
            "ControlMaster", .b, \.controlMaster,
            .choice([
                ("true", .yes), ("yes", .yes), ("false", .no), ("no", .no), ("auto", .auto),
                ("ask", .ask), ("autoask", .autoask),
            ])),
        .first("ControlPersist", .b, \.controlPersist, .controlPersist),
    ]

    /// Which host keys are trusted.
    private static let hostKeys: [Option] = [
        .first(
            "HostKeyAlias", .a, \.hostKeyAlias, .word, printsExpanded: true,
            expander: { options, _, _ in
                options.hostKeyAlias = options.hostKeyAlias?.lowercased()
            }),
        .first(
            "UserKnownHostsFile", .a, \.userKnownHostsFiles, .files, printsExpanded: true,
            expander: expandPaths(\.userKnownHostsFiles)),
        .first(
            "GlobalKnownHostsFile", .a, \.globalKnownHostsFiles, .files,
            expander: expandHomes(\.globalKnownHostsFiles)),
        .first(
            "KnownHostsCommand", .b, \.knownHostsCommand, .knownHostsCommand,
            expander: { options, expansion, _ throws(SSHConfigError) in
                try options.knownHostsCommand?.expand(expansion)
            }),
        .path("RevokedHostKeys", .a, \.revokedHostKeys),
        .first(
            "StrictHostKeyChecking", .a, \.strictHostKeyChecking,
            .choice([
                ("true", .yes), ("false", .no), ("yes", .yes), ("no", .no), ("ask", .ask),
                ("off", .no), ("accept-new", .acceptNew),
            ])),
        .first("HashKnownHosts", .a, \.hashKnownHosts, .flag),
        .first("CheckHostIP", .b, \.checkHostIP, .flag),
        .first(
            "NoHostAuthenticationForLocalhost", .a, \.noHostAuthenticationForLocalhost, .flag),
        .first(
            "UpdateHostKeys", .b, \.updateHostKeys,
            .choice([
                ("true", .yes), ("false", .no), ("yes", .yes), ("no", .no), ("ask", .ask),
            ]), printsExpanded: true),
        .first(
            "VerifyHostKeyDNS", .b, \.verifyHostKeyDNS,
            .choice([
                ("true", .yes), ("false", .no), ("yes", .yes), ("no", .no), ("ask", .ask),
            ])),
        .first("VisualHostKey", .b, \.visualHostKey, .flag),
        .first(
            "FingerprintHash", .b, \.fingerprintHash,
            .choice([("SHA256", .sha256), ("MD5", .md5)])),
    ]

    /// How the connection is protected.
    private static let algorithms: [Option] = [
        .algorithms("Ciphers", .a, \.ciphers),
        .algorithms("MACs", .a, \.macs),
        .algorithms("KexAlgorithms", .a, \.kexAlgorithms),
        .algorithms("HostKeyAlgorithms", .a, \.hostKeyAlgorithms),
        .algorithms("CASignatureAlgorithms", .a, \.caSignatureAlgorithms),
        .algorithms(
            "PubkeyAcceptedAlgorithms", aliases: ["PubkeyAcceptedKeyTypes"], .a,
            \.pubkeyAcceptedAlgorithms),
        .first("Compression", .a, \.compression, .choice([("yes", .yes), ("no", .no)])),
        .first("RequiredRSASize", .a, \.requiredRSASize, .number(0...16_384)),
        .first("RekeyLimit", .a, \.rekeyLimit, .rekeyLimit, defaultText: "default none"),
        .first(
            "WarnWeakCrypto", .b, \.warnWeakCrypto,
            .choice([
                ("yes", true), ("true", true), ("no", false), ("false", false),
                ("no-pq-kex", false),
            ])),
        .path("VersionAddendum", .b, \.versionAddendum),
    ]

    /// How the user logs in.
    private static let authentication: [Option] = [
        .every(
            "IdentityFile", aliases: ["IdentityFile2"], .a, \.identityFiles, .identity,
            expander: expandIdentityFiles),
        .every(
            "CertificateFile", .a, \.certificateFiles, .word,
            expander: expandPaths(\.certificateFiles)),
        .first("IdentitiesOnly", .a, \.identitiesOnly, .flag),
        identityAgent,
        .first("AddKeysToAgent", .b, \.addKeysToAgent, .addKeysToAgent),
        .first(
            "PKCS11Provider", aliases: ["SmartcardDevice"], .b, \.pkcs11Provider, .wordOrNone),
        .first(
            "SecurityKeyProvider", .b, \.securityKeyProvider, .wordOrNone,
            expander: expandSecurityKeyProvider),
        .first("BatchMode", .a, \.batchMode, .flag),
        .first(
            "PreferredAuthentications", .a, \.preferredAuthentications, .nameList,
            printsDefault: false),
        .first("PasswordAuthentication", .a, \.passwordAuthentication, .flag),
        .first(
            "KbdInteractiveAuthentication",
            aliases: [
                "ChallengeResponseAuthentication", "SkeyAuthentication", "TISAuthentication",
            ], .a, \.kbdInteractiveAuthentication, .flag),
        .first(
            "KbdInteractiveDevices", .b, \.kbdInteractiveDevices, .nameList, printsDefault: false),
        .first(
            "PubkeyAuthentication", aliases: ["DSAAuthentication"], .a, \.pubkeyAuthentication,
            .choice([
                ("true", .yes), ("false", .no), ("yes", .yes), ("no", .no), ("unbound", .unbound),
                ("host-bound", .hostBound),
            ])),
        .first("HostbasedAuthentication", .c, \.hostbasedAuthentication, .flag),
        .first("GSSAPIAuthentication", .b, \.gssapiAuthentication, .flag),
        .first("GSSAPIDelegateCredentials", .c, \.gssapiDelegateCredentials, .flag),
        .first("NumberOfPasswordPrompts", .a, \.numberOfPasswordPrompts, .number(0...1_000)),
    ]

    /// What happens while the connection lasts.
    private static let session: [Option] = [
        .first("ServerAliveInterval", .a, \.serverAliveInterval, .time(zero: "0")),
        .first("ServerAliveCountMax", .a, \.serverAliveCountMax, .number(0...1_000_000)),
        .first("ChannelTimeout", .b, \.channelTimeouts, .channelTimeouts),
        .first(
            "LogLevel", .b, \.logLevel,
            .choice([
                ("SILENT", .quiet), ("QUIET", .quiet), ("FATAL", .fatal), ("ERROR", .error),
                ("INFO", .info),
                ("VERBOSE", .verbose), ("DEBUG", .debug1), ("DEBUG1", .debug1),
                ("DEBUG2", .debug2), ("DEBUG3", .debug3),
            ])),
        .first(
            "SyslogFacility", .b, \.syslogFacility,
            .choice(SyslogFacility.allCases.map { ($0.rawValue.uppercased(), $0) })),
        sendEnv,
        setEnv,
    ]
}
