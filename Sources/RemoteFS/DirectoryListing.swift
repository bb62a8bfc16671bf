// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// An entry of a directory, as the server told it.
struct DirectoryEntry {
    let name: FileName
    /// Nil where they are not known, or not any more.
    var attributes: FileAttributes?
}

/// All entries of a directory, in the server's order, kept up with our own changes.
///
/// It proves what is absent: a name that is not in it is not in the directory.
struct DirectoryListing {
    /// The entries; nil where one has been removed.
    private var slots: [DirectoryEntry?]
    /// The slot of each name.
    ///
    /// Made when first needed: a listing that is only read back has none.
    private var index: [FileName: Int]?
    /// The number of our last change when the oldest of the entries was asked for.
    let askedAfterChange: UInt64

    init(_ entries: [DirectoryEntry], askedAfterChange: UInt64) {
        slots = entries
        self.askedAfterChange = askedAfterChange
    }

    /// The entries that are left.
    var entries: [DirectoryEntry] { slots.compactMap(\.self) }

    /// How much it holds: entries, and places of removed ones.
    var count: Int { slots.count }

    /// Finds a name.
    mutating func entry(named name: FileName) -> DirectoryEntry? {
        slot(of: name).flatMap { slots[$0] }
    }

    /// Adds a name, or replaces what is known of it.
    mutating func insert(_ entry: DirectoryEntry) {
        if let slot = slot(of: entry.name) {
            slots[slot] = entry
        } else {
            index?[entry.name] = slots.count
            slots.append(entry)
        }
    }

    /// Takes a name out.
    mutating func remove(_ name: FileName) {
        guard let slot = slot(of: name) else { return }
        slots[slot] = nil
        index?[name] = nil
    }

    /// Forgets the attributes of a name.
    mutating func forgetAttributes(of name: FileName) {
        guard let slot = slot(of: name) else { return }
        slots[slot]?.attributes = nil
    }

    private mutating func slot(of name: FileName) -> Int? {
        if let index { return index[name] }
        var index: [FileName: Int] = [:]
        index.reserveCapacity(slots.count)
        for (slot, entry) in slots.enumerated() {
            if let entry { index[entry.name] = slot }
        }
        self.index = index
        return index[name]
    }
}
