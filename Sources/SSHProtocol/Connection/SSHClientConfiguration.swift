// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto

/// What a client connection is to do.
public struct SSHClientConfiguration: Sendable {
    /// The user's name on the server.
    public var user: String
    /// What is offered to the server.
    public var algorithms: AlgorithmPreferences
    /// ML-KEM for the hybrid key exchange, which is not offered without it.
    public var mlkem: MLKEM768?
    /// When new keys are made.
    public var rekey: RekeyLimits
    /// What is offered for each channel.
    public var channels: ChannelParameters
    /// Whether user keys sign for this server only, where it can check that
    /// (`publickey-hostbound-v00@openssh.com`).
    public var bindsKeysToHost = true
    /// What follows "SSH-2.0-" in the identification: printable US-ASCII without spaces and minus
    /// signs, at most 40 characters.
    public var software: String
    /// What follows that behind a space; nil for nothing.
    ///
    /// ``canStand(inIdentification:)`` says what may.
    public var comments: String?

    /// A configuration with defaults.
    public init(
        user: String, algorithms: AlgorithmPreferences = AlgorithmPreferences(),
        mlkem: MLKEM768? = nil,
        rekey: RekeyLimits = RekeyLimits(), channels: ChannelParameters = ChannelParameters(),
        software: String = "Hawser"
    ) {
        self.user = user
        self.algorithms = algorithms
        self.mlkem = mlkem
        self.rekey = rekey
        self.channels = channels
        self.software = software
    }

    /// Whether a text can be the ``comments``: printable US-ASCII that leaves the line within 255
    /// characters (RFC 4253 section 4.2).
    public static func canStand(inIdentification comments: String) -> Bool {
        let characters = comments.utf8
        return !characters.isEmpty && characters.count <= SSHLimits.identificationComments
            && characters.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }
}

/// The identification line for a software's name, and what is said beside it (RFC 4253 section 4.2).
func identification(software: String, comments: String? = nil) -> String {
    precondition(
        !software.isEmpty && software.utf8.count <= SSHLimits.softwareVersion
            && software.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "-") },
        "not a software version")
    guard let comments else { return "SSH-2.0-" + software }
    precondition(
        SSHClientConfiguration.canStand(inIdentification: comments), "not for an identification")
    return "SSH-2.0-\(software) \(comments)"
}
