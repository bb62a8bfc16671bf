// SPDX-License-Identifier: Apache-2.0

/// The limits that hold for configuration and known_hosts files.
///
/// All are far above what real files need. They bound the time and memory that a broken or hostile
/// file can take, since some of these files are generated, shared or downloaded.
public enum ConfigurationLimits {
    /// The largest configuration file, in bytes; a line may be as long, as it may for ssh.
    public static let fileBytes = 1 << 20
    /// How many files may include one another: OpenSSH's `READCONF_MAX_DEPTH`.
    public static let includeDepth = 16
    /// How many files are read for one host.
    ///
    /// A file that includes itself twice would otherwise be read 2^16 times before the depth ends
    /// it.
    public static let filesRead = 1_024
    /// How many bytes are read for one host, over all files.
    public static let bytesRead = 16 << 20
    /// How many lines are read for one host, over all files.
    public static let linesRead = 200_000
    /// How many values a list holds: OpenSSH's `SSH_MAX_IDENTITY_FILES` is 100, its limit for
    /// environment names 1,000.
    public static let listEntries = 1_000
    /// How many files `UserKnownHostsFile` and `GlobalKnownHostsFile` may name: OpenSSH's
    /// `SSH_MAX_HOSTS_FILES`.
    public static let knownHostsFiles = 32
    /// How many hosts `ProxyJump` may name: more than any network needs.
    public static let jumpHosts = 32
    /// The longest host name, in bytes: glibc's `NI_MAXHOST` without the NUL.
    public static let hostNameBytes = 1_024
    /// The longest user name, in bytes: above `LOGIN_NAME_MAX`, and room for `user@domain` names.
    public static let userNameBytes = 1_024
    /// The longest value after tokens and variables stand expanded, in bytes: a file's.
    public static let expandedBytes = fileBytes
    /// The largest known_hosts file, in bytes: room for millions of hosts, and an end for a device
    /// that has none.
    public static let knownHostsBytes = 1 << 30
    /// The largest known_hosts file that is written anew, which takes it into memory, in bytes.
    public static let rewrittenBytes = 64 << 20
    /// The most that `KnownHostsCommand` may print, in bytes.
    public static let commandOutputBytes = 16 << 20
    /// The largest list of revoked keys, in bytes.
    public static let revokedKeysBytes = 64 << 20
    /// The longest line of a known_hosts file, in bytes; a longer one says nothing.
    ///
    /// A 16,384-bit RSA key takes 2,800, which leaves room for tens of thousands of names.
    public static let knownHostsLineBytes = 1 << 20
    /// How many lines of the known_hosts files may match one host.
    public static let knownHostsMatches = 4_096
    /// How many malformed lines of known_hosts files are remembered, to be reported.
    public static let knownHostsProblems = 16
    /// The largest authorized_keys file, in bytes: room for tens of thousands of keys.
    public static let authorizedKeysBytes = 16 << 20
    /// How many malformed lines of an authorized_keys file are remembered, to be reported.
    public static let authorizedKeysProblems = 16
    /// The longest value of a certificate's critical option, in bytes: as long as a certificate may be.
    static let certificateOptionBytes = 64 << 10
}
