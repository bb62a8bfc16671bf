// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc

/// A file that was read.
public struct FileContent: Sendable {
    /// Its content.
    public private(set) var bytes: [UInt8]
    /// Whether it belongs to the user and others may read or write it: no place for a private key.
    public let isExposed: Bool
    /// Whether only the user and root can have written it.
    public let isTrusted: Bool
    /// Whether it came out of a pipe, and cannot be read again.
    let isPipe: Bool
    /// Its permission bits.
    public let permissions: UInt32

    /// Describes a file.
    public init(
        bytes: [UInt8], isExposed: Bool = false, isTrusted: Bool = true, permissions: UInt32 = 0o600
    ) {
        self.init(
            bytes: bytes, isExposed: isExposed, isTrusted: isTrusted, isPipe: false,
            permissions: permissions)
    }

    fileprivate init(
        bytes: [UInt8], isExposed: Bool, isTrusted: Bool, isPipe: Bool, permissions: UInt32
    ) {
        self.isPipe = isPipe
        self.bytes = bytes
        self.isExposed = isExposed
        self.isTrusted = isTrusted
        self.permissions = permissions
    }

    /// Overwrites the content, where this is its only copy.
    mutating func wipe() { wipeBytes(&bytes) }
}

extension FileContent {
    /// Reads a regular file, or an empty device such as `/dev/null`; may block.
    ///
    /// - Parameter mayBePipe: whether a pipe is read, too, which waits for whoever writes into it.
    /// - Returns: nil where there is no such file.
    static func read(
        _ path: String, limit: Int, mayBePipe: Bool = false
    ) throws(FileProblem) -> FileContent? {
        // Non-blocking, or opening a FIFO would wait for somebody to write into it.
        let flags = O_RDONLY | O_CLOEXEC | (mayBePipe ? 0 : O_NONBLOCK)
        let number = unsafe open(path, flags)
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
        guard kind == S_IFREG || kind == S_IFCHR || (kind == S_IFIFO && mayBePipe) else {
            throw FileProblem("not a regular file")
        }
        let permissions = status.st_mode & 0o7777
        return FileContent(
            bytes: try readAll(file, limit: limit),
            isExposed: status.st_uid == geteuid() && permissions & 0o077 != 0,
            isTrusted: (status.st_uid == 0 || status.st_uid == getuid())
                && permissions & 0o022 == 0,
            isPipe: kind == S_IFIFO, permissions: permissions)
    }

    private static func readAll(
        _ file: borrowing FileDescriptor, limit: Int
    ) throws(FileProblem) -> [UInt8] {
        let (number, step) = (file.rawValue, 64 * 1024)
        var content: [UInt8] = []
        while true {
            var code: CInt = 0
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: step) { buffer, count in
                let result = unsafe Glibc.read(number, buffer.baseAddress, buffer.count)
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
}
