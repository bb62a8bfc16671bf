// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import SFTPServer
import Wire

/// A file on which a server's safety rests: nobody but root and the server's user may change it.
enum GuardedFile {
    /// Why a file is not used.
    enum Problem: Error, Equatable {
        case system(Errno)
        case notRegular
        case tooLong
        /// The owner or mode of the file, or of a directory above it, lets somebody else change it.
        case changeableByOthers(Bytes)
        /// Somebody else may read what is secret.
        case readableByOthers
    }

    /// The bits that let others write, and the one that keeps them from replacing what is not theirs.
    private static let writableByOthers: UInt32 = 0o022
    private static let sticky: UInt32 = 0o1000
    /// The bits that let others do anything at all.
    private static let openToOthers: UInt32 = 0o077
    /// How much is read at once, in bytes.
    private static let pieceBytes = 64 << 10

    /// Reads a whole file, unless somebody else could have changed it, or may read a secret one.
    ///
    /// It blocks for as long as that takes.
    static func read(
        _ path: Bytes, limit: Int, isSecret: Bool = false
    ) throws(Problem) -> Bytes {
        let path = try system { () throws(Errno) in try LocalFiles.canonicalPath(of: path) }
        let file = try open(path)
        let status = try system { () throws(Errno) in try file.status() }
        guard status.isRegular else { throw .notRegular }
        guard isOurs(status), status.mode & writableByOthers == 0 else {
            throw .changeableByOthers(path)
        }
        guard !isSecret || status.mode & openToOthers == 0 else { throw .readableByOthers }
        try checkDirectories(above: path)
        return try content(of: file, limit: limit)
    }

    private static func open(_ path: Bytes) throws(Problem) -> LocalFile {
        do throws(Errno) {
            return try LocalFile(opening: path, flags: .read, permissions: 0)
        } catch {
            throw .system(error)
        }
    }

    private static func content(
        of file: borrowing LocalFile, limit: Int
    ) throws(Problem) -> Bytes {
        var content: [UInt8] = []
        do throws(Errno) {
            while content.count <= limit {
                let piece = try file.read(
                    upTo: pieceBytes, at: UInt64(content.count), behind: 0)
                if piece.isEmpty { return content[...] }
                content += piece
            }
        } catch {
            throw .system(error)
        }
        throw .tooLong
    }

    private static func checkDirectories(above path: Bytes) throws(Problem) {
        var directory = path
        while let slash = directory.lastIndex(of: UInt8(ascii: "/")) {
            directory = directory[..<slash]
            let name = directory.isEmpty ? [UInt8(ascii: "/")] : directory
            let status = try system { () throws(Errno) in
                try LocalFiles.status(of: name, followingLink: false)
            }
            let isShared = status.mode & writableByOthers != 0 && status.mode & sticky == 0
            guard isOurs(status), !isShared else { throw .changeableByOthers(name) }
        }
    }

    private static func isOurs(_ status: FileStatus) -> Bool {
        status.uid == 0 || status.uid == Accounts.currentUser
    }

    private static func system<Result>(
        _ body: () throws(Errno) -> Result
    ) throws(Problem) -> Result {
        do throws(Errno) {
            return try body()
        } catch {
            throw .system(error)
        }
    }
}

extension GuardedFile.Problem: CustomStringConvertible {
    /// A few words for the log.
    var description: String {
        switch self {
        case .system(let errno): "\(errno)"
        case .notRegular: "not a regular file"
        case .tooLong: "too long"
        case .changeableByOthers(let path):
            "bad ownership or modes for \(ServerLog.escaped(path))"
        case .readableByOthers: "others may read it"
        }
    }
}

extension Bytes {
    /// A path as it stands in the log.
    var logText: String { ServerLog.escaped(self) }
}
