// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// Writing to files that were opened to append. The server puts the data at the end, wherever that is, so
// that sending them twice would leave them there twice.

extension RemoteFS {
    /// Appends, one WRITE after the other: the order in which the server carries them out is the order of
    /// the data.
    ///
    /// What was not acknowledged when the connection was lost is sent again only if it is certain that it
    /// has not arrived.
    ///
    /// - Returns: how much has been written, though what follows may have failed.
    func append(
        _ data: Bytes, to handle: HandleID, offset: UInt64
    ) async throws(Errno) -> Int {
        guard let inode = files[handle]?.inode else { throw .EBADF }
        nodes.beginChange(of: inode)
        newContents[inode] = nil
        var written = 0
        var failure: Errno?
        while written < data.count, failure == nil {
            do throws(Errno) {
                written += try await appendSome(
                    data.dropFirst(written), to: handle, of: inode,
                    offset: offset + UInt64(written))
            } catch {
                failure = error
            }
        }
        await endChange(of: inode)
        if let failure, written == 0 { throw failure }
        return written
    }

    /// Appends as much as fits in one WRITE.
    private func appendSome(
        _ data: Bytes, to handle: HandleID, of inode: InodeNumber, offset: UInt64
    ) async throws(Errno) -> Int {
        let server = try await again { () async throws(Errno) in try await openFile(handle).1 }
        let piece = data.prefix(client.limits.writeBytes)
        let details = nodes[inode]?.makeDetails()
        let look = askForSize(of: inode, server)
        var (before, least) = (details?.identity?.size, details?.identity?.sizes?.lowerBound)
        details?.identity?.beginAppend(piece.count)
        // What offset is named makes no difference.
        let outcome = await client.writeSome(server, offset: offset, data: [piece])
        if let size = try? await look?.value.size {
            (before, least) = (size, size)
            details?.identity?.noteSize(size, before: piece.count)
        }
        var isThere = outcome.failure == nil
        if let failure = outcome.failure {
            guard failure.endsConnection else {
                details?.identity?.finishAppend(piece.count, hasArrived: false)
                throw await reasonOfFailedWrite(failure, to: inode)
            }
            isThere = try await again { () async throws(Errno) in
                try await hasArrived(piece, in: handle, behind: before)
            }
        }
        details?.identity?.finishAppend(piece.count, hasArrived: isThere)
        if isThere {
            onLateChanges(of: inode) { $0.noteAppended(piece.count) }
            if let least { noteContent([piece], at: least, of: inode, mayLieBehind: true) }
        } else {
            noteLost(of: inode, on: server.generation) {
                $0.noteLost(append: piece, size: before)
            }
        }
        return isThere ? piece.count : 0
    }

    /// For how long the size of a file counts that is appended to, beside others perhaps.
    private static let sizeValidity = Duration.seconds(1)

    /// Asks for the size of a file right before something is appended to it, once in a while: so what is
    /// there is found again though others have appended much, too.
    private func askForSize(
        of inode: InodeNumber, _ server: SFTPHandle
    ) -> PendingReply<FileAttributes>? {
        guard let details = nodes[inode]?.details, !options.avoidsFstat,
            loop.now >= details.sizeAskedAt + Self.sizeValidity
        else { return nil }
        details.sizeAskedAt = loop.now
        return try? start { (client) throws(SFTPError) in try client.startFstat(server) }
    }

    /// The fewest bytes of an append that are taken for it among what others have appended.
    private static let tellingBytes = 16

    /// Whether data that was sent on a lost connection stands at the end of the file.
    ///
    /// - Throws: `EIO` where that can't be known.
    private func hasArrived(
        _ data: Bytes, in handle: HandleID, behind size: UInt64?
    ) async throws(Errno) -> Bool {
        let (file, server) = try await openFile(handle)
        let found = try await ask { () async throws(SFTPError) in try await client.fstat(server) }
        guard let size, let end = found.size else { throw .EIO }
        if end == size { return false }
        guard end > size, end - size <= UInt64(ContentSample.searchedBytes) else { throw .EIO }
        let path = try await path(to: file.inode)
        let tail = try await ask { () async throws(SFTPError) in
            let reader = try await client.open(path, .read)
            let tail = try await client.read(reader, offset: size, length: Int(end - size))
            await client.startClose(reader)
            return tail
        }
        let added = Array(tail.joined())
        if added.elementsEqual(data) { return true }
        guard data.count >= Self.tellingBytes else { throw .EIO }
        return added.contains(data)
    }
}
