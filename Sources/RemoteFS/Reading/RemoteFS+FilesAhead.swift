// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// Programs that read one small file of a directory after the other (git status, cp -r, grep -r) wait for two
// round trips at each: for OPEN, and for READ. So the next files are opened and read before they come to
// them. What an open shows still is what its path leads to at that moment: it asks for the attributes of the
// file and of its directory, and what was read ahead is used only where both are what they were before,
// and tell every later change.

extension RemoteFS {
    /// Takes note that a file is being opened to be read, and opens those that come next.
    func noteVisit(ofFile inode: InodeNumber) {
        guard options.cache.filesAhead > 0, options.readsAhead, options.attributeValidity > .zero,
            let place = nodes[inode]?.place, let details = nodes[place.parent]?.details
        else { return }
        let next = details.fileWalk.noteVisit(
            place.name, at: loop.now, place: placeInWalk(of: place, details),
            in: { details.listing },
            numbered: { number(of: $0, in: place.parent) },
            expected: filesAhead.expectedOrder(at: loop.now),
            ahead: min(filesAhead.window, options.cache.filesAhead))
        for name in next where hasRoomForFileAhead {
            openAhead(Node.Place(parent: place.parent, name: name))
        }
    }

    /// Whether one more may be open that nobody has asked for: half of what the server can have open is for
    /// what programs do.
    private var hasRoomForFileAhead: Bool {
        let limit = client.limits.openHandles ?? 100
        return filesAhead.count < options.cache.filesAhead
            && files.count + openDirectoryCount + filesAhead.count < limit / 2
    }

    private func openAhead(_ place: Node.Place) {
        guard !filesAhead.contains(place), let (attributes, time) = worthOpening(place),
            let path = try? settledPath(to: place.name, in: place.parent)
        else { return }
        let file = FileAhead(
            place, attributes, directoryTime: time, askedAfter: nodes.lastChange, loop: loop)
        guard filesAhead.byteCount + file.size <= readWindow.size,
            let opening = try? start({ (client) throws(SFTPError) in
                try client.startOpen(path, .read)
            })
        else { return }
        let number = filesAhead.add(file)
        loop.spawn { await self.finishOpening(number, opening) }
        scheduleEndOfFilesAhead()
    }

    /// What the listing tells of a small file and of its directory's time, where both would tell every later
    /// change, and the kernel will ask for what is in the file.
    private func worthOpening(_ place: Node.Place) -> (FileAttributes, directoryTime: UInt32)? {
        guard let details = nodes[place.parent]?.details, let time = details.listing?.directoryTime,
            let attributes = details.listing?.entry(named: place.name)?.attributes,
            attributes.kind == .regular, let size = attributes.size,
            (1...Self.smallFileBytes).contains(size), size <= client.limits.readBytes,
            let mtime = attributes.times?.mtime, isTelling(mtime),
            !nodes.isUnsettled(place.name, in: place.parent)
        else { return nil }
        if let inode = nodes.inode(named: place.name, in: place.parent), let node = nodes[inode] {
            let isIdle = node.openCount == 0 && node.changesInFlight == 0
            guard isIdle, node.pages?.areTrusted(attributes) != true else { return nil }
        }
        return (attributes, time)
    }

    private func finishOpening(_ number: UInt64, _ opening: PendingReply<SFTPHandle>) async {
        let server = try? await opening.value
        guard let file = filesAhead.takeOpening(number) else { return }
        guard let server, !file.isGivenUp else {
            if let server { client.assumeIsolated { $0.startClose(server) } }
            filesAhead.remove(file)
            return file.finishOpening(nil, nil)
        }
        let size = file.size
        let content = try? start { (client) throws(SFTPError) in
            try client.startRead(server, offset: 0, length: size)
        }
        file.finishOpening(server, content)
    }

    // MARK: Coming to them

    /// Opens a file that has been opened ahead, if that still is what its path leads to.
    ///
    /// - Returns: nil where it has to be opened as every other.
    func openByAhead(_ inode: InodeNumber) async -> OpenedFile? {
        guard !filesAhead.isEmpty, let place = nodes[inode]?.place,
            let ahead = filesAhead.take(place)
        else { return nil }
        guard nodes[inode]?.openCount == 0, !isChanged(inode, place.parent, since: ahead),
            let looks = startLooks(at: inode, in: place.parent)
        else {
            giveUp(ahead)
            return nil
        }
        let (change, now) = (nodes.lastChange, loop.now)
        // As in every open.
        nodes.open(inode)
        let order = nodes[place.parent]?.details?.fileWalk.kindOfOrder
        filesAhead.noteUse(order, at: now, maximum: options.cache.filesAhead)
        noteVisit(ofFile: inode)
        guard let found = await compare(ahead, with: looks, askedAfter: change),
            !isChanged(inode, place.parent, since: ahead), let server = ahead.server
        else {
            giveUp(ahead)
            nodes.close(inode)
            return nil
        }
        let handle = add(
            OpenFile(inode: inode, flags: .read, server: server), found, askedAfter: change)
        let keepsPages = keepsPages(of: inode, found)
        if !keepsPages, let content = ahead.content {
            expect(content, of: ahead.size, handle, askedAfter: change, at: now)
        }
        await show(found, of: inode, askedAfter: change)
        return OpenedFile(handle: handle, keepsPages: keepsPages, needsFlush: false)
    }

    /// The file's attributes, if what is open on this connection is still what its path leads to.
    private func compare(
        _ ahead: FileAhead, with looks: Looks, askedAfter change: UInt64
    ) async -> FileAttributes? {
        let found = try? await looks.file.value
        let directory = try? await looks.directory.value
        if let directory, directory.kind == .directory {
            store(directory, of: ahead.place.parent, askedAfter: change)
        }
        guard let server = await ahead.opened(), isCurrent(server), let found, let directory,
            !ahead.attributes.differs(from: found),
            directory.times?.mtime == ahead.directoryTime
        else { return nil }
        return found
    }

    /// Whether we have changed a file or its directory since it was opened ahead.
    private func isChanged(
        _ inode: InodeNumber, _ parent: InodeNumber, since ahead: FileAhead
    ) -> Bool {
        [inode, parent].contains { inode in
            nodes[inode].map { !isUnchanged($0, since: ahead.askedAfterChange) } ?? true
        }
    }

    private typealias Looks = (
        file: PendingReply<FileAttributes>, directory: PendingReply<FileAttributes>
    )

    private func startLooks(at inode: InodeNumber, in parent: InodeNumber) -> Looks? {
        guard let path = try? settledPath(to: inode), let folder = try? settledPath(to: parent)
        else { return nil }
        return try? start { (client) throws(SFTPError) in
            (try client.startLstat(path), try client.startStat(folder))
        }
    }

    // MARK: Giving them up

    /// Leaves what the server can have open to programs, where they need it.
    func makeRoomBesideFilesAhead() {
        let limit = client.limits.openHandles ?? 100
        let isTight = files.count + openDirectoryCount + filesAhead.count > limit / 4 * 3
        if !filesAhead.isEmpty, isTight { closeFilesAhead() }
    }

    private func giveUp(_ ahead: FileAhead) {
        guard let server = ahead.giveUp() else { return }
        client.assumeIsolated { $0.startClose(server) }
    }

    /// Closes what has been opened ahead at a place.
    func closeAhead(_ name: FileName, in parent: InodeNumber) {
        guard !filesAhead.isEmpty else { return }
        if let file = filesAhead.take(Node.Place(parent: parent, name: name)) { giveUp(file) }
    }

    /// Closes all that has been opened ahead.
    func closeFilesAhead() {
        for file in filesAhead.takeAll() { giveUp(file) }
    }

    /// Closes, from time to time, what nobody has come for.
    private func scheduleEndOfFilesAhead() {
        guard !filesAheadTimerIsSet else { return }
        filesAheadTimerIsSet = true
        _ = loop.schedule(at: loop.now + FilesAhead.patience) { [weak self] in
            self?.assumeIsolated {
                $0.filesAheadTimerIsSet = false
                for file in $0.filesAhead.takeExpired(now: $0.loop.now) { $0.giveUp(file) }
                if !$0.filesAhead.isEmpty { $0.scheduleEndOfFilesAhead() }
            }
        }
    }
}
