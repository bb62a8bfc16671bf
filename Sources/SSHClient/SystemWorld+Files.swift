// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalFiles
public import Wire

/// Files. All of this may block.
extension SystemWorld {
    /// Reads a whole file.
    public func readFile(_ path: String, limit: Int) throws(FileProblem) -> FileContent? {
        try FileContent.read(path, limit: limit)
    }

    /// Hands over a file piece by piece.
    public func readFile(
        _ path: String, pieces body: (Bytes) throws(FileProblem) -> Void
    ) throws(FileProblem) -> Bool {
        guard let file = try OpenFile.open(path) else { return false }
        try file.read { (piece) throws(FileProblem) in try body(piece[...]) }
        return true
    }

    /// Appends a line to a file; the file is made if need be, for the user only.
    ///
    /// So is `~/.ssh`, as ssh does it: a directory anywhere else is missing for a reason.
    public func appendLine(_ line: String, to path: String) throws(FileProblem) {
        let flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC
        var number = unsafe open(path.keptCString, flags, 0o600)
        if number < 0, errno == ENOENT {
            let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            guard homes.contains(where: { directory == $0 + "/.ssh" }) else {
                throw FileProblem(SystemError(call: "open", code: ENOENT).reason)
            }
            guard unsafe mkdir(directory.keptCString, 0o700) == 0 || errno == EEXIST else {
                throw FileProblem(SystemError.last("mkdir").reason)
            }
            number = unsafe open(path.keptCString, flags, 0o600)
        }
        guard number >= 0 else { throw FileProblem(SystemError.last("open").reason) }
        let file = FileDescriptor(owning: number)
        let bytes = Array(((try Self.endsWithNewline(file) ? "" : "\n") + line + "\n").utf8)
        // In one piece: another program may be appending, too.
        guard unsafe write(file.rawValue, bytes, bytes.count) == bytes.count else {
            throw FileProblem(SystemError.last("write").reason)
        }
    }

    /// The user's home directory, by the environment and by the system.
    private var homes: [String] {
        let account = Accounts.user(number: Accounts.currentUser).map {
            String(keepingBytesOf: $0.home)
        }
        return [environment["HOME"], account].compactMap(\.self)
    }

    /// Whether a file is empty, or ends with a whole line.
    private static func endsWithNewline(
        _ file: borrowing FileDescriptor
    ) throws(FileProblem) -> Bool {
        let end = lseek(file.rawValue, 0, SEEK_END)
        guard end > 0 else { return true }
        var last: UInt8 = 0
        guard unsafe pread(file.rawValue, &last, 1, end - 1) == 1 else {
            throw FileProblem(SystemError.last("read").reason)
        }
        return last == UInt8(ascii: "\n")
    }

    /// Replaces a file by way of a new one, which has the old one's mode.
    public func replaceFile(_ path: String, _ content: [UInt8]) throws(FileProblem) {
        // A link stays one: what it names is replaced.
        let target = try Self.resolved(path)
        let name = target.keptCString
        let backup = "\(target).old".keptCString
        var status = stat()
        guard unsafe stat(name, &status) == 0 else {
            throw FileProblem(SystemError.last("stat").reason)
        }
        var temporary = "\(target).XXXXXX".keptCString
        let number = unsafe mkstemp(&temporary)
        guard number >= 0 else { throw FileProblem(SystemError.last("mkstemp").reason) }
        let file = FileDescriptor(owning: number)
        do throws(FileProblem) {
            guard fchmod(file.rawValue, status.st_mode & 0o777) == 0,
                unsafe write(file.rawValue, content, content.count) == content.count,
                fsync(file.rawValue) == 0
            else { throw FileProblem(SystemError.last("write").reason) }
            // Where no backup can be made, the old content still is only one rename away.
            _ = unsafe unlink(backup)
            _ = unsafe link(name, backup)
            guard unsafe rename(temporary, name) == 0 else {
                throw FileProblem(SystemError.last("rename").reason)
            }
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
    }

    private static func resolved(_ path: String) throws(FileProblem) -> String {
        guard let buffer = unsafe realpath(path.keptCString, nil) else {
            throw FileProblem(SystemError.last("realpath").reason)
        }
        defer { unsafe free(buffer) }
        return unsafe String(keepingCString: buffer)
    }
}
