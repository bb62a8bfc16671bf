// SPDX-License-Identifier: Apache-2.0

/// The tree of known nodes.
///
/// All of it is synchronous: nothing here can be seen half done.
///
/// A node knows its parent and its name, so a path is put together when it is needed, and renaming a
/// directory is one step however much lies below it.
struct NodeTable {
    private var nodes: [InodeNumber: Node]
    private var inodes: [Node.Place: InodeNumber] = [:]
    /// The nodes that have lost a further hard link, by its place.
    private var formerInodes: [Node.Place: InodeNumber] = [:]
    private var changeCount: UInt64 = 0
    private(set) var movesInFlight = 0
    /// Nodes that a change of another one, their twin, has changed too; whoever was shown their
    /// attributes is still to be told.
    private var changedTwins: Set<InodeNumber> = []

    /// A table that knows the root only.
    init() {
        var root = Node(inode: rootInode, place: nil, kind: .directory)
        root.lookupCount = 1
        nodes = [rootInode: root]
    }

    /// How many nodes are known.
    var count: Int { nodes.count }

    /// Reads or changes a node.
    ///
    /// Setting one that is not known is a mistake of ours.
    subscript(inode: InodeNumber) -> Node? {
        get { nodes[inode] }
        _modify { yield &nodes[inode] }
    }

    // MARK: Names

    /// The node at a place, if one is known.
    func inode(named name: FileName, in parent: InodeNumber) -> InodeNumber? {
        inodes[Node.Place(parent: parent, name: name)]
    }

    /// The number that a name has, or would get if it became known now.
    func prospectiveInode(named name: FileName, in parent: InodeNumber) -> InodeNumber {
        if let inode = inode(named: name, in: parent) { return inode }
        var attempt: UInt64 = 0
        while true {
            let inode = derivedInode(parent: parent, name: name, attempt: attempt)
            if nodes[inode] == nil { return inode }
            attempt += 1
        }
    }

    /// Makes a node known, or finds it, and counts a lookup of it.
    ///
    /// A node of another kind at the same place is another file: it loses this name. So does a node
    /// that has the name as a further hard link, unless `keepsLinks`: only for as long as the answer
    /// to our own link is fresh is it sure that the two names are one file. Then they become twins.
    mutating func lookUp(
        _ name: FileName, in parent: InodeNumber, kind: FileKind, keepsLinks: Bool = false
    ) -> InodeNumber {
        let place = Node.Place(parent: parent, name: name)
        if let inode = inodes[place], let node = nodes[inode] {
            if node.kind == kind, keepsLinks || node.place == place {
                nodes[inode]?.lookupCount += 1
                return inode
            }
            detach(place)
            if node.kind == kind, nodes[inode] != nil {
                // Known for as long as this node is: the kernel may forget the new one meanwhile.
                formerInodes[place] = inode
                nodes[inode]?.formerPlaces.insert(place)
            }
        }
        let inode = prospectiveInode(named: name, in: parent)
        var node = Node(inode: inode, place: place, kind: kind)
        node.lookupCount = 1
        nodes[inode] = node
        inodes[place] = inode
        nodes[parent]?.childCount += 1
        if let former = formerInodes[place] { noteTwins(inode, former) }
        return inode
    }

    /// Notes that two nodes may be one file: a change of the one changes the other.
    mutating func noteTwins(_ first: InodeNumber, _ second: InodeNumber) {
        guard first != second, let former = nodes[first], let latter = nodes[second] else { return }
        let family = former.twins.union(latter.twins).union([first, second])
        for member in family { nodes[member]?.twins = family.subtracting([member]) }
    }

    /// Gives a node one more place.
    mutating func link(_ inode: InodeNumber, to name: FileName, in parent: InodeNumber) {
        enter(inode, Node.Place(parent: parent, name: name))
    }

    /// Takes a name away: what had it has been removed or replaced.
    ///
    /// It stays known while it is used.
    mutating func detach(_ name: FileName, in parent: InodeNumber) {
        detach(Node.Place(parent: parent, name: name))
    }

    /// Keeps what was known of a directory that we have removed or replaced: it is there for as long as
    /// it is open, and nobody else can see it any more.
    mutating func keepRemains(of inode: InodeNumber) {
        guard let node = nodes[inode], node.kind == .directory else { return }
        nodes[inode]?.remains = node.attributes?.value
    }

    /// Puts a node from one place to another.
    ///
    /// A node that had that place loses it.
    ///
    /// A place below the node itself is one that only a server in error can claim: the name is lost.
    mutating func move(
        _ name: FileName, in parent: InodeNumber, to newName: FileName,
        in newParent: InodeNumber
    ) {
        let old = Node.Place(parent: parent, name: name)
        let new = Node.Place(parent: newParent, name: newName)
        guard old != new else { return }
        guard let inode = inodes[old] else { return detach(new) }
        if isOrIsBelow(newParent, inode) { return detach(old) }
        // Entered first: neither the node nor its new parent may be forgotten in between.
        if inodes[new] != inode { enter(inode, new) }
        detach(old)
        // What was asked about the new name before was asked about another file.
        changeCount += 1
        nodes[inode]?.lastChange = changeCount
    }

    private mutating func enter(_ inode: InodeNumber, _ place: Node.Place) {
        detach(place)
        nodes[inode]?.places.append(place)
        inodes[place] = inode
        nodes[place.parent]?.childCount += 1
    }

    private mutating func detach(_ place: Node.Place) {
        if let former = formerInodes.removeValue(forKey: place) {
            nodes[former]?.formerPlaces.remove(place)
        }
        guard let inode = inodes.removeValue(forKey: place) else { return }
        nodes[inode]?.places.removeAll { $0 == place }
        let lastChange = nodes[inode]?.lastChange ?? 0
        nodes[place.parent]?.lastChangeOfForgottenChildren.raise(to: lastChange)
        nodes[place.parent]?.childCount -= 1
        removeIfUnknown(inode)
        removeIfUnknown(place.parent)
    }

    // MARK: Who knows a node

    /// Takes `count` lookups back: the kernel has forgotten them, or never learned of them.
    mutating func forget(_ inode: InodeNumber, _ count: UInt64) {
        guard let known = nodes[inode]?.lookupCount, inode != rootInode else { return }
        nodes[inode]?.lookupCount = known - min(known, count)
        removeIfUnknown(inode)
    }

    /// Counts a handle that is open on a node.
    mutating func open(_ inode: InodeNumber) {
        nodes[inode]?.openCount += 1
    }

    /// Counts a handle that is not open any more.
    mutating func close(_ inode: InodeNumber) {
        nodes[inode]?.openCount -= 1
        removeIfUnknown(inode)
    }

    private mutating func removeIfUnknown(_ inode: InodeNumber) {
        guard inode != rootInode, let node = nodes[inode], node.isUnknown else { return }
        nodes[inode] = nil
        for twin in node.twins { nodes[twin]?.twins.remove(inode) }
        for place in node.formerPlaces { formerInodes[place] = nil }
        for place in node.places {
            inodes[place] = nil
            nodes[place.parent]?.lastChangeOfForgottenChildren.raise(to: node.lastChange)
            nodes[place.parent]?.childCount -= 1
            removeIfUnknown(place.parent)
        }
    }

    // MARK: Paths

    /// The names that lead from the root to a node; nil if there is no way any more.
    func names(to inode: InodeNumber) -> [FileName]? {
        var names: [FileName] = []
        var inode = inode
        while inode != rootInode {
            guard let place = nodes[inode]?.place else { return nil }
            names.append(place.name)
            inode = place.parent
        }
        return names.reversed()
    }

    private func isOrIsBelow(_ inode: InodeNumber, _ ancestor: InodeNumber) -> Bool {
        sequence(first: inode) { nodes[$0]?.place?.parent }.contains(ancestor)
    }

    /// Whether a rename or removal in flight may change the path of a node, or whose it is.
    func isUnsettled(_ inode: InodeNumber) -> Bool {
        guard movesInFlight > 0 else { return false }
        return sequence(first: inode) { nodes[$0]?.place?.parent }
            .contains { nodes[$0].map { $0.movesInFlight > 0 } ?? false }
    }

    /// Whether a rename or removal in flight may change the path of a name, or what has it.
    func isUnsettled(_ name: FileName, in parent: InodeNumber) -> Bool {
        isUnsettled(parent) || inode(named: name, in: parent).map(isUnsettled) ?? false
    }

    /// Notes that a request is about to be sent that gives a node another name, or takes its name.
    mutating func beginMove(_ inode: InodeNumber) {
        movesInFlight += 1
        nodes[inode]?.movesInFlight += 1
    }

    /// Notes that such a request has been answered.
    mutating func endMove(_ inode: InodeNumber) {
        movesInFlight -= 1
        nodes[inode]?.movesInFlight -= 1
        removeIfUnknown(inode)
    }

    // MARK: Our changes

    /// The number of the last change of ours: an answer holds for a node that has not changed since
    /// its request was sent.
    var lastChange: UInt64 { changeCount }

    /// Notes that a change of a node is about to be sent.
    ///
    /// What is known of its attributes is void.
    ///
    /// - Returns: the number of this beginning.
    @discardableResult
    mutating func beginChange(of inode: InodeNumber) -> UInt64 {
        nodes[inode]?.changesInFlight += 1
        noteChange(of: inode)
        return changeCount
    }

    /// Notes that a change of a node has been answered.
    ///
    /// - Returns: the number of this end.
    @discardableResult
    mutating func endChange(of inode: InodeNumber) -> UInt64 {
        nodes[inode]?.changesInFlight -= 1
        noteChange(of: inode)
        removeIfUnknown(inode)
        return changeCount
    }

    /// The nodes whose attributes somebody may have been shown before a change of their twin.
    mutating func takeChangedTwins() -> Set<InodeNumber> {
        defer { changedTwins = [] }
        return changedTwins
    }

    /// Notes that the server has contradicted what is known of a name: the next to ask for it learns
    /// it anew.
    mutating func distrust(_ name: FileName, in parent: InodeNumber) {
        nodes[parent]?.listing = nil
        if let inode = inode(named: name, in: parent) { nodes[inode]?.attributes?.expire() }
    }

    private mutating func noteChange(of inode: InodeNumber) {
        changeCount += 1
        forgetAttributes(of: inode)
        for twin in nodes[inode]?.twins ?? [] {
            if nodes[twin]?.attributes != nil { changedTwins.insert(twin) }
            nodes[twin]?.pages = nil
            forgetAttributes(of: twin)
        }
    }

    private mutating func forgetAttributes(of inode: InodeNumber) {
        nodes[inode]?.lastChange = changeCount
        if nodes[inode]?.kind == .directory {
            nodes[inode]?.attributes?.expire()
        } else {
            nodes[inode]?.attributes = nil
        }
        for place in nodes[inode]?.places ?? [] {
            nodes[place.parent]?.listing?.value.forgetAttributes(of: place.name)
        }
    }
}

extension UInt64 {
    /// Makes the number at least `other`.
    fileprivate mutating func raise(to other: UInt64) {
        self = Swift.max(self, other)
    }
}
