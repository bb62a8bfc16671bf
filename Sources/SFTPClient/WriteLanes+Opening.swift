// SPDX-License-Identifier: Apache-2.0

public import SFTPProtocol
public import Wire

extension WriteLanes {
    /// A file that has been opened by a path on further channels, and what is known of it.
    public struct Opened: Sendable {
        /// The channels on which it could be opened.
        public fileprivate(set) var lanes: [Lane] = []
        /// What each of them tells of it.
        public fileprivate(set) var found: [FileAttributes] = []

        /// Closes all of them again.
        public func close() async {
            for lane in lanes { await lane.client.startClose(lane.handle) }
        }
    }

    /// Opens a file by its path on further channels to write it, if the path leads to the file that is open:
    /// what a channel tells of it lies between two looks at that.
    ///
    /// - Parameters:
    ///   - path: under which the open file is thought to be.
    ///   - channels: where it is to be opened.
    ///   - handle: the open file's, on `client`.
    ///   - client: which has the file open.
    /// - Returns: no lanes unless it is certain of every one.
    public static func open(
        _ path: Bytes, on channels: [SFTPClient], beside handle: SFTPHandle, of client: SFTPClient
    ) async -> Opened {
        var opened = Opened()
        var opens: [(channel: SFTPClient, reply: PendingReply<SFTPHandle>)] = []
        for channel in channels {
            if let reply = try? await channel.startOpen(path, .write) {
                opens.append((channel, reply))
            }
        }
        for (channel, open) in opens {
            guard let handle = try? await open.value else { continue }
            opened.lanes.append(Lane(client: channel, handle: handle))
        }
        let isSame = await opened.look(beside: handle, of: client)
        guard opens.count == channels.count, isSame else {
            await opened.close()
            return Opened()
        }
        return opened
    }
}

extension WriteLanes.Opened {
    /// Looks at what has been opened.
    ///
    /// - Returns: whether it is what the handle is of, on every channel.
    fileprivate mutating func look(beside handle: SFTPHandle, of client: SFTPClient) async -> Bool {
        guard let before = try? await client.fstat(handle) else { return false }
        var looks: [PendingReply<FileAttributes>] = []
        for lane in lanes {
            guard let look = try? await lane.client.startFstat(lane.handle) else { return false }
            looks.append(look)
        }
        for look in looks {
            guard let attributes = try? await look.value else { return false }
            found.append(attributes)
        }
        guard let after = try? await client.fstat(handle) else { return false }
        return found.allSatisfy { $0.mayBeOf(fileWith: before, andLater: after) }
    }
}

extension FileAttributes {
    /// Whether these may be the attributes of an open file between two looks at it.
    ///
    /// A file that is being written may change between the looks, but then it is between them.
    package func mayBeOf(fileWith before: FileAttributes, andLater after: FileAttributes) -> Bool {
        if let identity = exact?.identity, let open = before.exact?.identity {
            return identity == open
        }
        if self == before || self == after { return true }
        guard before != after, before.permissions == permissions, before.owner == owner,
            let sizes = range(before.size, after.size), let size,
            let mtimes = range(before.times?.mtime, after.times?.mtime), let times
        else { return false }
        return sizes.contains(size) && mtimes.contains(times.mtime)
    }

    private func range<T: Comparable>(_ first: T?, _ second: T?) -> ClosedRange<T>? {
        guard let first, let second else { return nil }
        return min(first, second)...max(first, second)
    }
}
