// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

/// A file that a client has opened.
final class OpenFile {
    let path: Bytes
    private var file: LocalFile?
    /// How many bytes have been read and written, for the log.
    var readCount: UInt64 = 0
    var writtenCount: UInt64 = 0

    init(_ file: consuming LocalFile, path: Bytes) {
        self.file = consume file
        self.path = path
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

    func close() throws(Errno) {
        try file.take()?.close()
    }
}

/// A directory that a client is listing.
final class OpenDirectory {
    let path: Bytes
    private var directory: LocalDirectory?

    init(_ directory: consuming LocalDirectory, path: Bytes) {
        self.directory = consume directory
        self.path = path
    }

    /// Calls `body` with the directory; one that has been closed is not a directory any more.
    func withDirectory<Result>(
        _ body: (borrowing LocalDirectory) throws(Errno) -> Result
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
