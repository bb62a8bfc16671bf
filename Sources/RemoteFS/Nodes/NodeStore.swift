// SPDX-License-Identifier: Apache-2.0

/// Where the nodes lie, and how they are found by number and by place.
///
/// In chunks, so that growing neither moves what is there nor needs room for twice as much.
struct NodeStore {
    private static let chunkSize = 512

    private var chunks: [ContiguousArray<Node?>] = []
    private var freeSlots: [UInt32] = []
    private var byInode = SlotIndex()
    private var byPlace = SlotIndex()
    /// Nodes by those of their places that are not the first.
    private var byFurtherPlace: [Node.Place: InodeNumber] = [:]

    /// How many nodes there are.
    private(set) var count = 0
    /// How many places they have.
    var placeCount: Int { count + byFurtherPlace.count }
    /// How many slots there are for nodes, free ones included.
    var slotCount: Int { chunks.count * Self.chunkSize }

    /// Reads or changes a node.
    ///
    /// Setting one that is not known is a mistake of ours.
    subscript(inode: InodeNumber) -> Node? {
        // Lent, not copied: most readers want one field of it.
        _read {
            if let slot = slot(of: inode) {
                yield chunks[slot / Self.chunkSize][slot % Self.chunkSize]
            } else {
                yield nil
            }
        }
        _modify {
            if let slot = slot(of: inode) {
                yield &chunks[slot / Self.chunkSize][slot % Self.chunkSize]
            } else {
                var none: Node?
                yield &none
                precondition(none == nil, "a node that is not known was set")
            }
        }
    }

    /// The node in a slot, if there is one.
    func node(in slot: Int) -> Node? {
        chunks[slot / Self.chunkSize][slot % Self.chunkSize]
    }

    /// Lets a search pass by a node that has been used since it came by last.
    mutating func takeUse(in slot: Int) -> Bool {
        let wasUsed = chunks[slot / Self.chunkSize][slot % Self.chunkSize]?.wasUsed ?? false
        chunks[slot / Self.chunkSize][slot % Self.chunkSize]?.wasUsed = false
        return wasUsed
    }

    func contains(_ inode: InodeNumber) -> Bool { slot(of: inode) != nil }

    private func slot(of inode: InodeNumber) -> Int? {
        byInode.first(hash: tableHash(of: inode)) {
            chunks[$0 / Self.chunkSize][$0 % Self.chunkSize]?.inode == inode
        }
    }

    // MARK: Coming and going

    /// Puts a node in, which is found by its place from now on.
    mutating func insert(_ node: Node) {
        if freeSlots.isEmpty { addChunk() }
        guard let slot = freeSlots.popLast().map(Int.init) else { return }
        chunks[slot / Self.chunkSize][slot % Self.chunkSize] = node
        byInode.insert(slot, hash: tableHash(of: node.inode))
        if let place = node.place {
            byPlace.insert(slot, hash: tableHash(of: place.name.span, in: place.parent))
        }
        count += 1
    }

    private mutating func addChunk() {
        let first = UInt32(slotCount)
        chunks.append(ContiguousArray(repeating: nil, count: Self.chunkSize))
        freeSlots.append(contentsOf: (first..<first + UInt32(Self.chunkSize)).reversed())
    }

    /// Takes a node out, and its places with it.
    mutating func remove(_ inode: InodeNumber) {
        guard let slot = slot(of: inode), let node = node(in: slot) else { return }
        for place in node.places { removePlace(place) }
        byInode.remove(slot, hash: tableHash(of: inode))
        chunks[slot / Self.chunkSize][slot % Self.chunkSize] = nil
        freeSlots.append(UInt32(slot))
        count -= 1
    }

    // MARK: Places

    /// The node at a place.
    func inode(at name: Span<UInt8>, in parent: InodeNumber) -> InodeNumber? {
        let hash = tableHash(of: name, in: parent)
        let slot = byPlace.first(hash: hash) { node(in: $0)?.isAt(name, in: parent) ?? false }
        if let slot { return node(in: slot)?.inode }
        guard !byFurtherPlace.isEmpty else { return nil }
        return byFurtherPlace[Node.Place(parent: parent, name: FileName(name))]
    }

    /// Gives a node a place, as its first if it has none.
    mutating func addPlace(_ place: Node.Place, to inode: InodeNumber) {
        guard let slot = slot(of: inode), let node = node(in: slot) else { return }
        if node.place == nil {
            self[inode]?.place = place
            byPlace.insert(slot, hash: tableHash(of: place.name.span, in: place.parent))
        } else {
            self[inode]?.makeDetails().furtherPlaces.insert(place)
            byFurtherPlace[place] = inode
        }
    }

    /// Takes a place from the node that has it; its next one becomes the first.
    mutating func removePlace(_ place: Node.Place) {
        if let inode = byFurtherPlace.removeValue(forKey: place) {
            self[inode]?.details?.furtherPlaces.remove(place)
            return
        }
        let hash = tableHash(of: place.name.span, in: place.parent)
        guard let inode = inode(at: place.name.span, in: place.parent),
            let slot = slot(of: inode)
        else { return }
        byPlace.remove(slot, hash: hash)
        self[inode]?.place = nil
        guard let next = self[inode]?.details?.furtherPlaces.first else { return }
        byFurtherPlace[next] = nil
        self[inode]?.details?.furtherPlaces.remove(next)
        addPlace(next, to: inode)
    }
}
