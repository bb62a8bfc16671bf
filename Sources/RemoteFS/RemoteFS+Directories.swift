// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
public import SFTPProtocol
import Wire

extension RemoteFS {
    /// Opens a directory.
    ///
    /// A listing that is still valid is used again.
    public func opendir(_ inode: InodeNumber) async throws(Errno) -> HandleID {
        let directory = try await openDirectory(inode)
        nodes.open(inode)
        let handle = directories.add(directory)
        requestMore(handle)
        return handle
    }

    private func openDirectory(_ inode: InodeNumber) async throws(Errno) -> OpenDirectory {
        if let listing = nodes[inode]?.listing, listing.value(at: loop.now) != nil {
            return OpenDirectory(inode: inode, listing: listing, loop: loop)
        }
        let path = try await path(to: inode)
        let change = nodes.lastChange
        let server = try await ask { () async throws(SFTPError) in try await client.opendir(path) }
        return OpenDirectory(
            inode: inode, server: server, askedAfterChange: change,
            validUntil: loop.now + options.attributeValidity, loop: loop)
    }

    /// Closes a directory.
    public func releasedir(_ handle: HandleID) async {
        guard let directory = directories.remove(handle) else { return }
        nodes.close(directory.inode)
        await drop(directory)
    }

    /// Gives up what an open directory holds of the server.
    private func drop(_ directory: OpenDirectory) async {
        if let server = directory.server { await client.startClose(server) }
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
        var listed: [ListedEntry] = []
        var room = room
        func take(_ entry: ListedEntry) -> Bool {
            let size = (overhead + entry.name.count + 7) / 8 * 8
            guard size <= room else { return false }
            room -= size
            listed.append(entry)
            return true
        }
        for entry in try dots(handle) where entry.nextOffset > offset {
            guard take(entry) else { return listed }
        }
        let index = Int(clamping: max(offset, Self.dotCount) - Self.dotCount)
        for (step, fetched) in try await entries(of: handle, from: index).enumerated() {
            var entry = listedEntry(fetched.entry, at: index + step, of: handle)
            let isFull = (overhead + entry.name.count + 7) / 8 * 8 > room
            if isFull { break }
            if attributes { lookUp(&entry, fetched, of: handle) }
            _ = take(entry)
        }
        directories[handle]?.hasBeenRead = true
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
        guard let parent = directories[handle]?.inode, let attributes = fetched.entry.attributes,
            isUnchanged(listed.name, in: parent, since: fetched.askedAfterChange),
            let entry = try? enter(
                listed.name, in: parent, attributes, askedAfter: fetched.askedAfterChange,
                validUntil: fetched.validUntil)
        else { return }
        listed.inode = entry.status.inode
        listed.entry = entry
    }

    /// Starts a listing over that has been read before.
    private func restartIfRead(_ handle: HandleID) async throws(Errno) {
        guard let old = directories[handle] else { throw .EBADF }
        guard old.hasBeenRead else { return }
        let new = try await openDirectory(old.inode)
        guard let replaced = directories[handle] else {
            await drop(new)
            throw .EBADF
        }
        directories[handle] = new
        replaced.fetched.wakeAll()
        await drop(replaced)
        requestMore(handle)
    }

    // MARK: Fetching

    /// The entries from a number on: some, or none at the end of the directory.
    private func entries(
        of handle: HandleID, from index: Int
    ) async throws(Errno) -> ArraySlice<OpenDirectory.Fetched> {
        while true {
            guard let directory = directories[handle] else { throw .EBADF }
            if index < directory.firstIndex {
                // Too far back to have been kept: read again up to there.
                directories[handle]?.hasBeenRead = true
                try await restartIfRead(handle)
                continue
            }
            directories[handle]?.dropEntries(farBehind: index)
            let entries = directory.entries(from: index)
            if !entries.isEmpty || directory.isComplete { return entries }
            if directory.isFetching {
                try? await directory.fetched.wait()
            } else {
                try await fetch(handle)
            }
        }
    }

    /// Keeps as many READDIRs in flight as the window allows.
    private func requestMore(_ handle: HandleID) {
        guard let directory = directories[handle], let server = directory.server else { return }
        for _ in directory.inFlight.count..<max(directory.window, directory.inFlight.count) {
            let reply = try? start { (client) throws(SFTPError) in
                try client.startReaddir(server)
            }
            guard let reply else { return }
            directories[handle]?.inFlight.append(reply)
        }
    }

    /// Waits for the next reply to READDIR and takes its entries in.
    private func fetch(_ handle: HandleID) async throws(Errno) {
        requestMore(handle)
        guard let reply = directories[handle]?.inFlight.first else { throw .EIO }
        directories[handle]?.inFlight.removeFirst()
        directories[handle]?.isFetching = true
        let fetched = directories[handle]?.fetched
        defer {
            directories[handle]?.isFetching = false
            fetched?.wakeAll()
        }
        let entries = try await ask { () async throws(SFTPError) in
            try await reply.value
        }
        guard let directory = directories[handle] else { throw .EBADF }
        guard let entries else { return await finish(handle) }
        directories[handle]?.append(keepSafe(entries, directory))
        directories[handle]?.window = min(2 * directory.window, OpenDirectory.maximumWindow)
        requestMore(handle)
    }

    private func keepSafe(
        _ entries: [NameEntry], _ directory: OpenDirectory
    ) -> [OpenDirectory.Fetched] {
        var kept: [OpenDirectory.Fetched] = []
        kept.reserveCapacity(entries.count)
        let validUntil = loop.now + options.attributeValidity
        for entry in entries {
            guard isSafeComponent(entry.filename) else {
                if !entry.filename.elementsEqual(".".utf8), !entry.filename.elementsEqual("..".utf8)
                {
                    noteUnsafeName()
                }
                continue
            }
            kept.append(
                OpenDirectory.Fetched(
                    entry: DirectoryEntry(
                        name: Array(entry.filename), attributes: entry.attributes),
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
    private func finish(_ handle: HandleID) async {
        guard var directory = directories[handle] else { return }
        await drop(directory)
        directory.server = nil
        directory.inFlight = []
        directories[handle] = directory
        guard let listing = directory.listing,
            nodes[directory.inode]?.isUnchanged(since: directory.askedAfterChange) ?? false
        else { return }
        nodes[directory.inode]?.listing = Timed(value: listing, validUntil: directory.validUntil)
    }
}
