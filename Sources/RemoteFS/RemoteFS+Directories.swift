// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
public import SFTPProtocol
import Wire

/// The longest name that the kernel takes from a file system, in bytes.
///
/// `FUSE_NAME_MAX` in Linux's `fs/fuse/fuse_i.h`: one longer name makes it refuse all entries that
/// come with it.
private let fuseNameBytes = 1024

extension RemoteFS {
    /// Opens a directory.
    ///
    /// A listing that is still valid is used again.
    public func opendir(_ inode: InodeNumber) async throws(Errno) -> HandleID {
        guard nodes[inode] != nil else { throw .ESTALE }
        nodes.open(inode)
        let directory: OpenDirectory
        do {
            directory = try await openDirectory(inode)
        } catch {
            nodes.close(inode)
            throw error
        }
        requestMore(directory)
        return directories.add(directory)
    }

    private func openDirectory(_ inode: InodeNumber) async throws(Errno) -> OpenDirectory {
        if let listing = nodes[inode]?.listing, listing.value(at: loop.now) != nil {
            return OpenDirectory(inode: inode, listing: listing, loop: loop)
        }
        let path = try await path(to: inode)
        let change = nodes.lastChange
        let server: SFTPHandle
        do {
            server = try await client.opendir(path)
        } catch {
            throw reasonOfFailedOpendir(error)
        }
        return OpenDirectory(
            inode: inode, server: server, askedAfterChange: change,
            validUntil: loop.now + options.attributeValidity, loop: loop)
    }

    /// Closes a directory.
    public func releasedir(_ handle: HandleID) {
        guard let directory = directories.remove(handle) else { return }
        closeOnServer(directory)
        nodes.close(directory.inode)
    }

    /// Gives up what an open directory holds of the server.
    private func closeOnServer(_ directory: OpenDirectory) {
        guard let server = directory.takeServer() else { return }
        client.assumeIsolated { $0.startClose(server) }
    }

    // MARK: Reading

    /// Entries of an open directory, `.` and `..` first, from an offset on; none at the end.
    ///
    /// Offsets are stable for as long as the directory is open, short of very long ones. Offset 0
    /// starts over with what the directory holds now.
    ///
    /// - Parameters:
    ///   - room: how many bytes the entries may take in the kernel's form.
    ///   - overhead: how many bytes an entry takes there besides its name, before it is rounded up to
    ///     a multiple of eight.
    ///   - attributes: whether to look entries up: every one with an ``ListedEntry/entry`` counts
    ///     as a lookup.
    public func readdir(
        _ handle: HandleID, offset: UInt64, room: Int, overhead: Int, attributes: Bool
    ) async throws(Errno) -> [ListedEntry] {
        if offset == 0 { try await restartIfRead(handle) }
        defer { directories[handle]?.hasBeenRead = true }
        var listed: [ListedEntry] = []
        var room = room
        func takeRoom(for name: FileName) -> Bool {
            let size = (overhead + name.count + 7) / 8 * 8
            guard size <= room else { return false }
            room -= size
            return true
        }
        // None at all would be the end.
        func all() throws(Errno) -> [ListedEntry] {
            if listed.isEmpty { throw .EINVAL }
            return listed
        }
        for entry in try dots(handle) where entry.nextOffset > offset {
            guard takeRoom(for: entry.name) else { return try all() }
            listed.append(entry)
        }
        let index = Int(clamping: max(offset, Self.dotCount) - Self.dotCount)
        for (step, fetched) in try await entries(of: handle, from: index).enumerated() {
            guard takeRoom(for: fetched.entry.name) else { return try all() }
            var entry = listedEntry(fetched.entry, at: index + step, of: handle)
            if attributes { lookUp(&entry, fetched, of: handle) }
            listed.append(entry)
        }
        return listed
    }

    private static var dotCount: UInt64 { 2 }

    private func dots(_ handle: HandleID) throws(Errno) -> [ListedEntry] {
        guard let inode = directories[handle]?.inode else { throw .EBADF }
        let parent = nodes[inode]?.place?.parent ?? inode
        return [
            ListedEntry(name: Array(".".utf8), nextOffset: 1, inode: inode, kind: .directory),
            ListedEntry(name: Array("..".utf8), nextOffset: 2, inode: parent, kind: .directory),
        ]
    }

    private func listedEntry(
        _ entry: DirectoryEntry, at index: Int, of handle: HandleID
    ) -> ListedEntry {
        let parent = directories[handle]?.inode ?? rootInode
        return ListedEntry(
            name: entry.name, nextOffset: UInt64(index + 1) + Self.dotCount,
            inode: nodes.prospectiveInode(named: entry.name, in: parent),
            kind: entry.attributes?.kind)
    }

    /// Looks an entry up with the attributes that came with it, if nothing newer is known.
    private func lookUp(
        _ listed: inout ListedEntry, _ fetched: OpenDirectory.Fetched, of handle: HandleID
    ) {
        guard nodes.count < options.nodesFromListings,
            let parent = directories[handle]?.inode, let attributes = fetched.entry.attributes,
            // A name that we have removed or given to another file since is in the reply all the same.
            nodes[parent]?.isUnchanged(since: fetched.askedAfterChange) ?? false,
            isUnchanged(listed.name, in: parent, since: fetched.askedAfterChange),
            let entry = try? enter(
                listed.name, in: parent, attributes, askedAfter: fetched.askedAfterChange,
                validUntil: fetched.validUntil)
        else { return }
        listed.inode = entry.status.inode
        listed.entry = entry
    }

    /// Starts a listing over that has been read before, or could not be read.
    private func restartIfRead(_ handle: HandleID) async throws(Errno) {
        guard let old = directories[handle] else { throw .EBADF }
        guard old.needsRestart else { return }
        let new = try await openDirectory(old.inode)
        guard directories[handle] === old else {
            // Closed, or started over by someone else.
            return closeOnServer(new)
        }
        directories[handle] = new
        closeOnServer(old)
        old.fetched.wakeAll()
        requestMore(new)
    }

    // MARK: Fetching

    /// The entries from a number on: some, or none at the end of the directory.
    private func entries(
        of handle: HandleID, from index: Int
    ) async throws(Errno) -> ArraySlice<OpenDirectory.Fetched> {
        while true {
            // Another one after each wait, where it has been started over.
            guard let directory = directories[handle] else { throw .EBADF }
            if index < directory.firstIndex {
                // Too far back to have been kept: read again up to there.
                directory.hasBeenRead = true
                try await restartIfRead(handle)
                continue
            }
            directory.dropEntries(farBehind: index)
            if index < directory.endIndex { return directory.entries(from: index) }
            if directory.isComplete { return [] }
            if let failure = directory.failure { throw failure }
            if directory.isFetching {
                do {
                    try await directory.fetched.wait()
                } catch {
                    throw .EINTR
                }
            } else {
                await fetch(directory)
            }
        }
    }

    /// Keeps as many READDIRs in flight as the window allows.
    private func requestMore(_ directory: OpenDirectory) {
        guard let server = directory.server else { return }
        for _ in 0..<directory.missingRequests {
            let reply = try? start { (client) throws(SFTPError) in
                try client.startReaddir(server)
            }
            guard let reply else { return }
            directory.append(reply)
        }
    }

    /// Waits for the next reply to READDIR and takes its entries in, or the error.
    private func fetch(_ directory: OpenDirectory) async {
        requestMore(directory)
        guard let reply = directory.takeRequest() else { return directory.fail(.EIO) }
        directory.isFetching = true
        defer {
            directory.isFetching = false
            directory.fetched.wakeAll()
        }
        do {
            let entries = try await ask { () async throws(SFTPError) in
                try await reply.value
            }
            guard let entries else { return finish(directory) }
            directory.append(entriesToShow(entries, directory))
            requestMore(directory)
        } catch {
            directory.fail(error)
        }
    }

    private func entriesToShow(
        _ entries: [NameEntry], _ directory: OpenDirectory
    ) -> [OpenDirectory.Fetched] {
        var kept: [OpenDirectory.Fetched] = []
        kept.reserveCapacity(entries.count)
        let validUntil = loop.now + options.attributeValidity
        for entry in entries {
            let name = entry.filename
            guard isSafeComponent(name), name.count <= fuseNameBytes else {
                if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) {
                    noteUnsafeName()
                }
                continue
            }
            guard let shownName = options.shown(Array(name)), shownName.count <= fuseNameBytes
            else {
                noteUnsafeName()
                continue
            }
            kept.append(
                OpenDirectory.Fetched(
                    entry: DirectoryEntry(name: shownName, attributes: entry.attributes),
                    askedAfterChange: directory.askedAfterChange, validUntil: validUntil))
        }
        return kept
    }

    private func noteUnsafeName() {
        unsafeNameCount += 1
        if unsafeNameCount == 1 {
            options.log("the server lists names that no file can have; they are not shown")
        }
    }

    /// Takes note of the end of a directory: the listing is complete, and kept if it still holds.
    private func finish(_ directory: OpenDirectory) {
        directory.finish()
        closeOnServer(directory)
        guard let listing = directory.listing,
            nodes[directory.inode]?.isUnchanged(since: directory.askedAfterChange) ?? false
        else { return }
        keep(Timed(value: listing, validUntil: directory.validUntil), of: directory.inode)
    }

    // MARK: Listings

    /// Keeps the listing of a directory for as long as it is valid.
    func keep(_ listing: Timed<DirectoryListing>, of inode: InodeNumber) {
        guard nodes[inode] != nil, listing.value(at: loop.now) != nil else { return }
        nodes[inode]?.listing = listing
        forget(
            keptListings.add(
                KeptListings.Record(
                    inode: inode, entryCount: listing.value.count, validUntil: listing.validUntil)))
        forgetExpiredListings()
    }

    /// Forgets the listings that have expired, now and from time to time while there are any.
    private func forgetExpiredListings() {
        forget(keptListings.takeExpired(now: loop.now))
        guard let next = keptListings.nextExpiry, !listingTimerIsSet else { return }
        listingTimerIsSet = true
        _ = loop.schedule(at: next) { [weak self] in
            self?.assumeIsolated {
                $0.listingTimerIsSet = false
                $0.forgetExpiredListings()
            }
        }
    }

    private func forget(_ records: [KeptListings.Record]) {
        for record in records where nodes[record.inode]?.listing?.validUntil == record.validUntil {
            nodes[record.inode]?.listing = nil
        }
    }
}
