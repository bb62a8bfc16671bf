// SPDX-License-Identifier: Apache-2.0

/// Which of our users and groups stand for those of the server.
///
/// Inside of the file system all owners are the server's: they are translated where the kernel is
/// answered, and ours where they go out.
public struct IdentityMap: Sendable {
    /// The users.
    public var users = IdentityMapping.numbers
    /// The groups.
    public var groups = IdentityMapping.numbers

    /// Everyone by number.
    public init() {}
}

/// How one kind of numbers, those of users or those of groups, is translated.
public enum IdentityMapping: Sendable {
    /// Not at all.
    case numbers
    /// By a table.
    case table(IdentityTable)
    /// By name: the server tells the names of its numbers, and the function finds the number that
    /// has a name here, or nil; it may block.
    ///
    /// Learnt as files are seen, so that a number of ours is known to the server only once
    /// something of it has been.
    case names(keepsUnmapped: Bool, local: @Sendable (_ name: String) -> UInt32?)
    /// All are this one here, who stands for all of them.
    case everyone(UInt32)

    /// Whether numbers stay what they are.
    var isIdentity: Bool {
        if case .numbers = self { true } else { false }
    }
}

/// Pairs of a number of the server's and one of ours.
public struct IdentityTable: Hashable, Sendable {
    /// Whether a number that is in no pair is taken as it is; otherwise it is an error.
    public let keepsUnmapped: Bool
    private var locals: [UInt32: UInt32] = [:]
    private var remotes: [UInt32: UInt32] = [:]

    /// A table of pairs; of several for one number the first counts.
    public init(
        _ pairs: [(remote: UInt32, local: UInt32)] = [], keepsUnmapped: Bool
    ) {
        self.keepsUnmapped = keepsUnmapped
        for pair in pairs { add(remote: pair.remote, local: pair.local) }
    }

    /// Adds a pair, unless there is another for one of the two.
    mutating func add(remote: UInt32, local: UInt32) {
        if locals[remote] == nil { locals[remote] = local }
        if remotes[local] == nil { remotes[local] = remote }
    }

    /// Our number for one of the server's; nil where it is an error.
    public func local(_ remote: UInt32) -> UInt32? {
        locals[remote] ?? (keepsUnmapped ? remote : nil)
    }

    /// The server's number for one of ours; nil where it is an error.
    public func remote(_ local: UInt32) -> UInt32? {
        remotes[local] ?? (keepsUnmapped ? local : nil)
    }
}

/// What has been learnt of numbers that are mapped by name.
struct LearntIdentities {
    private(set) var table: IdentityTable
    private var asked: Set<UInt32> = []
    /// The most numbers remembered: a server can make up as many as there are.
    private static let kept = 65_536

    init(keepsUnmapped: Bool) {
        table = IdentityTable(keepsUnmapped: keepsUnmapped)
    }

    func isKnown(_ remote: UInt32) -> Bool { asked.contains(remote) }

    mutating func learn(_ remote: UInt32, local: UInt32?) {
        if asked.count >= Self.kept { self = Self(keepsUnmapped: table.keepsUnmapped) }
        asked.insert(remote)
        if let local { table.add(remote: remote, local: local) }
    }
}
