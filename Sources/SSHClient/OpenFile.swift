// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc

/// A regular file, or an empty device such as `/dev/null`, that is open to be read.
///
/// Whatever is called here may block.
struct OpenFile: ~Copyable {
    /// What is read at once, in bytes.
    private static let pieceSize = 64 * 1024

    /// What fstat(2) says.
    let status: stat
    private let descriptor: FileDescriptor

    /// Opens a file; nil where there is none.
    ///
    /// - Parameter mayBePipe: whether a pipe is taken, too, which waits for whoever writes into it.
    static func open(
        _ path: String, mayBePipe: Bool = false
    ) throws(FileProblem) -> OpenFile? {
        // Non-blocking, or opening a FIFO would wait for somebody to write into it.
        let flags = O_RDONLY | O_CLOEXEC | (mayBePipe ? 0 : O_NONBLOCK)
        let number = unsafe Glibc.open(path, flags)
        guard number >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FileProblem(SystemError.last("open").reason)
        }
        let file = try OpenFile(FileDescriptor(owning: number))
        let kind = file.status.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFCHR || (kind == S_IFIFO && mayBePipe) else {
            throw FileProblem("not a regular file")
        }
        return file
    }

    private init(_ descriptor: consuming FileDescriptor) throws(FileProblem) {
        var status = stat()
        guard unsafe fstat(descriptor.rawValue, &status) == 0 else {
            throw FileProblem(SystemError.last("fstat").reason)
        }
        self.status = status
        self.descriptor = descriptor
    }

    /// Hands over the content, piece by piece.
    func read(_ body: ([UInt8]) throws(FileProblem) -> Void) throws(FileProblem) {
        let (number, size) = (descriptor.rawValue, Self.pieceSize)
        while true {
            var code: CInt = 0
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                let result = unsafe Glibc.read(number, buffer.baseAddress, buffer.count)
                code = result < 0 ? errno : 0
                count = max(result, 0)
            }
            if code == EINTR { continue }
            guard code == 0 else { throw FileProblem(SystemError(call: "read", code: code).reason) }
            if piece.isEmpty { return }
            try body(piece)
        }
    }
}
