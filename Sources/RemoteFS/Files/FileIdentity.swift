// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// What tells an open file from another one that has its path after the connection was lost.
///
/// SFTP version 3 has no number for a file. So it is the same file if everything about it is as it was
/// last known through an open handle, but for what we have changed ourselves since; or if it has only
/// grown or become newer, and still holds the ``ContentSample``. The number that a server of ours tells is
/// one thing more that has to be as it was: alone it would not do, as a new file may get that of one that
/// has been removed.
struct FileIdentity {
    private let number: ExactAttributes.Identity?
    /// Whether the server tells the number of the file.
    var hasNumber: Bool { number != nil }
    private let kind: FileKind?
    private let owner: FileAttributes.Owner?
    /// The sizes that it may have: one, unless changes of ours have not been answered.
    private(set) var sizes: ClosedRange<UInt64>?
    private(set) var mtime: UInt32?
    /// Whether the file can have been changed since ``mtime``, by us.
    private var isNewer = false
    /// How many writes have been acknowledged since ``mtime`` that no fsync has followed.
    private(set) var unsyncedWrites = 0
    /// Whether ``mtime`` was so old that the first of them has changed it.
    private var wasOld = false

    /// Takes attributes that an open handle has told while no change of ours was under way.
    init(_ attributes: FileAttributes) {
        number = attributes.exact?.identity
        kind = attributes.kind
        owner = attributes.owner
        sizes = attributes.size.map { $0...$0 }
        mtime = attributes.times?.mtime
    }

    /// The size, where only one is possible.
    var size: UInt64? {
        sizes.flatMap { $0.lowerBound == $0.upperBound ? $0.lowerBound : nil }
    }

    /// A write has been sent that ends at an offset.
    ///
    /// - Parameter isOld: whether the file's time, as it is known, is one that it changes.
    mutating func beginWrite(to end: UInt64, isOld: Bool = false) {
        if !isNewer { wasOld = isOld }
        isNewer = true
        sizes = sizes.map { $0.lowerBound...max($0.upperBound, end) }
    }

    /// It has been acknowledged.
    mutating func finishWrite(to end: UInt64) {
        unsyncedWrites += 1
        sizes = sizes.map { max($0.lowerBound, end)...max($0.upperBound, end) }
    }

    /// An fsync has been answered that was sent when there were so many unsynced writes.
    mutating func finishSync(_ count: Int) {
        if unsyncedWrites == count { unsyncedWrites = 0 }
    }

    /// Whether these are the attributes of before writes that have been acknowledged, but not synced.
    func lacksWrites(_ attributes: FileAttributes) -> Bool {
        unsyncedWrites > 0 && wasOld && mtime != nil && attributes.times?.mtime == mtime
    }

    /// Data has been sent that goes to the end, wherever that is.
    mutating func beginAppend(_ count: Int) {
        isNewer = true
        sizes = sizes.map { $0.lowerBound...($0.upperBound + UInt64(count)) }
    }

    /// An open handle has told the size from before the last append.
    mutating func noteSize(_ size: UInt64, before count: Int) {
        sizes = sizes.map {
            max($0.lowerBound, size)...max($0.upperBound, size + UInt64(count))
        }
    }

    /// It has been acknowledged, or is known not to have arrived.
    mutating func finishAppend(_ count: Int, hasArrived: Bool) {
        sizes = sizes.map { sizes in
            let lower = sizes.lowerBound + (hasArrived ? UInt64(count) : 0)
            let upper = sizes.upperBound - (hasArrived ? 0 : UInt64(count))
            return lower...max(lower, upper)
        }
    }

    /// Attributes have been sent.
    mutating func beginChange(_ changes: FileAttributes) {
        isNewer = true
        if let size = changes.size {
            sizes = sizes.map { min($0.lowerBound, size)...max($0.upperBound, size) }
        }
        // Set to whatever: it tells nothing any more.
        if changes.times != nil { mtime = nil }
    }

    /// Whether these are attributes of a directory that may be this one: size and time of a directory
    /// follow what is in it.
    func isOfDirectory(_ attributes: FileAttributes) -> Bool {
        kind == .directory && attributes.kind == .directory && owner == attributes.owner
    }

    /// Whether a file with these attributes may be the same one, which others have added to or written
    /// anew meanwhile; its content has to show it.
    func mayHaveBecome(_ attributes: FileAttributes) -> Bool {
        guard agrees(with: attributes) else { return false }
        if let sizes, let size = attributes.size, size < sizes.lowerBound { return false }
        if hasNumber { return true }
        guard let mtime, let other = attributes.times?.mtime else { return true }
        return other >= mtime
    }

    /// Whether that agrees which no work on a file changes.
    private func agrees(with attributes: FileAttributes) -> Bool {
        guard kind == attributes.kind else { return false }
        if let number, let other = attributes.exact?.identity, number != other { return false }
        if let owner, let other = attributes.owner, owner != other { return false }
        return true
    }

    /// Whether a file with these attributes may be the same one, which nobody else has changed.
    func admits(_ attributes: FileAttributes) -> Bool {
        guard agrees(with: attributes) else { return false }
        if let sizes, let size = attributes.size, !sizes.contains(size) { return false }
        guard let mtime, let other = attributes.times?.mtime else { return true }
        return isNewer ? other >= mtime : other == mtime
    }
}
