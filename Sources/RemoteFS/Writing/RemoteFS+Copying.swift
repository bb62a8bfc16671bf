// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

extension RemoteFS {
    /// The most that one copy-data request copies, in bytes: the server answers nothing else while
    /// it copies.
    private static let copyBytes: UInt64 = 16 << 20

    /// One attempt at ``copyRange(from:at:to:at:count:)``.
    func copyRangeOnce(
        from source: HandleID, at sourceOffset: UInt64, to target: HandleID,
        at targetOffset: UInt64, count: UInt64
    ) async throws(Errno) -> Int {
        for file in [files[source], files[target]] {
            if let inode = file?.inode { try await settleWrites(of: inode) }
        }
        let (sourceFile, sourceHandle) = try await openFile(source)
        let (targetFile, targetHandle) = try await openFile(target)
        guard sourceFile.inode != targetFile.inode,
            nodes[sourceFile.inode]?.twins.contains(targetFile.inode) != true,
            !targetFile.access.contains(.append),
            client.extensions.contains(.copyData)
        else { throw .EOPNOTSUPP }
        let looks = try start { (client) throws(SFTPError) in
            (try client.startFstat(sourceHandle), try client.startFstat(targetHandle))
        }
        let (size, targetSize) = try await ask { () async throws(SFTPError) in
            (try await looks.0.value.size, try await looks.1.value.size)
        }
        guard let size, let targetSize else { throw .EOPNOTSUPP }
        guard sourceOffset < size else { return 0 }
        let length = min(count, size - sourceOffset, Self.copyBytes)
        // On the wire it would mean everything up to the end.
        guard length > 0 else { return 0 }
        // OpenSSH's server answers OK where its last write has failed. Only what makes the file longer
        // shows by its size that it is there.
        guard targetOffset + length > targetSize else { throw .EOPNOTSUPP }
        nodes.beginChange(of: targetFile.inode)
        let details = nodes[targetFile.inode]?.details
        details?.identity?.beginWrite(to: targetOffset + length)
        forgetContent(targetOffset..<targetOffset + length, of: targetFile.inode)
        onLateChanges(of: targetFile.inode) { $0.noteCopied(targetOffset..<targetOffset + length) }
        do {
            try await client.copyData(
                from: sourceHandle, offset: sourceOffset, length: length, to: targetHandle,
                at: targetOffset)
        } catch {
            await endChange(of: targetFile.inode)
            guard !error.endsConnection else { throw error.fileErrno }
            // What has been copied so far does no harm: the kernel copies over it.
            throw .EOPNOTSUPP
        }
        details?.identity?.finishWrite(to: targetOffset + length)
        await endChange(of: targetFile.inode)
        let newSize = try await ask { () async throws(SFTPError) in
            try await client.fstat(targetHandle).size
        }
        // The disk is full, or the source has become shorter: reading and writing tells.
        guard let newSize, newSize >= targetOffset + length else { throw .EOPNOTSUPP }
        return Int(length)
    }
}
