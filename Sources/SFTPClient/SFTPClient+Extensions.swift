// SPDX-License-Identifier: Apache-2.0

public import SFTPProtocol
public import Wire

// OpenSSH's extensions (its PROTOCOL file, section 4). Each call throws `SFTPError.unsupported` where
// the server doesn't have the extension, and then nothing is sent.

extension SFTPClient {
    /// posix-rename@openssh.com: rename(2), which replaces what has the new name.
    public func posixRename(from oldPath: Bytes, to newPath: Bytes) async throws(SFTPError) {
        try require(.posixRename)
        try await call(
            .posixRename(oldPath: checked(oldPath), newPath: checked(newPath)), ReplyDecoding.done)
    }

    /// hardlink@openssh.com: gives a file another name.
    public func hardlink(from oldPath: Bytes, to newPath: Bytes) async throws(SFTPError) {
        try require(.hardlink)
        try await call(
            .hardlink(oldPath: checked(oldPath), newPath: checked(newPath)), ReplyDecoding.done)
    }

    /// lsetstat@openssh.com: SETSTAT that changes a link itself.
    ///
    /// It sets no size.
    public func lsetstat(_ path: Bytes, _ attributes: FileAttributes) async throws(SFTPError) {
        try require(.lsetstat)
        try await call(
            .lsetstat(path: checked(path), attributes: attributes), ReplyDecoding.done)
    }

    /// fsync@openssh.com: returns once the file's data is on the server's disk.
    public func fsync(_ handle: SFTPHandle) async throws(SFTPError) {
        try require(.fsync)
        try await call(.fsync(handle: own(handle)), ReplyDecoding.done)
    }

    /// statvfs@openssh.com: the state of the file system that a file is in.
    public func statvfs(_ path: Bytes) async throws(SFTPError) -> FileSystemStatistics {
        try require(.statvfs)
        return try await call(.statvfs(path: checked(path)), ReplyDecoding.statistics)
    }

    /// fstatvfs@openssh.com: the state of the file system that an open file is in.
    public func fstatvfs(_ handle: SFTPHandle) async throws(SFTPError) -> FileSystemStatistics {
        try require(.fstatvfs)
        return try await call(.fstatvfs(handle: own(handle)), ReplyDecoding.statistics)
    }

    /// limits@openssh.com: what the server says it takes.
    ///
    /// What holds for us is in ``limits``.
    public func serverLimits() async throws(SFTPError) -> ServerLimits {
        try require(.limits)
        return try await call(.limits, ReplyDecoding.limits)
    }

    /// expand-path@openssh.com: REALPATH that knows `~` and `~user` at the start of a path.
    public func expandPath(_ path: Bytes) async throws(SFTPError) -> Bytes {
        try require(.expandPath)
        return try await call(.expandPath(path: checked(path)), ReplyDecoding.path)
    }

    /// home-directory: a user's home, or that of the server's own user if `user` is empty.
    ///
    /// Servers from before OpenSSH 9.8 fail for the empty name.
    public func homeDirectory(of user: Bytes = []) async throws(SFTPError) -> Bytes {
        try require(.homeDirectory)
        return try await call(.homeDirectory(user: checked(user)), ReplyDecoding.path)
    }

    /// copy-data: copies between two open files on the server, which does nothing else meanwhile.
    ///
    /// - Parameters:
    ///   - source: the file to read, open for reading.
    ///   - offset: where the data begin in it.
    ///   - length: in bytes; 0 is everything up to the end of the file.
    ///   - destination: the file to write, open for writing.
    ///   - destinationOffset: where the data go in it.
    /// - Throws: status EOF if the file ends within `length`; what is before its end has been copied.
    public func copyData(
        from source: SFTPHandle, offset: UInt64, length: UInt64, to destination: SFTPHandle,
        at destinationOffset: UInt64
    ) async throws(SFTPError) {
        try require(.copyData)
        try await call(
            .copyData(
                readHandle: own(source), readOffset: offset, length: length,
                writeHandle: own(destination), writeOffset: destinationOffset),
            ReplyDecoding.done)
    }

    /// users-groups-by-id@openssh.com: the names of users and groups, in the order of their numbers;
    /// empty where the server knows none.
    ///
    /// - Precondition: not more than ``ClientLimits/idsPerRequest`` numbers.
    public func usersGroupsByID(
        uids: [UInt32], gids: [UInt32]
    ) async throws(SFTPError) -> UserGroupNames {
        precondition(uids.count + gids.count <= ClientLimits.idsPerRequest, "too many numbers")
        try require(.usersGroupsByID)
        return try await call(.usersGroupsByID(uids: uids, gids: gids)) {
            reply, payloadBytes throws(SFTPError) in
            let names = try ReplyDecoding.names(reply, payloadBytes)
            guard names.users.count == uids.count, names.groups.count == gids.count else {
                throw .protocolViolation(reason: "names of other users than those asked for")
            }
            return names
        }
    }

    func require(_ needed: SFTPExtension) throws(SFTPError) {
        guard extensions.contains(needed) else { throw .unsupported(needed) }
    }
}
