// SPDX-License-Identifier: Apache-2.0

public import SFTPProtocol
public import Wire

// The requests of SFTP version 3 that open files and directories, and that work on handles.

extension SFTPClient {
    /// OPEN: opens a file, or creates it.
    ///
    /// - Parameters:
    ///   - path: absolute, or relative to the directory in which the server starts.
    ///   - flags: how to open it, and whether to create it.
    ///   - attributes: for a file that is created. The server's umask applies to its permissions.
    public func open(
        _ path: Bytes, _ flags: OpenFlags, attributes: FileAttributes = FileAttributes()
    ) async throws(SFTPError) -> SFTPHandle {
        try await call(
            .open(path: checked(path), flags: flags, attributes: attributes),
            ReplyDecoding.handle(generation: generation))
    }

    /// CLOSE: ends the life of a file's or directory's handle, whatever the outcome.
    ///
    /// Sent even if the task has been cancelled.
    ///
    /// - Throws: a status where the server failed to store what had been written.
    public func close(_ handle: SFTPHandle) async throws(SFTPError) {
        try await value(of: start(.close(handle: own(handle)), ReplyDecoding.done))
    }

    /// CLOSE, without waiting for the outcome; the server's answer is dropped.
    public func startClose(_ handle: SFTPHandle) {
        // Handles die with their connection, so that there is nothing to close after it.
        _ = try? start(.close(handle: own(handle)), ReplyDecoding.done)
    }

    /// FSTAT: the attributes of an open file.
    public func fstat(_ handle: SFTPHandle) async throws(SFTPError) -> FileAttributes {
        try await call(.fstat(handle: own(handle)), ReplyDecoding.attributes)
    }

    /// FSETSTAT: sets those attributes of an open file that are given.
    public func fsetstat(
        _ handle: SFTPHandle, _ attributes: FileAttributes
    ) async throws(SFTPError) {
        try await call(
            .fsetstat(handle: own(handle), attributes: attributes), ReplyDecoding.done)
    }

    /// OPENDIR: opens a directory to list it.
    public func opendir(_ path: Bytes) async throws(SFTPError) -> SFTPHandle {
        try await call(.opendir(path: checked(path)), ReplyDecoding.handle(generation: generation))
    }

    /// READDIR: the next entries of a directory, in the server's order; nil behind the last one.
    ///
    /// The names are the server's, and may be unfit for use: see `isSafeComponent(_:)`.
    public func readdir(_ handle: SFTPHandle) async throws(SFTPError) -> [NameEntry]? {
        try await call(.readdir(handle: own(handle)), ReplyDecoding.entries)
    }

    /// READDIR, started: several in flight share a round trip.
    public func startReaddir(
        _ handle: SFTPHandle
    ) throws(SFTPError) -> PendingReply<[NameEntry]?> {
        try start(.readdir(handle: own(handle)), ReplyDecoding.entries)
    }

    /// The server's name for what this connection has open.
    ///
    /// - Throws: ``SFTPError/connectionLost(reason:)`` for a handle of another connection, where the
    ///   same bytes may stand for another file.
    func own(_ handle: SFTPHandle) throws(SFTPError) -> Bytes {
        guard handle.generation == generation else {
            throw .connectionLost(reason: "the connection that the file was opened on")
        }
        return handle.bytes
    }

    /// A path that can be sent to any server.
    ///
    /// Longer ones would not fit in a packet, and OpenSSH's server ends at the sight of a NUL.
    func checked(_ path: Bytes) throws(SFTPError) -> Bytes {
        guard path.count <= ClientLimits.pathBytes else {
            throw .status(SFTPStatus(errno: .ENAMETOOLONG))
        }
        guard !path.contains(0) else { throw .status(SFTPStatus(errno: .EINVAL)) }
        return path
    }
}
