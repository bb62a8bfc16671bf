// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc

/// Files. All of this may block.
extension SystemWorld {
    /// Reads a regular file, or an empty device such as `/dev/null`.
    public func readFile(_ path: String, limit: Int) throws(FileProblem) -> LocalFile? {
        // Non-blocking, or opening a FIFO would wait for somebody to write into it.
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FileProblem(SystemError.last("open").reason)
        }
        let file = FileDescriptor(owning: number)
        var status = stat()
        guard unsafe fstat(file.rawValue, &status) == 0 else {
            throw FileProblem(SystemError.last("fstat").reason)
        }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFCHR else { throw FileProblem("not a regular file") }
        let permissions = status.st_mode & 0o7777
        return LocalFile(
            bytes: try Self.readAll(file, limit: limit),
            isExposed: status.st_uid == geteuid() && permissions & 0o077 != 0,
            permissions: permissions)
    }

    private static func readAll(
        _ file: borrowing FileDescriptor, limit: Int
    ) throws(FileProblem) -> [UInt8] {
        let (number, step) = (file.rawValue, 64 * 1024)
        var content: [UInt8] = []
        while true {
            var code: CInt = 0
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: step) { buffer, count in
                let result = unsafe read(number, buffer.baseAddress, buffer.count)
                code = result < 0 ? errno : 0
                count = max(result, 0)
            }
            if code == EINTR { continue }
            guard code == 0 else { throw FileProblem(SystemError(call: "read", code: code).reason) }
            if piece.isEmpty { return content }
            guard content.count + piece.count <= limit else {
                throw FileProblem("larger than \(limit) bytes")
            }
            // A small file is not copied: nothing of a key is left behind in a second buffer.
            if content.isEmpty { content = piece } else { content += piece }
        }
    }

    /// Appends a line to a file; the file, and the directory it lies in, are made if need be, for
    /// the user only.
    public func appendLine(_ line: String, to path: String) throws(FileProblem) {
        let flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC
        var number = unsafe open(path, flags, 0o600)
        if number < 0, errno == ENOENT {
            let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST else {
                throw FileProblem(SystemError.last("mkdir").reason)
            }
            number = unsafe open(path, flags, 0o600)
        }
        guard number >= 0 else { throw FileProblem(SystemError.last("open").reason) }
        let file = FileDescriptor(owning: number)
        let bytes = Array(((try Self.endsWithNewline(file) ? "" : "\n") + line + "\n").utf8)
        // In one piece: another program may be appending, too.
        guard unsafe write(file.rawValue, bytes, bytes.count) == bytes.count else {
            throw FileProblem(SystemError.last("write").reason)
        }
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
}
