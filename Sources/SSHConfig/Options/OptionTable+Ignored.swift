// SPDX-License-Identifier: Apache-2.0

extension OptionTable {
    /// Options that are understood and have no effect.
    static let ignored = inapplicable + givenUp

    /// What concerns shells, terminals, forwardings and local commands, and `hostbased`, which needs
    /// a privileged program of OpenSSH's.
    private static let inapplicable: [Option] = [
        .ignored("ClearAllForwardings", .c, default: "no"),
        .ignored("DynamicForward", .c),
        .ignored("EnableEscapeCommandline", .c, default: "no"),
        .ignored("EnableSSHKeysign", .c, default: "no"),
        .ignored("EscapeChar", .c, default: "~"),
        .ignored("ExitOnForwardFailure", .c, default: "no"),
        .ignored("ForkAfterAuthentication", .c, default: "no"),
        .ignored("ForwardAgent", .c, default: "no"),
        .ignored("ForwardX11", .c, default: "no"),
        .ignored("ForwardX11Timeout", .c, default: "1200"),
        .ignored("ForwardX11Trusted", .c, default: "no"),
        .ignored("GatewayPorts", .c, default: "no"),
        .ignored(
            "HostbasedAcceptedAlgorithms", aliases: ["HostbasedKeyTypes"], .c, default: "built in"),
        .ignored("LocalCommand", .c),
        .ignored("LocalForward", .c),
        .ignored("LogVerbose", .c),
        .ignored("ObscureKeystrokeTiming", .c, default: "yes"),
        .ignored("PermitLocalCommand", .c, default: "no"),
        .ignored("PermitRemoteOpen", .c, default: "any"),
        .ignored("RemoteCommand", .c),
        .ignored("RemoteForward", .c),
        .ignored("RequestTTY", .c, default: "auto"),
        .ignored("SessionType", .c, default: "default"),
        .ignored("StdinNull", .c, default: "no"),
        .ignored("StreamLocalBindMask", .c, default: "0177"),
        .ignored("StreamLocalBindUnlink", .c, default: "no"),
        .ignored("Tunnel", .c, default: "no"),
        .ignored("TunnelDevice", .c, default: "any:any"),
        .ignored("XAuthLocation", .c, default: "/usr/bin/xauth"),
    ]

    /// What OpenSSH has given up, and what Debian and macOS add to it.
    private static let givenUp: [Option] = [
        "AFSTokenPassing", "Cipher", "CompressionLevel", "FallBackToRsh", "GlobalKnownHostsFile2",
        "KerberosAuthentication", "KerberosTGTPassing", "Protocol", "RhostsAuthentication",
        "RhostsRSAAuthentication", "RSAAuthentication", "UsePrivilegedPort", "UseRoaming", "UseRsh",
        "UserKnownHostsFile2",
        "GSSAPIClientIdentity", "GSSAPIKexAlgorithms", "GSSAPIKeyExchange",
        "GSSAPIRenewalForcesRekey", "GSSAPIServerIdentity", "GSSAPITrustDns", "UseKeychain",
    ].map { .ignored($0, .d) }
}
