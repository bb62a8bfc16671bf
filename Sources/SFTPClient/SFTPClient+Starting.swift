// SPDX-License-Identifier: Apache-2.0

public import SFTPProtocol
public import Wire

// Operations that are started and awaited later, so that a look at the result can be sent right
// behind a change: the server works in order, and both take one round trip.

extension SFTPClient {
    /// OPEN, started.
    ///
    /// The reply must be awaited: a handle that nobody fetches stays open on the server. Cancelling
    /// the task that waits is enough to have it closed.
    ///
    /// - Parameters:
    ///   - path: absolute, or relative to the directory in which the server starts.
    ///   - flags: how to open it, and whether to create it.
    ///   - attributes: of a file that is created; the server's umask applies.
    public func startOpen(
        _ path: Bytes, _ flags: OpenFlags, attributes: FileAttributes = FileAttributes()
    ) throws(SFTPError) -> PendingReply<SFTPHandle> {
        try start(
            .open(path: checked(path), flags: flags, attributes: attributes),
            ReplyDecoding.handle(generation: generation))
    }

    /// OPENDIR, started.
    ///
    /// The reply must be awaited, as that of ``startOpen(_:_:attributes:)``.
    public func startOpendir(_ path: Bytes) throws(SFTPError) -> PendingReply<SFTPHandle> {
        try start(.opendir(path: checked(path)), ReplyDecoding.handle(generation: generation))
    }

    /// FSTAT, started.
    public func startFstat(_ handle: SFTPHandle) throws(SFTPError) -> PendingReply<FileAttributes> {
        try start(.fstat(handle: own(handle)), ReplyDecoding.attributes)
    }

    /// STAT, started.
    public func startStat(_ path: Bytes) throws(SFTPError) -> PendingReply<FileAttributes> {
        try start(.stat(path: checked(path)), ReplyDecoding.attributes)
    }

    /// SETSTAT, started.
    public func startSetstat(
        _ path: Bytes, _ attributes: FileAttributes
    ) throws(SFTPError) -> PendingReply<Void> {
        try start(.setstat(path: checked(path), attributes: attributes), ReplyDecoding.done)
    }

    /// FSETSTAT, started.
    public func startFsetstat(
        _ handle: SFTPHandle, _ attributes: FileAttributes
    ) throws(SFTPError) -> PendingReply<Void> {
        try start(.fsetstat(handle: own(handle), attributes: attributes), ReplyDecoding.done)
    }

    /// lsetstat@openssh.com, started.
    public func startLsetstat(
        _ path: Bytes, _ attributes: FileAttributes
    ) throws(SFTPError) -> PendingReply<Void> {
        try require(.lsetstat)
        return try start(.lsetstat(path: checked(path), attributes: attributes), ReplyDecoding.done)
    }

    /// MKDIR, started.
    public func startMkdir(
        _ path: Bytes, attributes: FileAttributes = FileAttributes()
    ) throws(SFTPError) -> PendingReply<Void> {
        try start(.mkdir(path: checked(path), attributes: attributes), ReplyDecoding.done)
    }

    /// SYMLINK, started.
    public func startSymlink(
        at linkPath: Bytes, to target: Bytes
    ) throws(SFTPError) -> PendingReply<Void> {
        try start(
            .symlink(target: checked(target), linkPath: checked(linkPath)), ReplyDecoding.done)
    }

    /// RENAME, started.
    public func startRename(
        from oldPath: Bytes, to newPath: Bytes
    ) throws(SFTPError) -> PendingReply<Void> {
        try start(
            .rename(oldPath: checked(oldPath), newPath: checked(newPath)), ReplyDecoding.done)
    }

    /// posix-rename@openssh.com, started.
    public func startPosixRename(
        from oldPath: Bytes, to newPath: Bytes
    ) throws(SFTPError) -> PendingReply<Void> {
        try require(.posixRename)
        return try start(
            .posixRename(oldPath: checked(oldPath), newPath: checked(newPath)), ReplyDecoding.done)
    }

    /// hardlink@openssh.com, started.
    public func startHardlink(
        from oldPath: Bytes, to newPath: Bytes
    ) throws(SFTPError) -> PendingReply<Void> {
        try require(.hardlink)
        return try start(
            .hardlink(oldPath: checked(oldPath), newPath: checked(newPath)), ReplyDecoding.done)
    }
}
