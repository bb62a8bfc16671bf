// SPDX-License-Identifier: Apache-2.0

/// Whether `publickey` is tried, and in which form.
public enum PubkeyAuthentication: Equatable, Sendable {
    /// It is not tried.
    case no
    /// It is tried, bound to the host's key where the server can do that.
    case yes
    /// It is tried, never bound to the host's key.
    case unbound
    /// It is tried, always bound to the host's key.
    case hostBound
}

/// Whether keys read from files are given to the agent.
public enum AddKeysToAgent: Equatable, Sendable {
    /// They are not.
    case no
    /// They are, for so long; nil for ever.
    case yes(lifetime: Duration?)
    /// They are when the user says so.
    case ask
    /// They are, for so long, and the agent asks before each use.
    case confirm(lifetime: Duration?)
}

/// Whether host keys in the DNS (SSHFP records, RFC 4255) count.
public enum VerifyHostKeyDNS: Equatable, Sendable {
    /// They are not looked up.
    case no
    /// A key that a validated answer holds is trusted.
    case yes
    /// What is found is shown with the question about an unknown key.
    case ask
}

/// The hash of fingerprints that are shown.
public enum FingerprintHash: Equatable, Sendable {
    /// SHA-256, in base64.
    case sha256
    /// MD5, in hexadecimal.
    case md5
}

/// Where syslog files what is said to it.
public enum SyslogFacility: String, CaseIterable, Sendable {
    /// Of a server in the background.
    case daemon
    /// Of a user's program.
    case user
    /// Of logins.
    case auth
    /// Of logins, for the administrator only.
    case authpriv
    /// For local use.
    case local0, local1, local2, local3, local4, local5, local6, local7
}
