// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto

/// What a server connection is to do.
public struct SSHServerConfiguration: Sendable {
    /// The server's keys, at most one of each type.
    public var hostKeys: [PrivateKey]
    /// What is offered to clients; host key algorithms without a key are left out.
    public var algorithms: AlgorithmPreferences
    /// How users are let in.
    public var authentication: ServerAuthenticationParameters
    /// ML-KEM for the hybrid key exchange, which is not offered without it.
    public var mlkem: MLKEM768?
    /// When new keys are made.
    public var rekey: RekeyLimits
    /// What is offered for each channel.
    public var channels: ChannelParameters
    /// How many sessions a client may have at a time: OpenSSH's `MaxSessions`.
    public var maximumSessions: Int
    /// What follows "SSH-2.0-" in the identification, as of ``SSHClientConfiguration/software``.
    public var software: String
    /// What stands behind it, as of ``SSHClientConfiguration/comments``.
    public var comments: String?

    /// A configuration with defaults.
    ///
    /// - Precondition: there is a host key for one of the algorithms.
    public init(
        hostKeys: [PrivateKey], algorithms: AlgorithmPreferences = AlgorithmPreferences(),
        authentication: ServerAuthenticationParameters = ServerAuthenticationParameters(),
        mlkem: MLKEM768? = nil,
        rekey: RekeyLimits = RekeyLimits(), channels: ChannelParameters = ChannelParameters(),
        maximumSessions: Int = 10, software: String = "Hawser", comments: String? = nil
    ) {
        self.hostKeys = hostKeys
        self.algorithms = algorithms
        self.authentication = authentication
        self.mlkem = mlkem
        self.rekey = rekey
        self.channels = channels
        self.maximumSessions = maximumSessions
        self.software = software
        self.comments = comments
    }

    /// The algorithms for which there is a host key.
    var offeredAlgorithms: AlgorithmPreferences {
        var offered = algorithms
        offered.hostKey.removeAll { algorithm in
            // Certificates of its own are not given to a server here.
            algorithm.isCertificate
                || !hostKeys.contains { $0.publicKey.type == algorithm.signature.keyType }
        }
        precondition(!offered.hostKey.isEmpty, "a server without a host key for its algorithms")
        return offered
    }
}
