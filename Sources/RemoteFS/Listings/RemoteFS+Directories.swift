// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

/// The longest name that the kernel takes from a file system, in bytes.
///
/// `FUSE_NAME_MAX` in Linux's `fs/fuse/fuse_i.h`: one longer name makes it refuse all entries that
/// come with it.
private let fuseNameBytes = 1024

extension RemoteFS {
    /// One attempt at ``opendir(_:)``.
    func opendirOnce(_ inode: InodeNumber) async throws(Errno) -> OpenedDirectory {
        guard nodes[inode] != nil else { throw .ESTALE }
        nodes.open(inode)
        // What is fetched ahead is asked for behind what this needs, and before the answer to that.
        loop.spawn { await self.noteVisit(of: inode) }
        let fetch: ListingFetch
        do {
            fetch = try await listing(of: inode)
        } catch {
            nodes.close(inode)
            throw error
        }
        return enter(fetch)
    }

    /// Closes a directory.
    ///
    /// Nobody waits for this.
    public func releasedir(_ handle: HandleID) async {
        guard let directory = directories.remove(handle) else { return }
        directory.close()
        nodes.close(directory.inode)
        await finishUnread(directory.fetch)
    }

    // MARK: Reading

    /// One attempt at ``readdir(_:offset:room:overhead:attributes:)``.
    func readdirOnce(
        _ handle: HandleID, offset: UInt64, room: Int, overhead: Int, attributes: Bool
    ) async throws(Errno) -> [ListedEntry] {
        if offset == 0 { try await restartIfRead(handle) }
        if let directory = directories[handle] {
            noteReading(directory, from: offset, attributes: attributes)
        }
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
        var number = Int(clamping: max(offset, Self.dotCount) - Self.dotCount)
        while let fetch = try await entries(of: handle, from: number) {
            while number < fetch.listing.endNumber {
                defer { number += 1 }
                guard let entry = fetch.listing[number] else { continue }
                guard takeRoom(for: entry.name) else { return try all() }
                listed.append(listedEntry(entry, number, fetch, looksUp: attributes))
            }
            if !listed.isEmpty { break }
        }
        return listed
    }

    private static var dotCount: UInt64 { 2 }

    private func dots(_ handle: HandleID) throws(Errno) -> [ListedEntry] {
        guard let inode = directories[handle]?.inode else { throw .EBADF }
        let parent = nodes[inode]?.place?.parent ?? inode
        return [
            ListedEntry(
                name: Array(".".utf8), nextOffset: 1, number: number(of: inode), kind: .directory),
            ListedEntry(
                name: Array("..".utf8), nextOffset: 2, number: number(of: parent),
                kind: .directory),
        ]
    }

    private func number(of inode: InodeNumber) -> UInt64 {
        number(of: nodes[inode]?.identity) ?? inode
    }

    private func listedEntry(
        _ entry: DirectoryEntry, _ number: Int, _ fetch: ListingFetch, looksUp: Bool
    ) -> ListedEntry {
        var listed = ListedEntry(
            name: entry.name, nextOffset: UInt64(number + 1) + Self.dotCount, number: 0,
            kind: entry.attributes?.kind)
        if looksUp, let known = lookUp(entry, fetch) {
            listed.number = known.status.number
            listed.entry = known
        } else {
            listed.number = self.number(of: entry, in: fetch.inode)
        }
        return listed
    }

    /// What a program is shown as the `d_ino` of an entry.
    func number(of entry: DirectoryEntry, in parent: InodeNumber) -> UInt64 {
        let inode = nodes.prospectiveInode(named: entry.name, in: parent)
        return number(of: entry.attributes?.exact?.identity ?? nodes[inode]?.identity) ?? inode
    }

    /// Looks an entry up with the attributes that came with it, if nothing newer is known.
    private func lookUp(_ entry: DirectoryEntry, _ fetch: ListingFetch) -> Entry? {
        let change = fetch.listing.askedAfterChange
        guard let attributes = entry.attributes,
            // A name that we have removed or given to another file since is in the reply all the same.
            nodes[fetch.inode]?.isUnchanged(since: change) ?? false,
            isUnchanged(entry.name, in: fetch.inode, since: change)
        else { return nil }
        let inode = nodes.inode(named: entry.name, in: fetch.inode)
        if inode == nil, nodes.nameCount >= options.maximumNodes {
            dropIdleNodes()
            return nil
        }
        // What is open may be another file than what is listed: for the server to say.
        if let inode, openHandle(of: inode) != nil,
            nodes[inode]?.attributes?.value.differs(from: attributes) ?? true
        {
            return nil
        }
        if let heard = inode.flatMap({ nodes[$0]?.attributes }), heard.at > entry.heardAt {
            return try? enter(
                entry.name, in: fetch.inode, heard.value, askedAfter: nodes.lastChange,
                nameAfter: change, heardAt: heard.at)
        }
        return try? enter(
            entry.name, in: fetch.inode, attributes, askedAfter: change, heardAt: entry.heardAt)
    }

    // MARK: Fetching

    /// The listing of an open directory, once it has entries from a number on; nil at the end of the
    /// directory.
    private func entries(
        of handle: HandleID, from number: Int
    ) async throws(Errno) -> ListingFetch? {
        while true {
            // Another one after each wait, where it has been started over.
            guard let directory = directories[handle] else { throw .EBADF }
            let fetch = directory.fetch
            if number < fetch.listing.firstNumber {
                // Too far back to have been kept: read again up to there.
                directory.hasBeenRead = true
                try await restartIfRead(handle)
                continue
            }
            fetch.dropEntries(farBehind: number)
            if number < fetch.listing.endNumber { return fetch }
            if fetch.isComplete { return nil }
            if let failure = fetch.failure { throw failure }
            try await advance(fetch)
        }
    }

    /// Starts a listing over that has been read before, or could not be read.
    private func restartIfRead(_ handle: HandleID) async throws(Errno) {
        guard let directory = directories[handle] else { throw .EBADF }
        guard directory.needsRestart else { return }
        let old = directory.fetch
        removeFromNode(old)
        let new = try await listing(of: directory.inode)
        guard directories[handle]?.fetch === old else {
            // Closed, or started over by someone else.
            return closeIfUnread(new)
        }
        directory.restart(new)
        closeIfUnread(old)
        old.progress.wakeAll()
    }

    /// The name that an entry is shown by; nil where it can't be.
    func shownName(of entry: NameEntry) -> FileName? {
        let name = entry.filename
        if isSafeComponent(name), name.count <= fuseNameBytes,
            let shown = options.shown(FileName(name)), shown.count <= fuseNameBytes
        {
            return shown
        }
        if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) { noteUnsafeName() }
        return nil
    }

    private func noteUnsafeName() {
        unsafeNameCount += 1
        if unsafeNameCount == 1 {
            options.log("the server lists names that no file can have; they are not shown")
        }
    }
}
