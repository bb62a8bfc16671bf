// SPDX-License-Identifier: Apache-2.0

/// Whose files are shown as whose.
public struct OwnershipOptions: Equatable, Sendable {
    /// How the server's owners and groups become ours (`idmap`).
    public enum Mapping: String, Equatable, Sendable, CaseIterable {
        /// By their numbers, as they are.
        case none
        /// By their numbers, but for the user who has logged in: those are the mounting user's.
        case user
        /// By names: of `uidfile` and `gidfile`, or as the server tells them.
        case file
        /// Everything is the mounting user's.
        case all
    }

    /// How the server's owners and groups become ours.
    public var mapping = Mapping.none
    /// A file with the server's users: `name:number`, or passwd(5) (`uidfile`).
    public var userFile: String?
    /// A file with the server's groups: `name:number`, or group(5) (`gidfile`).
    public var groupFile: String?
    /// Whether numbers that have no name on both sides are taken as they are (`nomap=ignore`); otherwise
    /// they are an error.
    public var keepsUnmapped = false

    /// The owner shown for every file, in place of any other (`uid`).
    public var userID: UInt32?
    /// The group shown for every file, in place of any other (`gid`).
    public var groupID: UInt32?
    /// The permission bits that no file has; all others are shown for every file (`umask`).
    public var umask: UInt32?

    /// The defaults.
    public init() {}
}
