// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// The tree of known nodes.
///
/// All of it is synchronous: nothing here can be seen half done.
///
/// A node knows its parent and its name, so a path is put together when it is needed, and renaming a
/// directory is one step however much lies below it.
struct NodeTable {
    private var nodes = NodeStore()
    /// The nodes that have lost a further hard link, by its place.
    private var formerInodes: [Node.Place: InodeNumber] = [:]
    /// The nodes of files with several names, by what the server calls them.
    private var linked: [ExactAttributes.Identity: InodeNumber] = [:]
    private var changeCount: UInt64 = 0
    private(set) var movesInFlight = 0
    /// Nodes that a change of another one, their twin, has changed too; whoever was shown their
    /// attributes is still to be told.
    private var changedTwins: Set<InodeNumber> = []
    /// Where the search for nodes to drop goes on.
    private var hand = 0

    /// A table that knows the root only.
    init() {
        var root = Node(inode: rootInode, place: nil, kind: .directory)
        root.lookupCount = 1
        nodes.insert(root)
    }

    /// How many nodes are known.
    var count: Int { nodes.count }
    /// How many of them and of the further names of hard links: what there is a limit for.
    var nameCount: Int { nodes.placeCount }

    /// Reads or changes a node.
    ///
    /// Setting one that is not known is a mistake of ours.
    subscript(inode: InodeNumber) -> Node? {
        _read { yield nodes[inode] }
        _modify { yield &nodes[inode] }
    }

    // MARK: Names

    /// The node at a place, if one is known.
    func inode(named name: FileName, in parent: InodeNumber) -> InodeNumber? {
        nodes.inode(at: name.span, in: parent)
    }

    /// The number that a name has, or would get if it became known now.
    func prospectiveInode(named name: FileName, in parent: InodeNumber) -> InodeNumber {
        inode(named: name, in: parent) ?? freeInode(for: name, in: parent)
    }

    private func freeInode(for name: FileName, in parent: InodeNumber) -> InodeNumber {
        var attempt: UInt64 = 0
        while true {
            let inode = derivedInode(parent: parent, name: name.span, attempt: attempt)
            if !nodes.contains(inode) { return inode }
            attempt += 1
        }
    }

    /// Makes a node known, or finds it, and counts a lookup of it.
    ///
    /// A node of another kind at the same place is another file: it loses this name. So does a node
    /// that has the name as a further hard link, unless `keepsLinks`: only for as long as the answer
    /// to our own link is fresh is it sure that the two names are one file. Then they become twins.
    ///
    /// - Parameter exact: what the server has just told of the file, if it tells that: then it is sure of
    ///   files in every case which one it is, and names of one file lead to one node.
    mutating func lookUp(
        _ name: FileName, in parent: InodeNumber, kind: FileKind, exact: ExactAttributes? = nil,
        keepsLinks: Bool = false
    ) -> InodeNumber {
        let place = Node.Place(parent: parent, name: name)
        if let inode = inode(named: name, in: parent), let node = nodes[inode] {
            let isSame = exact.flatMap { node.isSameFile(as: $0.identity) }
            if node.kind == kind,
                isSame ?? (keepsLinks || node.isAt(name.span, in: parent))
            {
                return countLookup(of: inode)
            }
            detach(place)
            if isSame == nil, node.kind == kind, nodes.contains(inode) {
                // Known for as long as this node is: the kernel may forget the new one meanwhile.
                formerInodes[place] = inode
                nodes[inode]?.makeDetails().formerPlaces.insert(place)
            }
        }
        if let exact, exact.linkCount > 1, let inode = linked[exact.identity],
            nodes[inode]?.identity == exact.identity, kind == .regular
        {
            enter(inode, place)
            return countLookup(of: inode)
        }
        let inode = freeInode(for: name, in: parent)
        var node = Node(inode: inode, place: place, kind: kind)
        node.lookupCount = 1
        nodes.insert(node)
        nodes[parent]?.childCount += 1
        if !formerInodes.isEmpty, let former = formerInodes[place] { noteTwins(inode, former) }
        return inode
    }

    /// Notes that the kernel is told of a node once more.
    @discardableResult
    mutating func countLookup(of inode: InodeNumber) -> InodeNumber {
        nodes[inode]?.lookupCount += 1
        nodes[inode]?.wasUsed = true
        return inode
    }

    /// Takes in what the server has told of a node.
    mutating func setAttributes(_ attributes: Heard<FileAttributes>, of inode: InodeNumber) {
        if let old = nodes[inode]?.identity, old != attributes.value.exact?.identity,
            linked[old] == inode
        {
            linked[old] = nil
        }
        nodes[inode]?.attributes = attributes
        guard let exact = attributes.value.exact, exact.linkCount > 1,
            nodes[inode]?.kind == .regular
        else { return }
        if let other = linked[exact.identity], nodes.contains(other) {
            // Both were known before they were one file.
            noteTwins(inode, other)
        } else {
            linked[exact.identity] = inode
        }
    }

    /// Notes that two nodes may be one file: a change of the one changes the other.
    mutating func noteTwins(_ first: InodeNumber, _ second: InodeNumber) {
        guard first != second, let former = nodes[first], let latter = nodes[second] else { return }
        let family = former.twins.union(latter.twins).union([first, second])
        for member in family {
            nodes[member]?.makeDetails().twins = family.subtracting([member])
        }
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
        nodes[inode]?.makeDetails().remains = node.attributes?.value
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
        guard let inode = inode(named: name, in: parent) else { return detach(new) }
        if isOrIsBelow(newParent, inode) { return detach(old) }
        // Entered first: neither the node nor its new parent may be forgotten in between.
        if self.inode(named: newName, in: newParent) != inode { enter(inode, new) }
        detach(old)
        // What was asked about the new name before was asked about another file.
        changeCount += 1
        nodes[inode]?.lastChange = changeCount
    }

    private mutating func enter(_ inode: InodeNumber, _ place: Node.Place) {
        detach(place)
        guard nodes.contains(inode) else { return }
        nodes.addPlace(place, to: inode)
        nodes[place.parent]?.childCount += 1
    }

    private mutating func detach(_ place: Node.Place) {
        if !formerInodes.isEmpty, let former = formerInodes.removeValue(forKey: place) {
            nodes[former]?.details?.formerPlaces.remove(place)
        }
        guard let inode = inode(named: place.name, in: place.parent) else { return }
        nodes.removePlace(place)
        noteForgottenChild(lastChange: nodes[inode]?.lastChange ?? 0, in: place.parent)
        removeIfUnknown(inode)
        removeIfUnknown(place.parent)
    }

    private mutating func noteForgottenChild(lastChange: UInt64, in parent: InodeNumber) {
        nodes[parent]?.childCount -= 1
        guard let node = nodes[parent], lastChange > node.lastChangeOfForgottenChildren else {
            return
        }
        nodes[parent]?.makeDetails().lastChangeOfForgottenChildren = lastChange
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
        nodes.remove(inode)
        if let identity = node.identity, linked[identity] == inode { linked[identity] = nil }
        for twin in node.twins { nodes[twin]?.details?.twins.remove(inode) }
        for place in node.details?.formerPlaces ?? [] { formerInodes[place] = nil }
        for place in node.places {
            noteForgottenChild(lastChange: node.lastChange, in: place.parent)
            removeIfUnknown(place.parent)
        }
    }

    /// Files that the kernel could drop, those first that have not been looked up for long.
    ///
    /// Directories are left alone: a process may have one as its working directory. A file that has several
    /// names goes with all of them.
    ///
    /// - Parameter maximum: how many names, short of the further ones of the last file; one search looks at each node at most twice.
    mutating func takeIdleFiles(_ maximum: Int) -> [KnownName] {
        var idle: [KnownName] = []
        for _ in 0..<2 * nodes.slotCount where idle.count < maximum {
            hand = (hand + 1) % nodes.slotCount
            if nodes.takeUse(in: hand) { continue }
            guard let node = nodes.node(in: hand), node.kind != .directory, node.openCount == 0,
                node.changesInFlight == 0,
                node.movesInFlight == 0
            else { continue }
            idle += node.places.map { KnownName(parent: $0.parent, name: $0.name) }
        }
        return idle
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
        guard movesInFlight > 0 else { return false }
        return isUnsettled(parent) || inode(named: name, in: parent).map(isUnsettled) ?? false
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
        if let inode = inode(named: name, in: parent) { nodes[inode]?.expireAttributes() }
    }

    private mutating func noteChange(of inode: InodeNumber) {
        changeCount += 1
        forgetAttributes(of: inode)
        guard let twins = nodes[inode]?.twins, !twins.isEmpty else { return }
        for twin in twins {
            if nodes[twin]?.attributes != nil { changedTwins.insert(twin) }
            nodes[twin]?.pages = nil
            forgetAttributes(of: twin)
        }
    }

    private mutating func forgetAttributes(of inode: InodeNumber) {
        nodes[inode]?.noteChange(changeCount)
        guard let place = nodes[inode]?.place else { return }
        nodes[place.parent]?.details?.listing?.forgetAttributes(of: place.name)
        for place in nodes[inode]?.details?.furtherPlaces ?? [] {
            nodes[place.parent]?.details?.listing?.forgetAttributes(of: place.name)
        }
    }
}

/// A name that the kernel knows.
public struct KnownName: Hashable, Sendable {
    /// The directory it is in.
    public let parent: InodeNumber
    /// The name: bytes.
    public let name: [UInt8]
}
