// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

/// For how much longer a listing proves what is there for each of its entries.
private let presencePerEntry = Duration.microseconds(100)
/// How many listings are checked ahead for each that may be fetched ahead: it takes one request.
private let checksPerListingAhead = 2
/// How much the server's clock may differ from ours, in seconds, if what it tells of a directory is compared
/// with it.
private let clockDifference: Int64 = 60

/// Listings that are kept, or on their way.
extension RemoteFS {
    // MARK: Kept listings

    /// Keeps the listing of a directory for as long as it is valid.
    func keep(_ listing: DirectoryListing, of inode: InodeNumber) {
        let validUntil =
            listing.begunAt + max(options.cache.listingTimeout, options.cache.attributeTimeout)
        guard let details = nodes[inode]?.makeDetails(), loop.now < validUntil else { return }
        details.listing = listing
        details.listingWasUsed = false
        let record = KeptListings.Record(
            inode: inode, entryCount: listing.count, begunAt: listing.begunAt,
            validUntil: validUntil)
        drop(
            keptListings.add(record) { record in
                guard let details = nodes[record.inode]?.details else { return false }
                defer { details.listingWasUsed = false }
                return details.listingWasUsed
            })
        dropExpiredListings()
    }

    /// Drops the listings that have expired, now and from time to time while there are any.
    private func dropExpiredListings() {
        drop(keptListings.takeExpired(now: loop.now))
        guard let next = keptListings.nextExpiry, next < loop.now + .forEver / 2,
            !listingTimerIsSet
        else { return }
        listingTimerIsSet = true
        _ = loop.schedule(at: next) { [weak self] in
            self?.assumeIsolated {
                $0.listingTimerIsSet = false
                $0.dropExpiredListings()
            }
        }
    }

    private func drop(_ records: [KeptListings.Record]) {
        for record in records {
            guard let details = nodes[record.inode]?.details,
                details.listing?.begunAt == record.begunAt
            else { continue }
            details.listing = nil
        }
    }

    /// A listing of a directory that may be used again.
    func validListing(of inode: InodeNumber) -> DirectoryListing? {
        guard let listing = nodes[inode]?.details?.listing,
            loop.now < listing.begunAt + options.cache.listingTimeout
        else { return nil }
        return listing
    }

    // MARK: Checking

    /// Whether a listing has been right lately enough to say that a name is not there.
    func provesAbsence(_ listing: DirectoryListing) -> Bool {
        loop.now < listing.provenAt + options.absenceValidity
    }

    /// Whether a listing has been right lately enough to be used again, and to say that a name is there.
    ///
    /// A long one for longer, so that who has read it can look at what is in it.
    func provesPresence(_ listing: DirectoryListing) -> Bool {
        loop.now < listing.provenAt + options.presenceValidity + presencePerEntry * listing.count
    }

    /// Asks for the attributes of a directory, if they would show that its listing still holds; and for
    /// those of others, in the order in which they were listed, since programs that come back do so in
    /// that order.
    ///
    /// - Returns: where to wait for the answer; nil where nothing has been asked.
    @discardableResult
    func checkListing(of inode: InodeNumber) -> WaitQueue? {
        if let check = nodes[inode]?.details?.check { return check }
        guard let check = startCheck(of: inode) else { return nil }
        let ahead = checksPerListingAhead * options.cache.listingsAhead
        for next in keptListings.following(inode, maximum: ahead) { startCheck(of: next) }
        return check
    }

    @discardableResult
    private func startCheck(of inode: InodeNumber) -> WaitQueue? {
        guard let details = nodes[inode]?.details, let listing = validListing(of: inode),
            listing.directoryTime != nil, details.check == nil
        else { return nil }
        guard !provesPresence(listing) || !provesAbsence(listing),
            !nodes.isUnsettled(inode), let path = try? settledPath(to: inode)
        else { return nil }
        let change = nodes.lastChange
        let request = try? start { (client) throws(SFTPError) in try client.startStat(path) }
        guard let request else { return nil }
        let check = WaitQueue(loop: loop)
        details.check = check
        loop.spawn {
            let attributes = try? await request.value
            await self.endCheck(of: inode, check, attributes, askedAfter: change)
        }
        return check
    }

    private func endCheck(
        of inode: InodeNumber, _ check: WaitQueue, _ attributes: FileAttributes?,
        askedAfter change: UInt64
    ) {
        if let attributes, attributes.kind == .directory {
            store(attributes, of: inode, askedAfter: change)
        }
        if let details = nodes[inode]?.details, details.check === check { details.check = nil }
        check.wakeAll()
    }

    /// Compares a directory's time with that of its listing: one that has changed proves nothing any
    /// more, and an old one that has not proves it again.
    func compareListing(of inode: InodeNumber, with heard: Heard<FileAttributes>) {
        guard let details = nodes[inode]?.details, let listing = details.listing,
            let time = listing.directoryTime, let mtime = heard.value.times?.mtime,
            heard.at > listing.begunAt
        else { return }
        if mtime == time {
            details.listing?.provenAt = max(listing.provenAt, heard.at)
        } else {
            details.listing = nil
            details.doubtedAt = heard.at
        }
    }

    /// Whether it is certain that every later change of a directory gets another modification time.
    func isTelling(_ mtime: UInt32) -> Bool {
        options.wallClock() - Int64(mtime) >= directorySettlingSeconds + clockDifference
    }

    // MARK: Fetching

    /// A listing of a directory to read from: one that is kept, one on its way, or a new one.
    func listing(of inode: InodeNumber) async throws(Errno) -> ListingFetch {
        if let listing = try await provenListing(of: inode) {
            nodes[inode]?.details?.listingWasUsed = true
            return ListingFetch(inode: inode, listing: listing, loop: loop)
        }
        if let fetch = fetchToShare(of: inode) {
            while fetch.isOpening {
                do { try await fetch.progress.wait() } catch { throw .EINTR }
            }
            if fetch.failure == nil { return fetch }
        }
        let path = try await path(to: inode)
        let (fetch, opening) = try startFetch(of: inode, path)
        if let error = await open(fetch, opening) { throw reasonOfFailedOpendir(error) }
        return fetch
    }

    /// A listing that may be read again: it was right a moment ago, or the directory's time says so.
    private func provenListing(of inode: InodeNumber) async throws(Errno) -> DirectoryListing? {
        if let listing = validListing(of: inode), !provesPresence(listing) {
            try await settle(inode)
            if let check = checkListing(of: inode) {
                do { try await check.wait() } catch { throw .EINTR }
            }
        }
        guard let listing = validListing(of: inode), provesPresence(listing) else { return nil }
        return listing
    }

    /// A listing on its way that shows all that we have done to the directory.
    private func fetchToShare(of inode: InodeNumber) -> ListingFetch? {
        guard let node = nodes[inode], let fetch = node.details?.fetch, fetch.failure == nil,
            fetch.listing.firstNumber == 0,
            node.isUnchanged(since: fetch.listing.askedAfterChange),
            loop.now < fetch.listing.begunAt + options.cache.listingTimeout
        else { return nil }
        return fetch
    }

    func startFetch(
        of inode: InodeNumber, _ path: Bytes
    ) throws(Errno) -> (ListingFetch, PendingReply<SFTPHandle>) {
        let opening = try start { (client) throws(SFTPError) in try client.startOpendir(path) }
        let time = cachedAttributes(of: inode)?.value.times?.mtime
        let fetch = ListingFetch(
            inode: inode, askedAfterChange: nodes.lastChange, begunAt: loop.now,
            timeBefore: time, isTelling: time.map(isTelling) ?? false,
            maximumWindow: max(1, options.cache.requestsAhead), loop: loop)
        nodes[inode]?.makeDetails().fetch = fetch
        return (fetch, opening)
    }

    /// Waits for the server's handle.
    ///
    /// - Returns: why there is none.
    func open(
        _ fetch: ListingFetch, _ opening: PendingReply<SFTPHandle>
    ) async -> SFTPError? {
        defer { fetch.progress.wakeAll() }
        do {
            fetch.open(try await opening.value)
            openDirectoryCount += 1
            requestMore(fetch)
            return nil
        } catch {
            fetch.fail(error.fileErrno)
            removeFromNode(fetch)
            return error
        }
    }

    /// Keeps as many READDIRs in flight as the window allows.
    private func requestMore(_ fetch: ListingFetch) {
        guard let server = fetch.server else { return }
        for _ in 0..<fetch.missingRequests {
            let reply = try? start { (client) throws(SFTPError) in
                try client.startReaddir(server)
            }
            guard let reply else { return }
            fetch.append(reply)
        }
    }

    /// Waits for the next entries, or for the end or an error.
    ///
    /// - Parameter asksForMore: whether to ask for what comes behind what has been asked for.
    func advance(_ fetch: ListingFetch, asksForMore: Bool = true) async throws(Errno) {
        if fetch.isFetching || fetch.isOpening {
            do { try await fetch.progress.wait() } catch { throw .EINTR }
            return
        }
        if asksForMore {
            if !(fetch.server.map(isCurrent) ?? false) { try await resume(fetch) }
            requestMore(fetch)
        }
        guard let reply = fetch.takeRequest() else { return fetch.fail(.EIO) }
        fetch.isFetching = true
        defer {
            fetch.isFetching = false
            fetch.progress.wakeAll()
        }
        do {
            guard let entries = try await reply.value else { return finish(fetch) }
            fetch.append(
                entries, at: loop.now, latest: options.wallClock() + clockDifference,
                hidingLinks: options.symlinks.areFollowed
            ) { shownName(of: $0) }
            if let attributes = fetch.takeOwnAttributes() {
                confirm(attributes, of: fetch.inode, askedAfter: fetch.listing.askedAfterChange)
            }
            if asksForMore { requestMore(fetch) }
        } catch {
            if error.endsConnection {
                interrupt(fetch)
                throw .EIO
            }
            fetch.fail(error.fileErrno)
            removeFromNode(fetch)
        }
    }

    /// Takes what a server tells of a directory that it lists, if it looks like what it tells who asks for it:
    /// some only make it up.
    private func confirm(
        _ attributes: FileAttributes, of inode: InodeNumber, askedAfter change: UInt64
    ) {
        guard let known = nodes[inode]?.attributes?.value, attributes.kind == .directory,
            (attributes.permissions, attributes.owner) == (known.permissions, known.owner),
            attributes.times != nil, attributes.exact?.identity == known.exact?.identity
        else { return }
        store(attributes, of: inode, askedAfter: change)
    }

    /// Takes note of the end of a directory: the listing is complete, and kept if it still holds.
    private func finish(_ fetch: ListingFetch) {
        fetch.finish(at: loop.now)
        closeOnServer(fetch)
        removeFromNode(fetch)
        guard fetch.isWhole, fetch.listing.count <= DirectoryListing.maximumEntries,
            let node = nodes[fetch.inode]
        else { return }
        var listing = fetch.listing
        if !node.isUnchanged(since: listing.askedAfterChange) {
            // Names that we have added since are in the one that is kept.
            guard let details = node.details, let kept = details.listing,
                details.lastRemoval < listing.askedAfterChange
            else { return }
            listing.addNews(of: kept)
            listing.directoryTime = nil
        }
        keep(listing, of: fetch.inode)
    }

    /// Has nobody else read from a fetch.
    func removeFromNode(_ fetch: ListingFetch) {
        guard let details = nodes[fetch.inode]?.details, details.fetch === fetch else { return }
        details.fetch = nil
    }

    /// Gives up what a listing that nobody reads holds of the server.
    func closeIfUnread(_ fetch: ListingFetch) {
        guard fetch.readerCount == 0 else { return }
        closeOnServer(fetch)
        removeFromNode(fetch)
    }

    /// Takes what is on its way still of a listing that is read no more, and gives the rest up: a program that
    /// has read the beginning of a directory often comes back at once, and the end may be among it.
    func finishUnread(_ fetch: ListingFetch) async {
        while fetch.readerCount == 0, fetch.isWaitedFor, !fetch.isFetching,
            (try? await advance(fetch, asksForMore: false)) != nil
        {}
        closeIfUnread(fetch)
    }

    private func closeOnServer(_ fetch: ListingFetch) {
        guard let server = fetch.takeServer() else { return }
        openDirectoryCount -= 1
        client.assumeIsolated { $0.startClose(server) }
    }
}
