// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol

/// A directory that the kernel holds open, and as much of its listing as has been fetched.
struct OpenDirectory {
    /// An entry with what it needs to be told apart from later knowledge.
    struct Fetched {
        let entry: DirectoryEntry
        /// The number of our last change when the entry was asked for.
        let askedAfterChange: UInt64
        /// When the attributes stop being valid.
        let validUntil: Duration
    }

    /// How many entries that have been read already are kept for a reader that goes back.
    static let keptEntries = 65_536
    /// The most READDIRs in flight.
    static let maximumWindow = 32

    let inode: InodeNumber
    /// The server's handle; nil where the listing is complete.
    var server: SFTPHandle?
    /// The number of our last change when the directory was opened.
    let askedAfterChange: UInt64
    /// When the listing, once complete, stops being valid.
    let validUntil: Duration
    /// Entries in order; the first has the number ``firstIndex``.
    private(set) var entries: [Fetched] = []
    private(set) var firstIndex = 0
    /// READDIRs that have been sent, in order.
    var inFlight: [PendingReply<[NameEntry]?>] = []
    /// How many READDIRs to keep in flight: more, the longer the directory turns out to be.
    var window = 2
    /// Whether a task is fetching.
    var isFetching = false
    let fetched: WaitQueue
    /// Whether entries have been given out: starting over then means reading anew.
    var hasBeenRead = false

    var isComplete: Bool { server == nil }
    var endIndex: Int { firstIndex + entries.count }

    /// A directory that is to be fetched from the server.
    init(
        inode: InodeNumber, server: SFTPHandle, askedAfterChange: UInt64, validUntil: Duration,
        loop: any EventLoop
    ) {
        self.inode = inode
        self.server = server
        self.askedAfterChange = askedAfterChange
        self.validUntil = validUntil
        fetched = WaitQueue(loop: loop)
    }

    /// A directory whose listing is known.
    init(inode: InodeNumber, listing: Timed<DirectoryListing>, loop: any EventLoop) {
        self.inode = inode
        server = nil
        askedAfterChange = listing.value.askedAfterChange
        validUntil = listing.validUntil
        entries = listing.value.entries.map {
            Fetched(
                entry: $0, askedAfterChange: listing.value.askedAfterChange,
                validUntil: listing.validUntil)
        }
        fetched = WaitQueue(loop: loop)
    }

    /// The entries from a number on, as far as they have been fetched and kept.
    func entries(from index: Int) -> ArraySlice<Fetched> {
        entries[max(0, min(index - firstIndex, entries.count))...]
    }

    mutating func append(_ more: [Fetched]) {
        entries.append(contentsOf: more)
    }

    /// Drops entries far behind a reader that stands at `index`, which may be beyond the end: programs
    /// can seek to any offset.
    mutating func dropEntries(farBehind index: Int) {
        let excess = min(index, endIndex) - firstIndex - 2 * Self.keptEntries
        guard excess > 0 else { return }
        entries.removeFirst(excess + Self.keptEntries)
        firstIndex += excess + Self.keptEntries
    }

    /// The whole listing, if all of it is here.
    var listing: DirectoryListing? {
        guard isComplete, firstIndex == 0 else { return nil }
        return DirectoryListing(entries.map(\.entry), askedAfterChange: askedAfterChange)
    }
}
