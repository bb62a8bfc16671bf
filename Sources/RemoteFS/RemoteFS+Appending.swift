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
        let before = details?.identity?.size
        details?.identity?.beginAppend(piece.count)
        // What offset is named makes no difference.
        let outcome = await client.writeSome(server, offset: offset, data: [piece])
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
        } else {
            noteLost(of: inode, on: server.generation) {
                $0.noteLost(append: piece, size: before)
            }
        }
        return isThere ? piece.count : 0
    }

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
        guard end == size + UInt64(data.count) else { throw .EIO }
        let path = try await path(to: file.inode)
        let tail = try await ask { () async throws(SFTPError) in
            let reader = try await client.open(path, .read)
            let tail = try await client.read(reader, offset: size, length: data.count)
            await client.startClose(reader)
            return tail
        }
        guard tail.joined().elementsEqual(data) else { throw .EIO }
        return true
    }
}
