// SPDX-License-Identifier: Apache-2.0

public import LocalFiles
public import SFTPServer
public import SSHProtocol

/// What a server does for each of its clients.
public struct ServerSettings: Sendable {
    /// The SSH side: host keys, algorithms, limits.
    public var ssh: SSHServerConfiguration
    /// Who is let in.
    public var login: LoginRules
    /// Which requests for files are carried out.
    public var policy: RequestPolicy
    /// The files that are served.
    public var files: FileTree
    /// What all clients together may still write and create; `nil` for no such bound.
    public var quota: Quota?
    /// How fast each session may read and write.
    public var rates = RateLimits()
    /// Where to log.
    public var log: ServerLog
    /// How long a client may take to log in: OpenSSH's `LoginGraceTime`.
    public var loginGraceTime = Duration.seconds(120)
    /// After how long a silence a client is asked whether it is there; it is given up after
    /// ``keepalivesUnanswered`` such times.
    public var keepaliveInterval = Duration.seconds(60)
    /// How many questions for a sign of life may stay unanswered.
    public var keepalivesUnanswered = 3

    /// How many files and directories each session of a client may have open.
    public var handleLimit: UInt64 = 1024

    /// The receive window of a channel, in bytes: it bounds what a client can make us hold for it.
    public static let channelWindow: UInt32 = 4 << 20

    /// Settings with defaults.
    public init(
        ssh: SSHServerConfiguration, login: LoginRules, policy: RequestPolicy = RequestPolicy(),
        files: FileTree = .whole, quota: Quota? = nil, log: ServerLog
    ) {
        self.ssh = ssh
        self.login = login
        self.policy = policy
        self.files = files
        self.quota = quota
        self.log = log
    }
}
