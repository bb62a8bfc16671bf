// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// Whether what has just been opened by the path of an open file is that file.

extension RemoteFS {
    /// How often what has just been opened is looked at before it is taken for another file: somebody may
    /// change the file between two looks, there and back, and we while the answer is on its way.
    private static let comparisons = 3

    /// What has just been opened, if it is the file that the node is.
    func recognise(
        _ server: SFTPHandle, of file: OpenFile, otherwise attributes: FileAttributes?
    ) async throws(Errno) -> FileAttributes? {
        let inode = file.inode
        for _ in 0..<Self.comparisons {
            let change = nodes.lastChange
            let (found, witness) = try await look(
                at: server, beside: currentHandle(of: inode), otherwise: attributes)
            if await isSame(found, witness, as: inode) { return found }
            guard witness == nil else { continue }
            if nodes[inode]?.details?.identity?.mayHaveBecome(found) ?? false,
                try await holdsWhatIsKnown(server, of: file)
            {
                return found
            }
            if nodes[inode]?.isUnchanged(since: change) ?? true { break }
        }
        return nil
    }

    /// Whether what has just been opened holds what the file is known to hold.
    ///
    /// Where nothing is known of that, nothing has been read or written by which an open file could be
    /// mixed up with another one: without a number, it may still be read.
    private func holdsWhatIsKnown(
        _ server: SFTPHandle, of file: OpenFile
    ) async throws(Errno) -> Bool {
        let details = nodes[file.inode]?.details
        let isNumbered = details?.identity?.hasNumber ?? false
        guard let sample = details?.sample else {
            let writer = files.first {
                $0.inode == file.inode && !$0.isStale && $0.access.contains(.write)
            }
            return isNumbered || writer == nil
        }
        var reader = server
        if !file.access.contains(.read) {
            let path = try await path(to: file.inode)
            do {
                reader = try await client.open(path, .read)
            } catch {
                if error.endsConnection { throw error.fileErrno }
                return isNumbered
            }
        }
        let found: Result<[Bytes], SFTPError>
        do throws(SFTPError) {
            found = .success(
                try await client.read(reader, offset: sample.offset, length: sample.lengthToRead))
        } catch {
            found = .failure(error)
        }
        if reader != server { await client.startClose(reader) }
        switch found {
        case .success(let pieces): return sample.isIn(Array(pieces.joined()))
        case .failure(let error):
            if error.endsConnection { throw error.fileErrno }
            return false
        }
    }

    /// What has just been opened, or what has its path, for servers that can't tell; and looks at a handle
    /// that the node has already, around that one: the file may be changed meanwhile.
    private func look(
        at server: SFTPHandle, beside known: SFTPHandle?, otherwise attributes: FileAttributes?
    ) async throws(Errno) -> (FileAttributes, Opening.Witness?) {
        if options.avoidsFstat {
            guard let attributes else { throw .EIO }
            return (attributes, nil)
        }
        let (look, witness) = try start { (client) throws(SFTPError) in
            let before = try known.map { (known) throws(SFTPError) in try client.startFstat(known) }
            let look = try client.startFstat(server)
            let after = try known.map { (known) throws(SFTPError) in try client.startFstat(known) }
            guard let before, let after else { return (look, Opening.Witness?.none) }
            return (look, Opening.Witness(before: before, after: after))
        }
        do {
            return (try await look.value, witness)
        } catch {
            await client.startClose(server)
            throw error.errnoOnHandle
        }
    }

    private func isSame(
        _ found: FileAttributes, _ witness: Opening.Witness?, as inode: InodeNumber
    ) async -> Bool {
        if let witness { return await !witness.contradicts(found) }
        return nodes[inode]?.details?.identity?.admits(found) ?? (found.kind == .regular)
    }
}
