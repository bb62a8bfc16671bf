// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol

/// How old a time in whole seconds must be, in seconds, to differ from that of every later change.
let directorySettlingSeconds: Int64 = 2

/// A listing of a directory on its way from the server, as far as it has come, or a whole one that is
/// known.
///
/// Reading a directory anew makes another object: replies to what this one has asked for stay with it.
final class ListingFetch {
    /// How many entries that have been read already are kept for a reader that goes back.
    static let keptEntries = 65_536
    /// How many replies in a row may hold no entry that can be shown: the end, if the server knows
    /// one, is not worth waiting for.
    static let maximumUselessReplies = 64

    let inode: InodeNumber
    /// The directory's modification time when this was begun, where it was known.
    private let timeBefore: UInt32?
    /// What has come.
    private(set) var listing: DirectoryListing
    /// The server's handle; nil once nothing more is to be asked for.
    private(set) var server: SFTPHandle?
    /// READDIRs that have been sent, in order.
    private var inFlight: [PendingReply<[NameEntry]?>] = []
    /// How many READDIRs to keep in flight: more, the longer the directory turns out to be.
    private var window: Int
    private let maximumWindow: Int
    private var uselessReplies = 0
    /// What the server has told of the directory itself while it listed it.
    private var ownAttributes: FileAttributes?
    /// How many names are to come that have come before.
    private var repetitions = 0

    /// Whether OPENDIR has not been answered.
    private(set) var isOpening: Bool
    /// Whether the end of the directory has been reached.
    private(set) var isComplete: Bool
    /// Why there are no more entries, although this is not the end.
    private(set) var failure: Errno?
    /// Whether a task waits for the next reply.
    var isFetching = false
    /// Where others wait for what that task gets.
    let progress: WaitQueue
    /// How many open directories read from it.
    var readerCount = 0

    /// A directory that is to be fetched from the server.
    ///
    /// - Parameters:
    ///   - timeBefore: its modification time as it is known so far.
    ///   - isTelling: whether every later change gets another one.
    init(
        inode: InodeNumber, askedAfterChange: UInt64, begunAt: Duration,
        timeBefore: UInt32?, isTelling: Bool, maximumWindow: Int, loop: any EventLoop
    ) {
        self.maximumWindow = maximumWindow
        window = min(2, maximumWindow)
        self.inode = inode
        self.timeBefore = timeBefore
        listing = DirectoryListing(askedAfterChange: askedAfterChange, begunAt: begunAt)
        if isTelling { listing.directoryTime = timeBefore }
        isOpening = true
        isComplete = false
        progress = WaitQueue(loop: loop)
    }

    /// A directory whose listing is known.
    init(inode: InodeNumber, listing: DirectoryListing, loop: any EventLoop) {
        self.inode = inode
        timeBefore = nil
        self.listing = listing
        (window, maximumWindow) = (0, 0)
        isOpening = false
        isComplete = true
        progress = WaitQueue(loop: loop)
    }

    /// Takes the server's handle.
    func open(_ server: SFTPHandle) {
        isOpening = false
        self.server = server
    }

    /// Takes note that the connection is lost that the directory was being read on.
    func interrupt() {
        server = nil
        inFlight = []
        isOpening = false
    }

    /// Reads the directory on another connection from its beginning on, but leaves out what is here
    /// already.
    ///
    /// - Returns: false where that can't be told any more.
    func resume() -> Bool {
        guard listing.firstNumber == 0 else { return false }
        repetitions = listing.count
        isOpening = true
        window = min(2, maximumWindow)
        return true
    }

    // MARK: Fetching

    /// How many more READDIRs to send now.
    var missingRequests: Int { failure == nil ? max(window - inFlight.count, 0) : 0 }

    func append(_ request: PendingReply<[NameEntry]?>) {
        inFlight.append(request)
    }

    /// Whether an answer is to come still.
    var isWaitedFor: Bool { !inFlight.isEmpty && failure == nil }

    /// The READDIR that is answered next.
    func takeRequest() -> PendingReply<[NameEntry]?>? {
        inFlight.isEmpty ? nil : inFlight.removeFirst()
    }

    /// Takes those entries of a reply in that can be shown.
    ///
    /// - Parameters:
    ///   - latest: the latest time that the server's clock may show.
    ///   - hidingLinks: whether the attributes of links are left out.
    func append(
        _ entries: [NameEntry], at now: Duration, latest: Int64, hidingLinks: Bool,
        shownName: (NameEntry) -> FileName?
    ) {
        let (before, expected) = (listing.count, repetitions)
        for entry in entries {
            guard let name = shownName(entry) else {
                if entry.filename.elementsEqual(".".utf8) {
                    ownAttributes = entry.attributes
                    noteTimes(of: entry.attributes, latest: latest)
                }
                continue
            }
            // A name is listed once, as it came first, at least as far back as entries are kept.
            if listing.contains(name) {
                repetitions = max(repetitions - 1, 0)
                continue
            }
            // Of a link that is followed, the target's attributes count.
            let isHidden = hidingLinks && entry.attributes.kind == .symbolicLink
            listing.append(name, isHidden ? nil : entry.attributes, at: now)
        }
        window = min(2 * window, maximumWindow)
        let isUseless = listing.count == before && repetitions == expected
        uselessReplies = isUseless ? uselessReplies + 1 : 0
        if uselessReplies == Self.maximumUselessReplies { fail(.EIO) }
    }

    /// What the server has told of the directory itself in the last replies, once.
    func takeOwnAttributes() -> FileAttributes? { ownAttributes.take() }

    /// Looks whether the directory's own times, told by the server while it listed the directory, show that
    /// every later change gets another one.
    ///
    /// Most file systems note the first access after a change. Where that was seconds after the change,
    /// the server's clock has gone on since, whatever it shows; nothing has to be known of it.
    private func noteTimes(of directory: FileAttributes, latest: Int64) {
        guard let times = directory.times, times.mtime == timeBefore,
            times.atime >= Int64(times.mtime) + directorySettlingSeconds, times.atime <= latest
        else { return }
        listing.directoryTime = times.mtime
    }

    /// Takes note of the end of the directory.
    func finish(at now: Duration) {
        listing.provenAt = now
        isComplete = true
    }

    /// Takes note that entries are missing from here on: what comes behind them is of no use.
    func fail(_ error: Errno) {
        isOpening = false
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

    // MARK: Reading

    /// Drops entries far behind a reader that stands at a number, which may be beyond the end: programs
    /// can seek to any offset.
    func dropEntries(farBehind number: Int) {
        let excess = min(number, listing.endNumber) - listing.firstNumber - 2 * Self.keptEntries
        guard excess > 0 else { return }
        listing.dropFirst(excess + Self.keptEntries)
    }

    /// Whether all entries are here.
    var isWhole: Bool { isComplete && listing.firstNumber == 0 }
}

/// A directory that the kernel holds open.
final class OpenDirectory {
    let inode: InodeNumber
    /// What it is read from.
    private(set) var fetch: ListingFetch
    /// Whether entries have been given out: starting over then means reading anew.
    var hasBeenRead = false
    /// Whether the kernel may keep what it reads.
    var isToBeKept = false

    init(_ fetch: ListingFetch) {
        inode = fetch.inode
        self.fetch = fetch
        fetch.readerCount += 1
    }

    /// Whether the first entries can be had only by reading anew.
    var needsRestart: Bool { hasBeenRead || fetch.failure != nil }

    /// Reads from another listing from now on.
    func restart(_ fetch: ListingFetch) {
        self.fetch.readerCount -= 1
        fetch.readerCount += 1
        self.fetch = fetch
    }

    /// Reads no more.
    func close() { fetch.readerCount -= 1 }
}
