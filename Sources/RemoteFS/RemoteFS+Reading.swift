// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

extension RemoteFS {
    /// How much is asked for at a time once a read has met the loss of a connection.
    static let carefulBytes = 16 << 10

    /// One attempt at ``read(_:offset:count:)``.
    func readOnce(
        _ handle: HandleID, offset: UInt64, count: Int
    ) async throws(Errno) -> [Bytes] {
        let (file, server) = try await openFile(handle)
        var length = count
        // Asking beyond the end would cost another round trip, to learn that it is the end.
        if let size = cachedAttributes(of: file.inode)?.value.size, offset < size {
            length = Int(min(UInt64(count), size - offset))
        }
        do {
            return try await client.read(server, offset: offset, length: length)
        } catch {
            throw error.errnoOnHandle
        }
    }
}
