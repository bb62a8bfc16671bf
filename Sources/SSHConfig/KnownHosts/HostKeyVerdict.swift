// SPDX-License-Identifier: Apache-2.0

/// What the known_hosts files say about a key that a server has shown.
///
/// Only ``match(_:)`` vouches for the key.
public enum HostKeyVerdict: Equatable, Sendable {
    /// The host has this key.
    case match(ConfigurationLocation)
    /// The host has other keys, one of which is named, and not this one.
    case changed(KnownHostKey)
    /// The files hold no key of the host.
    case unknown
    /// The key must not be trusted any more.
    case revoked(ConfigurationLocation)
}

/// A key that a known_hosts file holds.
public struct KnownHostKey: Equatable, Sendable {
    /// Where it stands.
    public let location: ConfigurationLocation
    /// The key's type, as `ssh-ed25519`.
    public let type: String
    /// The public key blob (RFC 4253 section 6.6).
    public let blob: [UInt8]
}
