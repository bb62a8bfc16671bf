// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol

/// A file that the kernel, an open handle or a child knows: where it is, and what is known of it.
///
/// The kernel may hold very many of these, so that what only few nodes have lies apart, in
/// ``NodeDetails``: with the tables that find it, a node takes less than 200 bytes and its name.
struct Node {
    /// A place in the tree.
    struct Place: Hashable {
        let parent: InodeNumber
        let name: FileName
    }

    let inode: InodeNumber
    /// Where the node is; no parent for the root, and for a node that has lost its name.
    private var parent: InodeNumber = 0
    private var name: FileName = []
    let kind: FileKind

    /// How many handles are open on it.
    var openCount: Int32 = 0
    /// How many nodes have their place in it.
    var childCount: Int32 = 0
    /// Changes of ours that have been sent and not answered.
    var changesInFlight: Int32 = 0
    /// How often the kernel has been told of it and has not forgotten it.
    var lookupCount: UInt64 = 0
    /// The number of the last change of ours, at its start or end.
    var lastChange: UInt64 = 0

    private var compactAttributes = CompactAttributes()
    private var hasAttributes = false
    /// Whether it has been looked up since the search for nodes to drop came by.
    var wasUsed = true
    /// Renames and removals of this node that have been sent and not answered: paths through it are
    /// unsettled.
    ///
    /// Here, where it takes no room of its own.
    var movesInFlight: Int32 = 0
    private var attributesHeardAt: Int64 = 0
    /// What only few nodes have.
    private(set) var details: NodeDetails?

    init(inode: InodeNumber, place: Place?, kind: FileKind) {
        self.inode = inode
        self.kind = kind
        self.place = place
    }

    /// The place that paths lead through.
    var place: Place? {
        get { parent == 0 ? nil : Place(parent: parent, name: name) }
        set { (parent, name) = (newValue?.parent ?? 0, newValue?.name ?? []) }
    }

    /// Every place: several where we have just made hard links to it.
    var places: [Place] {
        let first = place.map { [$0] } ?? []
        guard let further = details?.furtherPlaces, !further.isEmpty else { return first }
        return first + further
    }

    /// Whether a name in a directory is this node's ``place``.
    func isAt(_ name: Span<UInt8>, in parent: InodeNumber) -> Bool {
        self.parent == parent && isEqual(self.name.span, name)
    }

    /// Whether nobody knows the node any more, and no request in flight is to come back to it.
    var isUnknown: Bool {
        lookupCount == 0 && openCount == 0 && childCount == 0 && changesInFlight == 0
            && movesInFlight == 0
    }

    /// Whether an answer to a request that was sent after `change` changes still holds.
    func isUnchanged(since change: UInt64) -> Bool {
        changesInFlight == 0 && lastChange <= change
    }

    /// The attributes last heard of; while they are here, the kernel may have been shown them.
    var attributes: Heard<FileAttributes>? {
        get {
            guard hasAttributes else { return nil }
            return Heard(value: compactAttributes.value, at: .nanoseconds(attributesHeardAt))
        }
        set {
            hasAttributes = newValue != nil
            guard let newValue else { return }
            compactAttributes = CompactAttributes(newValue.value)
            attributesHeardAt = newValue.at.wholeNanoseconds
        }
    }

    /// Makes the attributes so old that nobody believes them.
    mutating func expireAttributes() { attributesHeardAt = .min }

    /// Takes note of a change of ours: what is known of its attributes is void.
    mutating func noteChange(_ number: UInt64) {
        lastChange = number
        guard kind == .directory else {
            hasAttributes = false
            return
        }
        expireAttributes()
        // Our own changes alter its time: it proves nothing any more.
        details?.listing?.directoryTime = nil
    }

    /// The time of last access, as it was heard last: whatever else has been changed since.
    var accessTime: Heard<UInt32>? {
        compactAttributes.value.times.map {
            Heard(value: $0.atime, at: .nanoseconds(attributesHeardAt))
        }
    }

    /// Which of the server's files the node is, once the server has told that.
    var identity: ExactAttributes.Identity? { compactAttributes.identity }

    /// Whether the node is what the server calls by an identity; nil where that can't be said.
    ///
    /// Devices may have other numbers once the server has started anew. Of directories it is not said: a
    /// program may have one as its working directory, and there are file systems whose numbers change.
    func isSameFile(as other: ExactAttributes.Identity) -> Bool? {
        kind == .directory ? nil : identity.map { $0.inode == other.inode }
    }

    // MARK: Details

    /// What only few nodes have, made when it is needed.
    mutating func makeDetails() -> NodeDetails {
        if let details { return details }
        let made = NodeDetails()
        details = made
        return made
    }

    /// A complete listing of a directory.
    var listing: DirectoryListing? {
        get { details?.listing }
        set { if newValue != nil || details != nil { makeDetails().listing = newValue } }
        _modify { yield &makeDetails().listing }
    }

    /// The attributes and the time of the first open that saw them, for keeping the kernel's pages.
    var pages: CachedPages? {
        get { details?.pages }
        set { if newValue != nil || details != nil { makeDetails().pages = newValue } }
        _modify { yield &makeDetails().pages }
    }

    /// The attributes of a directory that we have removed, for those who still have it open.
    var remains: FileAttributes? { details?.remains }
    /// Other nodes that may be the same file: they were one node when a hard link of ours was new.
    var twins: Set<InodeNumber> { details?.twins ?? [] }
    /// The highest ``lastChange`` of children that are not known any more.
    var lastChangeOfForgottenChildren: UInt64 { details?.lastChangeOfForgottenChildren ?? 0 }
}

/// What is known of few nodes: of directories, of files that are or were open, of links.
final class NodeDetails {
    /// A complete listing of a directory.
    var listing: DirectoryListing?
    /// Whether the listing has been used since the search for one to drop came by.
    var listingWasUsed = false
    /// A listing that is on its way.
    var fetch: ListingFetch?
    /// What the kernel has kept of the directory's entries.
    var keptByKernel: KeptByKernel?
    /// Where others wait for the answer whether the listing still holds.
    var check: WaitQueue?
    /// The number of our last change when we removed a name from the directory.
    var lastRemoval: UInt64 = 0
    /// When a listing of the directory turned out to be wrong: what it was heard of names before may be.
    var doubtedAt = Duration.longAgo
    /// How programs go through the directories in this one.
    var walk = DirectoryWalk(of: .directory)
    /// How programs read the files in the directory.
    var fileWalk = DirectoryWalk(of: .regular)

    /// What tells the file from others, while it is open.
    var identity: FileIdentity?
    /// What it is known to hold, while it is open.
    var sample: ContentSample?
    /// The server's handle to write it in place where it is open to append, while it is open.
    var inPlace: SFTPHandle?
    /// When its size was last asked for beside an append.
    var sizeAskedAt = Duration.longAgo
    /// What a lost session may still do to the file.
    var lateChanges: LateChanges?
    /// How often data that had been acknowledged turned out not to be there, and the last error of that.
    var failureCount = 0
    var lastFailure: Errno?

    var linkTarget: Timed<[UInt8]>?
    var pages: CachedPages?
    var remains: FileAttributes?

    /// The places beyond the first.
    var furtherPlaces: Set<Node.Place> = []
    var twins: Set<InodeNumber> = []
    /// Whether a hard link to the file has been made here on a server that does not tell which names are one
    /// file: any other node may be the same file, even where it is not known as a twin any more.
    var mayHaveUnknownTwins = false
    /// Where the node was, too, when a hard link of ours was new: what is there is its twin.
    var formerPlaces: Set<Node.Place> = []
    var lastChangeOfForgottenChildren: UInt64 = 0
    /// The least depth at which the kernel may take the node to be, where it has been moved.
    var leastDepth: Timed<Int>?
}

/// A value, and when the server told it.
struct Heard<Value> {
    var value: Value
    var at: Duration
}

extension Heard: Sendable where Value: Sendable {}

/// A value that may be taken as true for a while.
struct Timed<Value> {
    var value: Value
    var validUntil: Duration

    /// The value, while it is valid.
    func value(at now: Duration) -> Value? {
        now < validUntil ? value : nil
    }
}

extension Timed: Sendable where Value: Sendable {}

extension Duration {
    /// A time before every other.
    static let longAgo = Duration.seconds(-(1 << 33))
    /// The validity of what never becomes invalid: some three hundred years.
    static let forEver = Duration.seconds(1 << 33)

    /// The duration in nanoseconds; what does not fit becomes the nearest that does.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return product.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
    }
}
