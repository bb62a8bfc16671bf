// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

/// A file that a client has opened.
final class OpenFile {
    let path: Bytes
    /// Which file it is.
    let identity: FileIdentity
    /// Whether reading never waits, though the file system can't tell so.
    let isInMemory: Bool
    private var file: LocalFile?
    /// When it was opened.
    let begin = ContinuousClock.now
    /// How many bytes have been read and written, for the log.
    var readCount: UInt64 = 0
    var writtenCount: UInt64 = 0
    /// Where a read would go on with the last one.
    var nextOffset: UInt64 = 0
    private var readsInOrder = 0

    /// After how many reads in a row the kernel is told that they are: fewer are no sign of it.
    private static let readsInOrderToTell = 3

    init(
        _ file: consuming LocalFile, path: Bytes, identity: FileIdentity, isInMemory: Bool
    ) {
        self.file = consume file
        self.path = path
        self.identity = identity
        self.isInMemory = isInMemory
    }

    /// Calls `body` with the file; one that has been closed is not a file any more.
    func withFile<Result>(
        _ body: (borrowing LocalFile) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        switch file {
        case .some(let file): return try body(file)
        case .none: throw .EBADF
        }
    }

    /// Counts a read; whether it is the one after which the kernel is to be told that they go on.
    func isReadInOrder(at offset: UInt64) -> Bool {
        readsInOrder = offset == nextOffset ? min(readsInOrder + 1, Self.readsInOrderToTell + 1) : 0
        return readsInOrder == Self.readsInOrderToTell
    }

    /// The file for another thread, which may still use it when this one is closed.
    func share() throws(Errno) -> SharedFile {
        try withFile { file throws(Errno) in SharedFile(try file.duplicate()) }
    }

    func close() throws(Errno) {
        try file.take()?.close()
    }
}

/// A file that several threads can use, and that is closed when the last of them has done with it.
final class SharedFile: Sendable {
    let file: LocalFile

    init(_ file: consuming LocalFile) { self.file = file }
}

/// A directory that a client is listing.
final class OpenDirectory {
    let path: Bytes
    private var directory: DirectoryStream?

    init(_ directory: consuming DirectoryStream, path: Bytes) {
        self.directory = consume directory
        self.path = path
    }

    /// Calls `body` with the directory; one that has been closed is not a directory any more.
    func withDirectory<Result>(
        _ body: (borrowing DirectoryStream) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        switch directory {
        case .some(let directory): return try body(directory)
        case .none: throw .EBADF
        }
    }

    func close() throws(Errno) {
        try directory.take()?.close()
    }
}

/// What a handle stands for.
enum OpenHandle {
    case file(OpenFile)
    case directory(OpenDirectory)

    func close() throws(Errno) {
        switch self {
        case .file(let file): try file.close()
        case .directory(let directory): try directory.close()
        }
    }

    /// Which file or directory it is; nil where the system does not say.
    var identity: FileIdentity? {
        switch self {
        case .file(let file): file.identity
        case .directory(let directory):
            try? directory.withDirectory { directory throws(Errno) in
                try directory.status().identity
            }
        }
    }

    /// The line that is logged when it is closed.
    var closingLine: String {
        switch self {
        case .file(let file):
            "close \(ServerLog.quoted(file.path)) bytes read \(file.readCount)"
                + " written \(file.writtenCount)"
        case .directory(let directory):
            "closedir \(ServerLog.quoted(directory.path))"
        }
    }
}
