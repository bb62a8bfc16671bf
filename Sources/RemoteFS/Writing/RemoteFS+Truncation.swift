// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// Servers that can't set a file's size, and say so by OP_UNSUPPORTED.

extension RemoteFS {
    /// The most bytes of a file that are kept here while it is written anew.
    private static let rewrittenBytes: UInt64 = 64 << 20

    /// Sets the size of a file by other means, where the server can't do it by SETSTAT.
    ///
    /// To nothing by OPEN; to more by a write at the end; to less by writing the file anew, only if that
    /// has been asked for, since the rest of it is lost if the connection breaks meanwhile.
    ///
    /// - Returns: whether it has been done.
    func truncate(
        _ inode: InodeNumber, _ changes: AttributeChanges, after error: SFTPError
    ) async -> Bool {
        var others = changes
        others.size = nil
        guard let size = changes.size, others.isEmpty, case .status(let status) = error,
            status.code == .operationUnsupported
        else { return false }
        do {
            if size == 0 {
                try await withFile(inode, [.write, .truncate]) { (_, _) throws(SFTPError) in }
                return true
            }
            let present = try await lstat(inode).size ?? 0
            if size > present {
                try await withFile(inode, .write) { (client, file) async throws(SFTPError) in
                    try await client.write(file, offset: size - 1, data: [[0]])
                }
            } else if size < present {
                return try await shrink(inode, to: size)
            }
            return true
        } catch {
            return false
        }
    }

    private func shrink(_ inode: InodeNumber, to size: UInt64) async throws -> Bool {
        guard options.rewritesToTruncate, size <= Self.rewrittenBytes else { return false }
        var data: [Bytes] = []
        try await withFile(inode, .read) { (client, file) async throws(SFTPError) in
            data = try await client.read(file, offset: 0, length: Int(size))
        }
        guard data.reduce(0, { $0 + $1.count }) == Int(size) else { return false }
        try await withFile(inode, [.write, .truncate]) { (client, file) async throws(SFTPError) in
            try await client.write(file, offset: 0, data: data)
        }
        return true
    }

    private func withFile(
        _ inode: InodeNumber, _ flags: OpenFlags,
        _ body: (SFTPClient, SFTPHandle) async throws(SFTPError) -> Void
    ) async throws {
        let path = try await path(to: inode)
        let file = try await client.open(path, flags)
        do throws(SFTPError) {
            try await body(client, file)
        } catch {
            await client.startClose(file)
            throw error
        }
        try await client.close(file)
    }
}
