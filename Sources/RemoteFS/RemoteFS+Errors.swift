// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// SFTP version 3 has one code, FAILURE, for most of what can go wrong. Where a server says no more
// than that, these functions look at what stands on the server and claim what the evidence shows.

/// The longest name, in bytes: Linux's `NAME_MAX`.
let linuxNameBytes = 255

extension SFTPError {
    /// The errno for the program, as far as the reply itself tells.
    ///
    /// A lost connection is an error of the device underneath, EIO, as on a disk that has gone: a
    /// program that knows files only has no use for the errors of sockets.
    var fileErrno: Errno { endsConnection ? .EIO : errno }

    /// The errno of an operation on a name that the server may find too long: its word for that,
    /// BAD_MESSAGE, stands for other things too.
    func errno(naming name: FileName) -> Errno {
        guard case .status(let status) = self, status.code == .badMessage,
            status.exactErrno == nil, name.count > linuxNameBytes
        else { return fileErrno }
        return .ENAMETOOLONG
    }

    /// Whether the reply is a bare FAILURE, which may mean anything.
    var isUnspecific: Bool {
        guard case .status(let status) = self else { return false }
        return status.code == .failure && status.exactErrno == nil
    }

    /// Whether an exclusive creation may have failed because something has the name.
    var mayMeanPresence: Bool { isUnspecific || fileErrno == .EEXIST }

    /// The errno of an operation on a handle, for which there is no name that could be missing.
    var errnoOnHandle: Errno {
        guard case .status(let status) = self, status.code == .noSuchFile else { return fileErrno }
        return status.exactErrno ?? .EBADF
    }

    /// Whether the reply is a bare PERMISSION_DENIED, which stands for EACCES and for EPERM.
    var isBareDenial: Bool {
        guard case .status(let status) = self else { return false }
        return status.code == .permissionDenied && status.exactErrno == nil
    }
}

extension RemoteFS {
    /// Runs an operation of the client; an error becomes the errno that its reply tells.
    func ask<T>(_ operation: () async throws(SFTPError) -> T) async throws(Errno) -> T {
        do {
            return try await operation()
        } catch {
            throw error.fileErrno
        }
    }

    /// Starts a request of the client in this very step; an error becomes the errno that it tells.
    ///
    /// - Parameter channel: one of the client's further channels; nil for the client itself.
    func start<T: Sendable>(
        on channel: SFTPClient? = nil,
        _ request: @Sendable (isolated SFTPClient) throws(SFTPError) -> T
    ) throws(Errno) -> T {
        let result: Result<T, SFTPError> = (channel ?? client).assumeIsolated { client in
            do throws(SFTPError) {
                return .success(try request(client))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error): throw error.fileErrno
        }
    }

    /// Why a name could not be made: it exists, or there is no room.
    ///
    /// - Parameter mayExist: whether a file of that name would have been taken instead.
    func reasonOfFailedCreation(
        _ error: SFTPError, of name: FileName, in parent: InodeNumber, mayExist: Bool = false
    ) async -> Errno {
        guard error.isUnspecific else { return error.errno(naming: name) }
        if let kind = await kind(of: name, in: parent) {
            if !mayExist { return .EEXIST }
            if kind == .directory { return .EISDIR }
        }
        return await reasonOfFailedGrowth(in: parent)
    }

    /// Why something could not be written to an open file: there is no room.
    func reasonOfFailedWrite(_ error: SFTPError, to inode: InodeNumber) async -> Errno {
        guard error.isUnspecific else { return error.errnoOnHandle }
        return await reasonOfFailedGrowth(in: inode)
    }

    /// Why a file system could not take more, below a node or in it, where the server does not say.
    private func reasonOfFailedGrowth(in inode: InodeNumber) async -> Errno {
        guard let statistics = await statistics(of: inode) else { return .EIO }
        if statistics.isReadOnly { return .EROFS }
        return statistics.isFull ? .ENOSPC : .EIO
    }

    /// Why nothing could be changed that needs no room: the file system is read-only.
    private func reasonOfFailedChange(in inode: InodeNumber) async -> Errno {
        await statistics(of: inode)?.isReadOnly == true ? .EROFS : .EIO
    }

    /// Why attributes could not be changed: they are somebody else's, or the path is closed to us.
    ///
    /// - Parameter byPath: whether the request named the file by its path.
    func reasonOfFailedSetattr(
        _ error: SFTPError, _ changes: AttributeChanges, of inode: InodeNumber, byPath: Bool
    ) async -> Errno {
        let setsSize = changes.size != nil
        if error.isUnspecific {
            return setsSize
                ? await reasonOfFailedGrowth(in: inode) : await reasonOfFailedChange(in: inode)
        }
        guard error.isBareDenial, !setsSize else {
            return byPath ? error.fileErrno : error.errnoOnHandle
        }
        // The owner's part is EPERM; but setting the times to now takes the right to write only.
        if changes.onlyTouches { return .EACCES }
        do throws(Errno) {
            _ = try await lstat(inode)
            return .EPERM
        } catch {
            return error == .EACCES ? .EACCES : .EPERM
        }
    }

    /// Why a file could not be opened: too many are, it is a directory, or there is no room for it.
    func reasonOfFailedOpen(
        _ error: SFTPError, of inode: InodeNumber, flags: OpenFlags
    ) async -> Errno {
        guard error.isUnspecific else { return error.fileErrno }
        if isForLackOfHandles(error) { return .EMFILE }
        if let attributes = try? await lstat(inode), attributes.kind == .directory {
            return .EISDIR
        }
        return flags.contains(.write) ? await reasonOfFailedGrowth(in: inode) : .EIO
    }

    /// Why a directory could not be opened.
    func reasonOfFailedOpendir(_ error: SFTPError) -> Errno {
        isForLackOfHandles(error) ? .EMFILE : error.fileErrno
    }

    /// Why a file could not be unlinked: it is a directory.
    func reasonOfFailedUnlink(
        _ error: SFTPError, of name: FileName, in parent: InodeNumber
    ) async -> Errno {
        guard error.isUnspecific else { return error.fileErrno }
        if await kind(of: name, in: parent) == .directory { return .EISDIR }
        return await reasonOfFailedChange(in: parent)
    }

    /// Why a directory could not be removed: it is none, it is a mount point, or it is not empty.
    func reasonOfFailedRmdir(
        _ error: SFTPError, of name: FileName, in parent: InodeNumber
    ) async -> Errno {
        guard error.isUnspecific else { return error.fileErrno }
        guard let kind = await kind(of: name, in: parent) else { return .EIO }
        if kind != .directory { return .ENOTDIR }
        if await isMountPoint(name, in: parent) { return .EBUSY }
        if await isNonEmptyDirectory(name, in: parent) { return .ENOTEMPTY }
        return await reasonOfFailedChange(in: parent)
    }

    /// Why a rename failed: what stands at the target, other file systems, or no room.
    func reasonOfFailedRename(_ error: SFTPError, _ rename: Rename) async -> Errno {
        guard error.isUnspecific else { return error.errno(naming: rename.newName) }
        let source = await kind(of: rename.oldName, in: rename.oldParent)
        if let target = await kind(of: rename.newName, in: rename.newParent) {
            if !rename.mayReplace { return .EEXIST }
            switch (source == .directory, target == .directory) {
            case (true, false): return .ENOTDIR
            case (false, true): return .EISDIR
            case (true, true):
                if await isNonEmptyDirectory(rename.newName, in: rename.newParent) {
                    return .ENOTEMPTY
                }
            case (false, false): break
            }
        }
        if await areOnDifferentFileSystems(rename.oldParent, rename.newParent) { return .EXDEV }
        if source == .directory, await isMountPoint(rename.oldName, in: rename.oldParent) {
            return .EBUSY
        }
        return await reasonOfFailedGrowth(in: rename.newParent)
    }

    /// Why a hard link could not be made.
    func reasonOfFailedLink(
        _ error: SFTPError, to inode: InodeNumber, name: FileName, in parent: InodeNumber
    ) async -> Errno {
        guard error.isUnspecific else { return error.errno(naming: name) }
        if await kind(of: name, in: parent) != nil { return .EEXIST }
        if let source = nodes[inode]?.place?.parent,
            await areOnDifferentFileSystems(source, parent)
        {
            return .EXDEV
        }
        return await reasonOfFailedGrowth(in: parent)
    }

    // MARK: Evidence

    /// Whether something could not be opened because as many files and directories are open as the
    /// server has said that it can have open.
    func isForLackOfHandles(_ error: SFTPError) -> Bool {
        guard error.isUnspecific, let limit = client.limits.openHandles else { return false }
        return files.count { $0.server.map(isCurrent) ?? false } + openDirectoryCount >= limit
    }

    private func kind(of name: FileName, in parent: InodeNumber) async -> FileKind? {
        guard let path = try? await path(to: name, in: parent) else { return nil }
        return try? await client.lstat(path).kind
    }

    private func isNonEmptyDirectory(_ name: FileName, in parent: InodeNumber) async -> Bool {
        guard let path = try? await path(to: name, in: parent),
            let handle = try? await client.opendir(path)
        else { return false }
        var found = false
        for _ in 0..<ListingFetch.maximumUselessReplies {
            guard let entries = try? await client.readdir(handle) else { break }
            found = entries.contains { isSafeComponent($0.filename) }
            if found { break }
        }
        await client.startClose(handle)
        return found
    }

    private func areOnDifferentFileSystems(
        _ first: InodeNumber, _ second: InodeNumber
    ) async -> Bool {
        guard first != second, let first = await statistics(of: first),
            let second = await statistics(of: second)
        else { return false }
        return first.fsid != second.fsid
    }

    /// Whether a directory is where another file system begins.
    ///
    /// A subvolume has another number, too, but the space of the file system around it.
    private func isMountPoint(_ name: FileName, in parent: InodeNumber) async -> Bool {
        guard let path = try? await path(to: name, in: parent),
            let inside = try? await client.statvfs(path),
            let outside = await statistics(of: parent)
        else { return false }
        return inside.fsid != outside.fsid && inside.blocks != outside.blocks
    }

    private func statistics(of inode: InodeNumber) async -> FileSystemStatistics? {
        if let path = try? await path(to: inode) { return try? await client.statvfs(path) }
        guard let server = currentHandle(of: inode) else { return nil }
        return try? await client.fstatvfs(server)
    }
}

extension FileSystemStatistics {
    fileprivate var isReadOnly: Bool { flag & Self.readOnly != 0 }

    /// Whether nothing more fits: no block, or no inode, where the file system counts them.
    fileprivate var isFull: Bool {
        (blocks > 0 && bavail == 0) || (files > 0 && favail == 0)
    }
}

extension AttributeChanges {
    /// Whether times are set to the present, and nothing else is changed.
    fileprivate var onlyTouches: Bool {
        var touch = AttributeChanges()
        (touch.atime, touch.mtime) = (.now, .now)
        return self == touch
    }
}
