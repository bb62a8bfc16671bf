// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol

/// The most entries of a listing that may be fetched anew whenever it proves nothing any more.
private let shortListing = 512
/// How many entries of a directory are fetched before somebody reads it.
private let entriesAhead = 4096
/// For how long a listing that is fetched ahead waits for its first reader, and for how long no other
/// of its directory is fetched ahead.
private let patienceAhead = Duration.seconds(5)

// Fetching the listings of directories before programs come to them.

extension RemoteFS {
    /// Takes note that a directory is being read, and fetches the listings of those that come next.
    func noteVisit(of inode: InodeNumber) {
        guard options.cache.listingTimeout > .zero, let place = nodes[inode]?.place,
            let details = nodes[place.parent]?.makeDetails()
        else { return }
        let next = details.walk.noteVisit(
            place.name, at: loop.now, place: placeInWalk(of: place, details),
            in: { details.listing ?? details.fetch?.listing },
            numbered: { self.number(of: $0, in: place.parent) }, ahead: options.cache.listingsAhead)
        for name in next { fetchAhead(name, in: place.parent) }
    }

    /// Where an entry stands in its directory, as far as that is known.
    func placeInWalk(of place: Node.Place, _ directory: NodeDetails) -> DirectoryWalk.Place? {
        var number = directory.listing?.number(of: place.name)
        var listing = directory.listing
        if number == nil {
            listing = directory.fetch?.listing
            number = listing?.number(of: place.name)
        }
        guard let number, let entry = listing?[number] else { return nil }
        return DirectoryWalk.Place(
            number: number, inodeNumber: self.number(of: entry, in: place.parent))
    }

    private func fetchAhead(_ name: FileName, in parent: InodeNumber) {
        guard fetchesAhead < options.cache.listingsAhead,
            let inode = nodes.inode(named: name, in: parent)
        else { return }
        fetchAhead(inode)
    }

    /// Takes note that a name of a directory had to be asked for: with the second one, all are.
    func noteMiss(of name: FileName, in inode: InodeNumber) {
        guard options.cache.listingTimeout > .zero,
            let details = nodes[inode]?.makeDetails(),
            details.walk.noteMiss(of: name, at: loop.now),
            fetchesAhead < options.cache.listingsAhead
        else { return }
        let isShort = validListing(of: inode).map { $0.count <= shortListing } ?? false
        guard isShort || loop.now >= details.walk.nextFetch else { return }
        details.walk.nextFetch = loop.now + patienceAhead
        fetchAhead(inode)
    }

    private func fetchAhead(_ inode: InodeNumber) {
        if let listing = validListing(of: inode) {
            if provesPresence(listing), provesAbsence(listing) { return }
            if checkListing(of: inode) != nil { return }
        }
        guard let node = nodes[inode], node.kind == .directory, node.changesInFlight == 0,
            node.details?.fetch == nil, !nodes.isUnsettled(inode),
            let path = try? settledPath(to: inode),
            let (_, opening) = try? startFetch(of: inode, path)
        else { return }
        fetchesAhead += 1
        // Known for as long as something is to come back to it.
        nodes.open(inode)
        loop.spawn { await self.runFetch(of: inode, opening) }
    }

    private func runFetch(of inode: InodeNumber, _ opening: PendingReply<SFTPHandle>) async {
        guard let fetch = nodes[inode]?.details?.fetch else { return }
        if await open(fetch, opening) == nil {
            while !fetch.isComplete, fetch.failure == nil, fetch.readerCount == 0,
                fetch.listing.count < entriesAhead
            {
                guard (try? await advance(fetch)) != nil else { break }
            }
        }
        fetchesAhead -= 1
        nodes.close(fetch.inode)
        guard !fetch.isComplete, fetch.failure == nil, fetch.readerCount == 0 else { return }
        try? await loop.sleep(for: patienceAhead)
        closeIfUnread(fetch)
    }
}
