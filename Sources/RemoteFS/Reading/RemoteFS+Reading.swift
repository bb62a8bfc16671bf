// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// Reading, and reading ahead of programs that read a file in a row.
//
// What was fetched ahead is shown only if it is what the server would have answered now, as far as we
// promise to know that. Less than was asked for, or an error, says nothing: it is asked for again when a
// program really reads there.

extension RemoteFS {
    /// How much is asked for at a time once a read has met the loss of a connection.
    static let carefulBytes = 16 << 10
    /// How many bytes are asked for at a time: what Linux reads at a time, so that each of its reads takes
    /// one piece.
    private var pieceBytes: Int { min(128 << 10, client.limits.readBytes) }
    /// A file that nobody has read for so long may lose what was fetched of it to others.
    private static let idleTime = Duration.seconds(1)

    /// One attempt at ``read(_:offset:count:)``.
    ///
    /// - Parameter isCareful: whether nothing is to be asked for but that.
    func readOnce(
        _ handle: HandleID, offset: UInt64, count: Int, isCareful: Bool = false
    ) async throws(Errno) -> [Bytes] {
        if let data = try await readNewContent(handle, offset: offset, count: count) { return data }
        // Behind what is pending there may be more: up to that, the file is not at its end.
        if let inode = files[handle]?.inode { try await settleWrites(of: inode, from: offset) }
        if let all = await takeSmallFile(handle, offset: offset, count: count) { return all }
        let (file, server) = try await openFile(handle)
        var length = count
        // Asking beyond the end would cost another round trip, to learn that it is the end.
        if let size = cachedAttributes(of: file.inode)?.value.size, offset < size {
            length = Int(min(UInt64(count), size - offset))
        }
        guard let end = UInt64(exactly: length).map({ offset.addingReportingOverflow($0) }),
            !end.overflow, length > 0, !isCareful,
            isExpected(offset..<end.partialValue, of: file, handle, server)
        else { return try await read(server, offset: offset, length: length) }
        if let data = try await takeFetched(offset..<end.partialValue, handle) { return data }
        let (_, now) = try await openFile(handle)
        return try await read(now, offset: offset, length: length)
    }

    private func read(
        _ server: SFTPHandle, offset: UInt64, length: Int
    ) async throws(Errno) -> [Bytes] {
        do {
            return try await client.read(server, offset: offset, length: length)
        } catch {
            throw error.errnoOnHandle
        }
    }

    // MARK: Fetched ahead

    /// Takes note of a read; where it was to be expected, what has not been asked for of it is asked for
    /// now, and what will probably be read next behind that.
    private func isExpected(
        _ range: Range<UInt64>, of file: OpenFile, _ handle: HandleID, _ server: SFTPHandle
    ) -> Bool {
        guard options.readsAhead, options.attributeValidity > .zero else { return false }
        let ahead = file.ahead ?? ReadAhead(server, loop: loop)
        if file.ahead == nil { files[handle]?.ahead = ahead }
        let (isExpected, ended) = ahead.streams.note(range)
        if let ended {
            ahead.pieces.removeAll(of: ended)
            aheadMemory.note(ahead.pieces.bytes, of: handle)
        }
        guard isExpected, isGood(ahead, of: file.inode, handle, server) else { return false }
        ahead.lastRead = loop.now
        let stream = ahead.streams.latest
        // What a program has left out.
        ahead.pieces.removeAll(of: stream.id, before: stream.passed)
        let pieceBytes = pieceBytes
        while let gap = ahead.pieces.gap(in: range) {
            let piece = gap.lowerBound..<min(gap.upperBound, gap.lowerBound + UInt64(pieceBytes))
            guard ask(for: piece, stream.id, ahead, handle, server) else { break }
        }
        fetch(ahead, of: file.inode, handle, server)
        return true
    }

    /// Takes what has been fetched, or will have been; nil where it can't be had so.
    private func takeFetched(
        _ range: Range<UInt64>, _ handle: HandleID
    ) async throws(Errno) -> [Bytes]? {
        var hasWaited = false
        while let file = files[handle], let ahead = file.ahead, let server = file.server,
            isCurrent(server), isGood(ahead, of: file.inode, handle, server)
        {
            let limit = oldestToShow(ahead, of: file.inode)
            switch ahead.pieces.take(range, askedSince: limit) {
            case .here(let data):
                aheadMemory.note(ahead.pieces.bytes, of: handle)
                if hasWaited { fetch(ahead, of: file.inode, handle, server) }
                return data
            case .missing:
                return nil
            case .tooOld:
                drop(ahead, handle)
                return nil
            case .onItsWay:
                if !hasWaited { ahead.streams.noteWait() }
                hasWaited = true
                do { try await ahead.progress.wait() } catch { throw .EINTR }
            }
        }
        return nil
    }

    /// Makes sure that what has been fetched is of this handle of the server and of the version that the
    /// file is known to be, and dropped otherwise.
    ///
    /// - Returns: whether anything can be fetched now.
    private func isGood(
        _ ahead: ReadAhead, of inode: InodeNumber, _ handle: HandleID, _ server: SFTPHandle
    ) -> Bool {
        guard let node = nodes[inode], let heard = node.attributes else {
            drop(ahead, handle)
            return false
        }
        let version = FileVersion(heard.value)
        if ahead.server != server || ahead.version != version
            || !isUnchanged(node, since: ahead.change)
        {
            drop(ahead, handle)
            if ahead.version != version { ahead.seenSince = loop.now }
            (ahead.server, ahead.version) = (server, version)
        }
        if ahead.pieces.isEmpty { ahead.change = nodes.lastChange }
        return isUnchanged(node, since: ahead.change)
    }

    /// Whether we have not changed a file since our change of a number, by whichever of its names.
    func isUnchanged(_ node: Node, since change: UInt64) -> Bool {
        node.isUnchanged(since: change)
            && node.twins.allSatisfy { nodes[$0]?.isUnchanged(since: change) ?? true }
    }

    /// What was asked for before this is too old to be shown.
    ///
    /// Where the file's time tells one version from the next, what was fetched of this one stays good for as
    /// long as the file is known to be it. Others may have changed a file that has just been changed
    /// without its time showing that.
    private func oldestToShow(_ ahead: ReadAhead, of inode: InodeNumber) -> Duration {
        let limit = loop.now - options.attributeValidity
        guard let version = ahead.version, version.hasTime,
            let heard = nodes[inode]?.attributes,
            heard.at + options.attributeValidity * 2 >= loop.now
        else { return limit }
        return min(limit, ahead.seenSince + CachedPages.settlingTime)
    }

    /// Asks for as much ahead as should be on its way.
    private func fetch(
        _ ahead: ReadAhead, of inode: InodeNumber, _ handle: HandleID, _ server: SFTPHandle
    ) {
        let pieceBytes = pieceBytes
        let limit = min(aheadMemory.share, readWindow.size * 2)
        let size = nodes[inode]?.attributes?.value.size
        while let wanted = ahead.streams.wanted(pieceBytes: pieceBytes, size: size, limit: limit) {
            if let gap = ahead.pieces.gap(in: wanted.range) {
                guard hasRoom(for: gap.count, of: ahead, handle),
                    ask(for: gap, wanted.stream, ahead, handle, server)
                else { break }
            }
            ahead.streams.noteAsked(wanted)
        }
        aheadMemory.note(ahead.pieces.bytes, of: handle)
    }

    private func ask(
        for range: Range<UInt64>, _ stream: Int, _ ahead: ReadAhead, _ handle: HandleID,
        _ server: SFTPHandle
    ) -> Bool {
        let number = ahead.pieces.expect(range, for: stream, askedAt: loop.now)
        let stamp = readWindow.noteRequest(range.count, now: loop.now)
        do throws(Errno) {
            try start { (client) throws(SFTPError) in
                try client.startRead(server, offset: range.lowerBound, length: range.count) {
                    [weak self] answer in
                    self?.assumeIsolated {
                        $0.receive(answer, of: number, range, handle, server, stamp)
                    }
                }
            }
            return true
        } catch {
            ahead.pieces.drop(number)
            readWindow.noteAnswer(0, of: range.count, to: stamp, now: loop.now)
            return false
        }
    }

    private func receive(
        _ answer: Result<[Bytes]?, SFTPError>, of number: UInt64, _ range: Range<UInt64>,
        _ handle: HandleID, _ server: SFTPHandle, _ stamp: ReadWindow.Stamp
    ) {
        let data = ((try? answer.get()) ?? nil) ?? []
        let count = data.byteCount
        if isCurrent(server) {
            readWindow.noteAnswer(count, of: range.count, to: stamp, now: loop.now)
        }
        guard let file = files[handle], let ahead = file.ahead else { return }
        ahead.pieces.receive(data, of: number)
        if count < range.count { ahead.streams.noteEnd(range.lowerBound + UInt64(count)) }
        if file.server == server, isCurrent(server), isGood(ahead, of: file.inode, handle, server) {
            fetch(ahead, of: file.inode, handle, server)
        }
        aheadMemory.note(ahead.pieces.bytes, of: handle)
        ahead.progress.wakeAll()
    }

    // MARK: Memory

    private func hasRoom(for count: Int, of ahead: ReadAhead, _ handle: HandleID) -> Bool {
        guard readWindow.hasRoom(for: count), ahead.pieces.bytes + count <= aheadMemory.share
        else { return false }
        aheadMemory.note(ahead.pieces.bytes, of: handle)
        while !aheadMemory.hasRoom(for: count) {
            guard dropIdlest(but: handle) else { return false }
        }
        return true
    }

    /// Drops what was fetched of the file that nobody has read for the longest time, if that is long.
    private func dropIdlest(but handle: HandleID) -> Bool {
        let others = aheadMemory.files.compactMap { other in
            other == handle ? nil : files[other]?.ahead.map { (other, $0) }
        }
        guard let (idlest, ahead) = others.min(by: { $0.1.lastRead < $1.1.lastRead }),
            ahead.lastRead + Self.idleTime <= loop.now
        else { return false }
        drop(ahead, idlest)
        return true
    }

    private func drop(_ ahead: ReadAhead, _ handle: HandleID) {
        ahead.drop()
        aheadMemory.note(0, of: handle)
    }

    /// Drops what was fetched of a file that is being opened once more: who has just opened it sees what
    /// was there at that moment, also by what others read.
    func dropFetched(of inode: InodeNumber) {
        if !newContents.isEmpty { newContents[inode] = nil }
        for handle in Array(aheadMemory.files) where files[handle]?.inode == inode {
            if let ahead = files[handle]?.ahead { drop(ahead, handle) }
        }
        dropSmallFiles(of: inode)
    }

    /// Drops what was fetched of a file that is being closed.
    func dropFetched(of file: OpenFile, _ handle: HandleID) {
        if let ahead = file.ahead { drop(ahead, handle) }
        if file.small != nil { smallFileReadCount -= 1 }
    }
}
