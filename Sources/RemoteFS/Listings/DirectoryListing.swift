// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// An entry of a directory, as the server told it.
struct DirectoryEntry {
    let name: FileName
    /// Nil where they are not known, or not any more.
    var attributes: FileAttributes?
    /// When the server told the attributes.
    var heardAt: Duration
}

/// Entries of a directory in the server's order, kept up with our own changes.
///
/// A complete one proves what is absent: a name that is not in it is not in the directory. Entries
/// have numbers that stay theirs. Names lie behind each other in one array, and beside them 88 bytes
/// for each entry.
struct DirectoryListing {
    private struct Slot {
        let attributes: CompactAttributes
        /// Nothing is known of the file but its name.
        var lacksAttributes: Bool
        var isRemoved = false
        /// Where the name ends.
        let nameEnd: UInt32
        /// When the attributes were heard, in milliseconds since the listing was begun.
        let heardAfter: UInt32
    }

    /// The most entries of a listing that is kept up with our changes.
    ///
    /// With names of 1024 bytes, the kernel's longest, where they end still fits in 32 bits.
    static let maximumEntries = 1 << 20
    /// As many entries may be removed before those that are left move together.
    private static let removedEntries = 1024

    /// The number of our last change when the oldest of the entries was asked for.
    let askedAfterChange: UInt64
    /// When the oldest of the entries was asked for.
    let begunAt: Duration
    /// When it was last known to be right: at its end, or when the directory's time was still the same.
    var provenAt = Duration.longAgo
    /// The directory's modification time when it was begun, if that tells this state of the directory
    /// from all later ones.
    var directoryTime: UInt32?

    private var names: [UInt8] = []
    private var slots: [Slot] = []
    /// Finds the slot of a name; made when first needed.
    private var index: SlotIndex?
    /// The number of the first entry that is kept.
    private(set) var firstNumber = 0
    private var removedCount = 0
    /// When the last entry was heard, as a time and since the listing was begun: many come at once.
    private var lastHeard = (at: Duration.longAgo, after: UInt32(0))

    init(askedAfterChange: UInt64, begunAt: Duration) {
        self.askedAfterChange = askedAfterChange
        self.begunAt = begunAt
    }

    /// The number that the next entry gets.
    var endNumber: Int { firstNumber + slots.count }

    /// How much it holds: entries, and places of removed ones.
    var count: Int { slots.count }

    /// The entries that are left.
    var entries: [DirectoryEntry] { (firstNumber..<endNumber).compactMap { self[$0] } }

    /// The entry of a number that is kept; nil if it has been removed.
    subscript(number: Int) -> DirectoryEntry? {
        let slot = slots[number - firstNumber]
        guard !slot.isRemoved else { return nil }
        return DirectoryEntry(
            name: FileName(names[range(of: number - firstNumber)]),
            attributes: slot.lacksAttributes ? nil : slot.attributes.value,
            heardAt: begunAt + .milliseconds(Int64(slot.heardAfter)))
    }

    /// What the entry of a number is; nil where that is not known, or it is not there any more.
    func kind(of number: Int) -> FileKind? {
        let slot = slots[number - firstNumber]
        return slot.isRemoved ? nil : slot.attributes.kind
    }

    private func range(of slot: Int) -> Range<Int> {
        (slot == 0 ? 0 : Int(slots[slot - 1].nameEnd))..<Int(slots[slot].nameEnd)
    }

    private func hash(of slot: Int) -> UInt64 {
        tableHash(of: names.span.extracting(range(of: slot)))
    }

    private func isNamed(_ name: FileName, _ slot: Int) -> Bool {
        isEqual(names.span.extracting(range(of: slot)), name.span)
    }

    /// Whether the entry of a number has this name, and is there still.
    func isNamed(_ name: FileName, number: Int) -> Bool {
        !slots[number - firstNumber].isRemoved && isNamed(name, number - firstNumber)
    }

    /// Whether one entry's name comes before another's, byte by byte.
    func isOrdered(_ first: Int, _ second: Int) -> Bool {
        names[range(of: first - firstNumber)]
            .lexicographicallyPrecedes(names[range(of: second - firstNumber)])
    }

    /// Whether an entry's name comes after another, byte by byte.
    func isBehind(_ name: FileName, _ number: Int) -> Bool {
        name.lexicographicallyPrecedes(names[range(of: number - firstNumber)])
    }

    // MARK: Growing and shrinking

    /// How long after it was begun; never less.
    private func milliseconds(until now: Duration) -> UInt32 {
        let nanoseconds = (now - begunAt).wholeNanoseconds
        return UInt32(clamping: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0))
    }

    /// Adds an entry that the server has listed.
    mutating func append(
        _ name: some Collection<UInt8>, _ attributes: FileAttributes?, at now: Duration
    ) {
        let attributes = now < begunAt ? nil : attributes
        names.append(contentsOf: name)
        if now != lastHeard.at { lastHeard = (now, milliseconds(until: now)) }
        slots.append(
            Slot(
                attributes: CompactAttributes(attributes ?? FileAttributes()),
                lacksAttributes: attributes == nil, nameEnd: UInt32(names.count),
                heardAfter: lastHeard.after))
        guard index != nil else { return }
        let hash = hash(of: slots.count - 1)
        index?.insert(slots.count - 1, hash: hash)
    }

    /// Forgets the first entries.
    mutating func dropFirst(_ count: Int) {
        guard count > 0 else { return }
        index = nil
        names.removeFirst(range(of: count - 1).upperBound)
        let dropped = slots[count - 1].nameEnd
        slots = slots.dropFirst(count).map { slot in
            Slot(
                attributes: slot.attributes, lacksAttributes: slot.lacksAttributes,
                isRemoved: slot.isRemoved, nameEnd: slot.nameEnd - dropped,
                heardAfter: slot.heardAfter)
        }
        firstNumber += count
    }

    // MARK: Names

    /// Whether a name is in it.
    mutating func contains(_ name: FileName) -> Bool { slot(of: name) != nil }

    /// Finds a name.
    mutating func entry(named name: FileName) -> DirectoryEntry? {
        slot(of: name).flatMap { self[firstNumber + $0] }
    }

    /// The number of a name.
    mutating func number(of name: FileName) -> Int? {
        slot(of: name).map { firstNumber + $0 }
    }

    /// Adds a name, or replaces what is known of it.
    mutating func insert(_ name: FileName, _ attributes: FileAttributes?, at now: Duration) {
        remove(name)
        if removedCount > max(Self.removedEntries, slots.count / 2) { moveTogether() }
        append(name, attributes, at: now)
    }

    private mutating func moveTogether() {
        var result = DirectoryListing(askedAfterChange: askedAfterChange, begunAt: begunAt)
        result.provenAt = provenAt
        result.directoryTime = directoryTime
        for entry in entries { result.append(entry.name, entry.attributes, at: entry.heardAt) }
        self = result
    }

    /// Adds what another listing of the directory has got from us since this one was begun.
    mutating func addNews(of other: DirectoryListing) {
        for number in other.firstNumber..<other.endNumber {
            guard let entry = other[number], entry.heardAt >= begunAt,
                slot(of: entry.name) == nil
            else { continue }
            append(entry.name, entry.attributes, at: entry.heardAt)
        }
    }

    /// Takes a name out.
    mutating func remove(_ name: FileName) {
        while let slot = slot(of: name) {
            slots[slot].isRemoved = true
            removedCount += 1
            index?.remove(slot, hash: tableHash(of: name.span))
        }
    }

    /// Forgets the attributes of a name.
    mutating func forgetAttributes(of name: FileName) {
        guard let slot = slot(of: name) else { return }
        slots[slot].lacksAttributes = true
    }

    private mutating func slot(of name: FileName) -> Int? {
        if index == nil { index = makeIndex() }
        let hash = tableHash(of: name.span)
        return index?.first(hash: hash) { isNamed(name, $0) }
    }

    private func makeIndex() -> SlotIndex {
        var index = SlotIndex()
        for slot in slots.indices where !slots[slot].isRemoved {
            index.insert(slot, hash: hash(of: slot))
        }
        return index
    }
}
