// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// Small files are read as soon as they are open: who opens one reads it next, as a rule, and finds it here.

/// The whole of a small file, asked for as soon as it was open.
struct SmallFileRead {
    let reply: PendingReply<[Bytes]?>
    /// How many bytes were asked for: all there were.
    let size: Int
    /// The number of our last change when it was asked for.
    let askedAfterChange: UInt64
    /// When it was asked for.
    let askedAt: Duration
}

extension RemoteFS {
    /// The largest file that is read before anybody asks for it, in bytes: a few packets.
    static let smallFileBytes: UInt64 = 64 << 10
    /// The most files whose content waits for its reader.
    private static let maximumSmallFileReads = 64

    /// Asks for the whole of a file that has just been opened to be read, if it is small.
    func readIfSmall(_ handle: HandleID, _ attributes: FileAttributes, askedAfter change: UInt64) {
        guard let file = files[handle], file.access == .read, let server = file.server,
            let size = attributes.size, (1...Self.smallFileBytes).contains(size),
            size <= client.limits.readBytes, options.readsAhead, options.attributeValidity > .zero,
            smallFileReadCount < Self.maximumSmallFileReads, isCurrent(server)
        else { return }
        let reply = try? start { (client) throws(SFTPError) in
            try client.startRead(server, offset: 0, length: Int(size))
        }
        if let reply { expect(reply, of: Int(size), handle, askedAfter: change, at: loop.now) }
    }

    /// Keeps the whole of an open file for its reader, if not too many wait already.
    ///
    /// - Parameter time: when it was known to be that.
    func expect(
        _ content: PendingReply<[Bytes]?>, of size: Int, _ handle: HandleID,
        askedAfter change: UInt64, at time: Duration
    ) {
        guard smallFileReadCount < Self.maximumSmallFileReads else { return }
        smallFileReadCount += 1
        files[handle]?.small = SmallFileRead(
            reply: content, size: size, askedAfterChange: change, askedAt: time)
    }

    /// The whole of a file, if it has been asked for, and still shows it.
    func takeSmallFile(
        _ handle: HandleID, offset: UInt64, count: Int
    ) async -> [Bytes]? {
        guard offset == 0, let inode = files[handle]?.inode,
            let small = files[handle]?.small, count >= small.size
        else { return nil }
        files[handle]?.small = nil
        smallFileReadCount -= 1
        guard stillShows(small, handle, inode), let data = try? await small.reply.value,
            data.reduce(0, { $0 + $1.count }) == small.size, stillShows(small, handle, inode)
        else { return nil }
        return data
    }

    private func stillShows(
        _ small: SmallFileRead, _ handle: HandleID, _ inode: InodeNumber
    ) -> Bool {
        // On another connection the path may lead to another file, which is for the open to find out.
        files[handle]?.server.map(isCurrent) ?? false
            && loop.now < small.askedAt + options.attributeValidity
            && nodes[inode].map { isUnchanged($0, since: small.askedAfterChange) } ?? false
            && cachedAttributes(of: inode)?.value.size == UInt64(small.size)
    }

    /// Gives up what nobody has read of a file.
    func dropSmallFiles(of inode: InodeNumber) {
        guard smallFileReadCount > 0 else { return }
        for handle in files.ids(where: { $0.inode == inode && $0.small != nil }) {
            files[handle]?.small = nil
            smallFileReadCount -= 1
        }
    }
}
