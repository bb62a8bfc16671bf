// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
public import SFTPProtocol
import Wire

extension RemoteFS {
    /// One attempt at ``lookup(_:in:)``.
    func lookupOnce(
        _ name: [UInt8], in parent: InodeNumber
    ) async throws(Errno) -> LookupResult {
        if let known = try lookUpInCaches(name, in: parent) { return known }
        let path = try await pathBehindWrites(to: name, in: parent)
        let change = nodes.lastChange
        checkListing(of: parent)
        let request = try startStatus(path)
        noteMiss(of: name, in: parent)
        let attributes: FileAttributes
        do {
            attributes = try await request.value
        } catch {
            guard error.errno == .ENOENT else { throw error.errno(naming: name) }
            return .absent(validity: noteAbsence(of: name, in: parent, askedAfter: change))
        }
        if let known = nodes.inode(named: name, in: parent),
            await isReplaced(known, at: path, attributes)
        {
            nodes.detach(name, in: parent)
        }
        return .found(try enter(name, in: parent, attributes, askedAfter: change))
    }

    /// The path of a name, of which what is asked next is carried out behind all that has been written to the
    /// file so far.
    ///
    /// The kernel takes a size that is told after a write for one that shows it: a smaller one cuts off what
    /// it holds of the file, also what a program has changed there by a mapping.
    private func pathBehindWrites(
        to name: FileName, in parent: InodeNumber
    ) async throws(Errno) -> Bytes {
        let path = try await path(to: name, in: parent)
        guard let known = nodes.inode(named: name, in: parent), pendingWrites[known] != nil,
            sentWrites(of: known) == nil
        else { return path }
        try await settleWrites(of: known)
        return try await self.path(to: name, in: parent)
    }

    /// Asks for what a path stands for: of a link its own attributes, unless links are followed.
    func startStatus(_ path: Bytes) throws(Errno) -> PendingReply<FileAttributes> {
        let isFollowed = options.symlinks.areFollowed
        return try start { (client) throws(SFTPError) in
            try isFollowed ? client.startStat(path) : client.startLstat(path)
        }
    }

    /// Answers from what is known: the node's own attributes, or a listing of the directory, whichever
    /// was heard later.
    ///
    /// That the name is there has to have been seen lately, too: a program that wants to make it takes
    /// the kernel's word for that. Of a directory, which is a step of many a path, it is believed for as
    /// long as its attributes, but for signs that names have changed around it.
    private func lookUpInCaches(
        _ name: [UInt8], in parent: InodeNumber
    ) throws(Errno) -> LookupResult? {
        guard options.cache.mode != .strict else { return nil }
        let now = loop.now
        let inode = nodes.inode(named: name, in: parent)
        let own = inode.flatMap { cachedAttributes(of: $0) == nil ? nil : nodes[$0]?.attributes }
        let details = nodes[parent]?.details
        let listed = details?.listing?.entry(named: name)
        let isListed = listed != nil && details?.listing.map(provesPresence) ?? false
        // A listing that has it not is news, too.
        let newsAt = max(
            details?.doubtedAt ?? .longAgo,
            listed == nil ? details?.listing?.begunAt ?? .longAgo : .longAgo)
        func isThere(_ kind: FileKind?, since heardAt: Duration) -> Bool {
            isListed || now < heardAt + options.presenceValidity
                || kind == .directory && heardAt > newsAt
        }
        if let listed, let attributes = listed.attributes, listed.heardAt > own?.at ?? .longAgo,
            isThere(attributes.kind, since: listed.heardAt),
            now < listed.heardAt + options.cache.attributeTimeout, attributes.kind != nil,
            let change = details?.listing?.askedAfterChange,
            isUnchanged(name, in: parent, since: change),
            // What is open may be another file than what is listed.
            inode.flatMap({ openHandle(of: $0) }) == nil
        {
            details?.listingWasUsed = true
            return .found(
                try enter(
                    name, in: parent, attributes, askedAfter: change, nameAfter: nodes.lastChange,
                    heardAt: listed.heardAt))
        }
        if let own, isThere(own.value.kind, since: own.at) {
            return .found(
                try enter(
                    name, in: parent, own.value, askedAfter: nodes.lastChange, heardAt: own.at,
                    keepsLinks: true))
        }
        // What is being made now may be this; and it is for the server to say what is too long.
        guard listed == nil, let listing = details?.listing, provesAbsence(listing),
            nodes[parent]?.changesInFlight == 0, name.count <= linuxNameBytes
        else { return nil }
        details?.listingWasUsed = true
        return .absent(validity: listing.provenAt + options.absenceValidity - now)
    }

    /// Whether attributes of a name that were asked for after our change number `change` still hold.
    func isUnchanged(_ name: [UInt8], in parent: InodeNumber, since change: UInt64) -> Bool {
        guard let directory = nodes[parent], directory.lastChangeOfForgottenChildren <= change
        else {
            return false
        }
        guard let known = nodes.inode(named: name, in: parent) else { return true }
        return nodes[known]?.isUnchanged(since: change) ?? false
    }

    /// Takes note that a name is not there.
    ///
    /// A node that had it has been removed by someone else.
    private func noteAbsence(
        of name: [UInt8], in parent: InodeNumber, askedAfter change: UInt64
    ) -> Duration {
        guard nodes[parent]?.isUnchanged(since: change) ?? false else { return .zero }
        nodes.detach(name, in: parent)
        if nodes[parent]?.details?.listing?.entry(named: name) != nil {
            nodes[parent]?.listing = nil
            nodes[parent]?.details?.doubtedAt = loop.now
        }
        return options.absenceValidity
    }

    /// Takes back lookups that the kernel has forgotten, or that it never learned of.
    public func forget(_ inode: InodeNumber, count: UInt64) {
        nodes.forget(inode, count)
    }

    /// Checks an access(2).
    ///
    /// The server decides what may be done when it is done; asked beforehand is only what the mode
    /// bits say for everyone: a file that nobody may execute can't be executed.
    public func access(_ inode: InodeNumber, mask: UInt32) async throws(Errno) {
        let (status, _) = try await getattr(inode, handle: nil)
        let executable: UInt32 = 1
        if mask & executable != 0, status.kind == .regular, status.mode & 0o111 == 0 {
            throw .EACCES
        }
    }

    /// One attempt at ``statfs(_:)``.
    func statfsOnce(_ inode: InodeNumber) async throws(Errno) -> FileSystemStatistics {
        let path = try await path(to: inode)
        do {
            return try await client.statvfs(path)
        } catch {
            guard case .unsupported = error else { throw error.fileErrno }
            var unknown = FileSystemStatistics()
            unknown.bsize = 4096
            unknown.frsize = 4096
            unknown.namemax = 255
            return unknown
        }
    }
}
