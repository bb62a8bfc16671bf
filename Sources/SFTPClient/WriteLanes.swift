// SPDX-License-Identifier: Apache-2.0

/// The channels over which one file is written: its own, and further ones while that pays.
///
/// Writes that may be carried out in any order go over the channel that has the fewest bytes under way.
public struct WriteLanes: Sendable {
    /// A file that is open on a further channel.
    public struct Lane: Sendable {
        /// The channel.
        public let client: SFTPClient
        /// The file's handle there.
        public let handle: SFTPHandle

        /// Describes one.
        public init(client: SFTPClient, handle: SFTPHandle) {
            self.client = client
            self.handle = handle
        }
    }

    /// The further channels.
    private var further: [Lane] = []
    /// The bytes under way on the file's own channel, and on each further one.
    private var underWay = [0]

    /// One channel.
    public init() {}

    /// Whether nothing is under way on a further channel.
    public var isOnOwnChannelOnly: Bool { underWay.dropFirst().allSatisfy { $0 == 0 } }

    /// The bytes under way on the file's own channel.
    public var bytesOnOwnChannel: Int { underWay[0] }

    /// Takes one more channel.
    public mutating func add(_ lane: Lane) {
        further.append(lane)
        underWay.append(0)
    }

    /// Lets the further channels go: what is under way there is of no more concern.
    ///
    /// - Returns: them.
    public mutating func removeAll() -> [Lane] {
        defer { self = WriteLanes() }
        return further
    }

    /// Chooses the channel for a write, which is under way from now on.
    ///
    /// - Returns: its number, for ``finish(_:on:)`` and ``subscript(_:)``.
    public mutating func begin(_ byteCount: Int) -> Int {
        let index = underWay.indices.min { underWay[$0] < underWay[$1] } ?? 0
        underWay[index] += byteCount
        return index
    }

    /// A write has been answered.
    public mutating func finish(_ byteCount: Int, on index: Int) {
        guard underWay.indices.contains(index) else { return }
        underWay[index] -= byteCount
    }

    /// The further channel of a number; nil for the file's own.
    public subscript(index: Int) -> Lane? { index == 0 ? nil : further[index - 1] }
}
