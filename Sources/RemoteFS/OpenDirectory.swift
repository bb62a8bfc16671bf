// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol

/// A directory that the kernel holds open, and as much of its listing as has been fetched.
///
/// Reading it anew makes another object: replies to what this one has asked for stay with it.
final class OpenDirectory {
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
    /// How many replies in a row may hold no entry that can be shown: the end, if the server knows
    /// one, is not worth waiting for.
    static let maximumUselessReplies = 64

    let inode: InodeNumber
    /// The server's handle; nil once nothing more is to be asked for.
    private(set) var server: SFTPHandle?
    /// The number of our last change when the directory was opened.
    let askedAfterChange: UInt64
    /// When the listing, once complete, stops being valid.
    let validUntil: Duration
    /// Entries in order; the first has the number ``firstIndex``.
    private(set) var entries: [Fetched] = []
    private(set) var firstIndex = 0
    /// READDIRs that have been sent, in order.
    private var inFlight: [PendingReply<[NameEntry]?>] = []
    /// How many READDIRs to keep in flight: more, the longer the directory turns out to be.
    private var window = 2
    private var uselessReplies = 0
    /// Whether the end of the directory has been reached.
    private(set) var isComplete: Bool
    /// Why there are no more entries, although this is not the end.
    private(set) var failure: Errno?
    /// Whether a task is fetching.
    var isFetching = false
    let fetched: WaitQueue
    /// Whether entries have been given out: starting over then means reading anew.
    var hasBeenRead = false

    /// Whether the first entries can be had only by reading anew.
    var needsRestart: Bool { hasBeenRead || failure != nil }
    var endIndex: Int { firstIndex + entries.count }

    /// A directory that is to be fetched from the server.
    init(
        inode: InodeNumber, server: SFTPHandle, askedAfterChange: UInt64, validUntil: Duration,
        loop: any EventLoop
    ) {
        self.inode = inode
        self.server = server
        isComplete = false
        self.askedAfterChange = askedAfterChange
        self.validUntil = validUntil
        fetched = WaitQueue(loop: loop)
    }

    /// A directory whose listing is known.
    init(inode: InodeNumber, listing: Timed<DirectoryListing>, loop: any EventLoop) {
        self.inode = inode
        server = nil
        isComplete = true
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

    // MARK: Fetching

    /// How many more READDIRs to send now.
    var missingRequests: Int { failure == nil ? max(window - inFlight.count, 0) : 0 }

    func append(_ request: PendingReply<[NameEntry]?>) {
        inFlight.append(request)
    }

    /// The READDIR that is answered next.
    func takeRequest() -> PendingReply<[NameEntry]?>? {
        inFlight.isEmpty ? nil : inFlight.removeFirst()
    }

    /// Takes the entries of a reply in that can be shown.
    func append(_ more: [Fetched]) {
        entries.append(contentsOf: more)
        window = min(2 * window, Self.maximumWindow)
        uselessReplies = more.isEmpty ? uselessReplies + 1 : 0
        if uselessReplies == Self.maximumUselessReplies { fail(.EIO) }
    }

    /// Takes note of the end of the directory.
    func finish() { isComplete = true }

    /// Takes note that entries are missing from here on: what comes behind them is of no use.
    func fail(_ error: Errno) {
        failure = error
        inFlight = []
    }

    /// Gives the server's handle away, to be closed.
    func takeServer() -> SFTPHandle? {
        defer {
            server = nil
            inFlight = []
        }
        return server
    }

    /// Drops entries far behind a reader that stands at `index`, which may be beyond the end: programs
    /// can seek to any offset.
    func dropEntries(farBehind index: Int) {
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
