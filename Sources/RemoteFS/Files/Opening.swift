// SPDX-License-Identifier: Apache-2.0

import SFTPClient
import SFTPProtocol
import Wire

/// OPEN, and a look at what the path stands for right behind it in the same round trip.
struct Opening {
    let handle: PendingReply<SFTPHandle>
    let attributes: PendingReply<FileAttributes>
    /// The attributes, just before and just after, of the file that the node was so far, where that is
    /// open.
    let witness: Witness?

    /// Two looks at an open file, around one at a path that should lead to it.
    struct Witness {
        let before: PendingReply<FileAttributes>
        let after: PendingReply<FileAttributes>
    }

    /// Whether nothing has the path.
    var isOfNothing: Bool {
        get async {
            do throws(SFTPError) {
                _ = try await attributes.value
                return false
            } catch {
                return error.errno == .ENOENT
            }
        }
    }

    /// Whether the path leads to another file than the one that is open.
    func isOfAnotherFile(_ attributes: FileAttributes) async -> Bool {
        await witness?.contradicts(attributes) ?? false
    }
}

extension Opening.Witness {
    /// Whether a path with these attributes leads to another file.
    func contradicts(_ attributes: FileAttributes) async -> Bool {
        guard let before = try? await before.value, let after = try? await after.value else {
            return false
        }
        return !attributes.mayBeOf(fileWith: before, andLater: after)
    }
}

extension RemoteFS {
    /// A server's handle to ask about a file, if it is open.
    func openHandle(of inode: InodeNumber) -> SFTPHandle? {
        guard let node = nodes[inode], node.openCount > 0, node.kind == .regular,
            !options.avoidsFstat || node.place == nil
        else { return nil }
        return currentHandle(of: inode)
    }

    func start(
        opening path: Bytes, _ flags: OpenFlags, _ attributes: FileAttributes = FileAttributes(),
        witness: SFTPHandle? = nil
    ) throws(Errno) -> Opening {
        let isFollowed = options.symlinks.areFollowed
        return try start { (client) throws(SFTPError) in
            let handle = try client.startOpen(path, flags, attributes: attributes)
            let before = try witness.map { (server) throws(SFTPError) in
                try client.startFstat(server)
            }
            let attributes =
                try isFollowed ? client.startStat(path) : client.startLstat(path)
            let after = try witness.map { (server) throws(SFTPError) in
                try client.startFstat(server)
            }
            var looks: Opening.Witness?
            if let before, let after { looks = Opening.Witness(before: before, after: after) }
            return Opening(handle: handle, attributes: attributes, witness: looks)
        }
    }

    func finish(
        _ opening: Opening
    ) async -> Result<(SFTPHandle, FileAttributes?), SFTPError> {
        do throws(SFTPError) {
            let server = try await opening.handle.value
            return .success((server, try? await opening.attributes.value))
        } catch {
            return .failure(error)
        }
    }

    /// Whether a path with these attributes leads to another file than the node is to be.
    func isOfAnotherFile(
        _ opening: Opening, _ attributes: FileAttributes, of inode: InodeNumber
    ) async -> Bool {
        if attributes.kind != nodes[inode]?.kind { return true }
        if let identity = attributes.exact?.identity,
            let isSame = nodes[inode]?.isSameFile(as: identity)
        {
            // A node that nobody has open becomes the file that is there now: ESTALE is for the kernel to
            // resolve, which gives up where files are replaced faster than it looks.
            return !isSame && openHandle(of: inode) != nil
        }
        return await opening.isOfAnotherFile(attributes)
    }

    /// Whether the file that is open as a node has been replaced by another one, which a path with
    /// these attributes leads to now.
    func isReplaced(
        _ inode: InodeNumber, at path: Bytes, _ attributes: FileAttributes
    ) async -> Bool {
        try? await reopenForLook(at: inode, by: nil)
        guard let server = openHandle(of: inode) else { return false }
        if let known = nodes[inode]?.attributes?.value, !known.differs(from: attributes) {
            return false
        }
        let isFollowed = options.symlinks.areFollowed
        let looks = try? start { (client) throws(SFTPError) in
            let before = try client.startFstat(server)
            let now = try isFollowed ? client.startStat(path) : client.startLstat(path)
            return (now, Opening.Witness(before: before, after: try client.startFstat(server)))
        }
        guard let (now, witness) = looks, let attributes = try? await now.value else {
            return false
        }
        return await witness.contradicts(attributes)
    }
}
