// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol

// Linux looks a name up and opens what it has found in two requests. Where the file is removed or
// replaced in between, the open is answered with ESTALE, and Linux does both once more, once only: then
// the program would see that error, although there was a file of that name all the time. So the second
// lookup of that thread opens what it finds at once, and the open gets that.

/// The thread that makes a request, as the kernel calls it; 0 where that is not known.
public typealias CallerID = Int32

/// An open that has to be tried again by its caller.
struct RetriedOpen {
    /// For how long the caller is expected to do that.
    static let patience = Duration.seconds(5)
    /// How many are expected at a time.
    static let maximumCount = 256
    /// How often what a lookup has found is looked up anew because it has gone by the open.
    static let maximumLookups = 8

    /// What is to be done with the file: read, write, append.
    let access: OpenFlags
    /// Which open of all that failed it is.
    let number: UInt64
    /// What the lookup has opened.
    var ahead: Ahead?
    /// The name that was not there when the caller looked it up, which it does once more.
    var missing: Node.Place?

    struct Ahead {
        let place: Node.Place
        let entry: Entry
        var file: OpenedFile

        var inode: InodeNumber { entry.status.inode }
    }
}

/// The opens that their callers have to try again.
struct RetriedOpens {
    private var opens: [CallerID: RetriedOpen] = [:]
    private var count: UInt64 = 0

    subscript(caller: CallerID) -> RetriedOpen? { opens[caller] }

    /// - Returns: its number; nil where the caller is not known, or too many others are expected.
    mutating func note(_ caller: CallerID, _ flags: OpenFlags) -> UInt64? {
        guard caller != 0, opens.count < RetriedOpen.maximumCount else { return nil }
        count += 1
        opens[caller] = RetriedOpen(access: flags.access, number: count)
        return count
    }

    /// - Returns: whether it is still waited for.
    mutating func add(
        _ ahead: RetriedOpen.Ahead, to number: UInt64, of caller: CallerID
    ) -> Bool {
        guard let open = opens[caller], open.number == number, open.ahead == nil else {
            return false
        }
        opens[caller]?.ahead = ahead
        return true
    }

    /// Takes note that there is nothing to open.
    ///
    /// It is waited for once more: Linux looks a name up twice that has led somewhere, and now does not.
    mutating func noteMissing(_ place: Node.Place, of caller: CallerID) {
        if opens[caller]?.missing == nil {
            opens[caller]?.missing = place
        } else {
            opens[caller] = nil
        }
    }

    /// - Parameter number: which one; nil for any.
    mutating func take(_ caller: CallerID, _ number: UInt64? = nil) -> RetriedOpen? {
        guard let open = opens[caller], number == nil || number == open.number else { return nil }
        return opens.removeValue(forKey: caller)
    }
}

extension RemoteFS {
    /// Takes note that the kernel will look up anew what could not be opened.
    func expectRetry(by caller: CallerID, _ flags: OpenFlags) {
        guard let number = retriedOpens.note(caller, flags) else { return }
        _ = loop.schedule(at: loop.now + RetriedOpen.patience) { [weak self] in
            self?.assumeIsolated { $0.endRetry(by: caller, number) }
        }
    }

    private func endRetry(by caller: CallerID, _ number: UInt64) {
        guard let file = retriedOpens.take(caller, number)?.ahead?.file else { return }
        loop.spawn { await self.release(file.handle) }
    }

    /// The file that the caller's lookup has opened for this open, if it has.
    func takeAhead(
        of inode: InodeNumber, _ flags: OpenFlags, by caller: CallerID
    ) async throws(Errno) -> OpenedFile? {
        guard let open = retriedOpens.take(caller), let ahead = open.ahead else { return nil }
        var file = ahead.file
        guard ahead.inode == inode, open.access == flags.access else {
            await release(file.handle)
            return nil
        }
        // Not before: a lookup must not change a file.
        if flags.contains(.truncate) {
            var changes = AttributeChanges()
            changes.size = 0
            do throws(Errno) {
                _ = try await setattr(inode, changes, handle: file.handle)
            } catch {
                await release(file.handle)
                throw error
            }
            file.bypassesPages = false
        }
        return file
    }

    /// The file that has been opened ahead by the same name: Linux looks a name up twice that leads to
    /// another node than it did.
    func lookUpAhead(
        _ name: [UInt8], in parent: InodeNumber, by caller: CallerID
    ) -> Entry? {
        guard let ahead = retriedOpens[caller]?.ahead,
            ahead.place == Node.Place(parent: parent, name: name)
        else { return nil }
        nodes.countLookup(of: ahead.inode)
        return ahead.entry
    }

    /// Opens what a lookup has found, where the caller is about to do that and has failed before.
    ///
    /// - Returns: what has been opened, or what the lookup has found where that can't be opened.
    func openAhead(
        _ name: [UInt8], in parent: InodeNumber, _ found: LookupResult, by caller: CallerID
    ) async throws(Errno) -> LookupResult {
        let place = Node.Place(parent: parent, name: name)
        guard let open = retriedOpens[caller], open.ahead == nil, open.missing ?? place == place
        else {
            return found
        }
        var found = found
        for _ in 0..<RetriedOpen.maximumLookups {
            guard case .found(let entry) = found else {
                retriedOpens.noteMissing(place, of: caller)
                break
            }
            guard entry.status.kind == .regular else { break }
            do throws(Errno) {
                let opened = try await openNow(name, in: parent, open.access)
                forget(entry.status.inode, count: 1)
                let ahead = RetriedOpen.Ahead(
                    place: place, entry: opened.entry, file: opened.file)
                if !retriedOpens.add(ahead, to: open.number, of: caller) {
                    await release(opened.file.handle)
                }
                return .found(opened.entry)
            } catch {
                // Another error is told by the open.
                guard error == .ESTALE else { break }
            }
            // Gone, once more.
            nodes.distrust(name, in: parent)
            forget(entry.status.inode, count: 1)
            found = try await lookupOnce(name, in: parent)
        }
        return found
    }

    /// Opens what has a name now, whichever file that is.
    ///
    /// - Throws: `ESTALE` where nothing has the name, or no file, or another file has been given it
    ///   meanwhile.
    private func openNow(
        _ name: [UInt8], in parent: InodeNumber, _ access: OpenFlags
    ) async throws(Errno) -> (entry: Entry, file: OpenedFile) {
        let opening = try start(opening: try await path(to: name, in: parent), access)
        switch await finish(opening) {
        case .failure(let error):
            throw error.errno == .ENOENT ? .ESTALE : error.fileErrno
        case .success((let server, let attributes)):
            return try await enter(
                name, in: parent, openedAs: server, access, otherwise: attributes)
        }
    }

    /// Enters a file that has been opened by a name, whatever is known of that name: as the node that
    /// has it, or as another one if what has been opened is another file.
    ///
    /// - Parameter attributes: those of the path, for servers that can't tell of a handle.
    /// - Throws: `ESTALE` where we have given the name to another file meanwhile, or it is no file; the
    ///   server's handle has been closed then.
    func enter(
        _ name: FileName, in parent: InodeNumber, openedAs server: SFTPHandle, _ flags: OpenFlags,
        otherwise attributes: FileAttributes?
    ) async throws(Errno) -> (entry: Entry, file: OpenedFile) {
        let change = nodes.lastChange
        let known = nodes.inode(named: name, in: parent)
        let found: FileAttributes
        let isAnother: Bool
        do throws(Errno) {
            (found, isAnother) = try await look(
                at: server, besides: known, otherwise: attributes)
            // What stands there now is newer.
            guard !nodes.isUnsettled(name, in: parent), nodes[parent] != nil,
                nodes.inode(named: name, in: parent) == known
            else { throw .ESTALE }
        } catch {
            await client.startClose(server)
            throw error
        }
        if isAnother { nodes.detach(name, in: parent) }
        var entry = try noteCreation(of: name, in: parent, found, askedAfter: change)
        // Who looks the name up next may find yet another file.
        entry.nameValidity = .zero
        let inode = entry.status.inode
        nodes.open(inode)
        nodes[inode]?.pages = nil
        let handle = add(
            OpenFile(inode: inode, flags: flags, server: server), found, askedAfter: change)
        let file = OpenedFile(
            handle: handle, keepsPages: false,
            bypassesPages: found.mayHideContent && flags.access == .read)
        return (entry, file)
    }

    /// What a handle has open, and whether that is another file than the one that is open as a node.
    private func look(
        at server: SFTPHandle, besides known: InodeNumber?, otherwise attributes: FileAttributes?
    ) async throws(Errno) -> (FileAttributes, isAnother: Bool) {
        let witness = known.flatMap { openHandle(of: $0) }
        let avoidsFstat = options.avoidsFstat
        let (before, opened, after) = try start { (client) throws(SFTPError) in
            (
                try witness.map { (server) throws(SFTPError) in try client.startFstat(server) },
                avoidsFstat ? nil : try client.startFstat(server),
                try witness.map { (server) throws(SFTPError) in try client.startFstat(server) }
            )
        }
        var found = attributes
        if let opened {
            found = try await ask { () async throws(SFTPError) in try await opened.value }
        }
        guard let found, found.kind == .regular else { throw .ESTALE }
        guard let before, let after else { return (found, false) }
        let looks = Opening.Witness(before: before, after: after)
        return (found, await looks.contradicts(found))
    }
}

extension OpenFlags {
    /// What may be done with the file: read, write, append.
    var access: OpenFlags { intersection([.read, .write, .append]) }
}
