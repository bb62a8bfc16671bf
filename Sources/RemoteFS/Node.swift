// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// A file that the kernel, an open handle or a child knows: where it is, and what is known of it.
struct Node {
    /// A place in the tree.
    struct Place: Hashable {
        let parent: InodeNumber
        let name: FileName
    }

    let inode: InodeNumber
    /// Where the node is: nowhere for the root, and for a node that has lost its name; in several
    /// places where we have just made hard links to it.
    ///
    /// Paths lead through the first.
    var places: [Place]
    var kind: FileKind

    // MARK: Who knows it

    /// How often the kernel has been told of it and has not forgotten it.
    var lookupCount: UInt64 = 0
    /// How many handles are open on it.
    var openCount = 0
    /// How many nodes have their place in it.
    var childCount = 0

    /// Whether nobody knows the node any more, and no request in flight is to come back to it.
    var isUnknown: Bool {
        lookupCount == 0 && openCount == 0 && childCount == 0 && changesInFlight == 0
            && movesInFlight == 0
    }

    // MARK: What is known of it

    /// The attributes last heard of; while they are here, the kernel may have been shown them.
    var attributes: Timed<FileAttributes>?
    /// The attributes of a directory that we have removed, for those who still have it open.
    var remains: FileAttributes?
    var linkTarget: Timed<[UInt8]>?
    /// A complete listing of a directory.
    var listing: Timed<DirectoryListing>?

    /// Changes of ours that have been sent and not answered.
    var changesInFlight = 0
    /// The number of the last change of ours, at its start or end.
    var lastChange: UInt64 = 0
    /// The highest ``lastChange`` of children that are not known any more.
    var lastChangeOfForgottenChildren: UInt64 = 0
    /// Renames and removals of this node that have been sent and not answered: paths through it are
    /// unsettled.
    var movesInFlight = 0

    /// Other nodes that may be the same file: they were one node when a hard link of ours was new.
    var twins: Set<InodeNumber> = []
    /// Where the node was, too, when a hard link of ours was new: what is there is its twin.
    var formerPlaces: Set<Place> = []

    /// The attributes and the time of the first open that saw them, for keeping the kernel's pages.
    var pages: CachedPages?

    init(inode: InodeNumber, place: Place?, kind: FileKind) {
        self.inode = inode
        places = place.map { [$0] } ?? []
        self.kind = kind
    }

    /// The place that paths lead through.
    var place: Place? { places.first }

    /// Whether an answer to a request that was sent after `change` changes still holds.
    func isUnchanged(since change: UInt64) -> Bool {
        changesInFlight == 0 && lastChange <= change
    }
}

/// A value that may be taken as true for a while.
struct Timed<Value> {
    var value: Value
    var validUntil: Duration

    /// The value, while it is valid.
    func value(at now: Duration) -> Value? {
        now < validUntil ? value : nil
    }

    /// Makes the value invalid.
    mutating func expire() { validUntil = .zero }
}

extension Timed: Sendable where Value: Sendable {}
