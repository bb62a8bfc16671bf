// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Wire

/// A regular file, or an empty device such as `/dev/null`, that is open to be read.
///
/// Whatever is called here may block.
struct OpenFile: ~Copyable {
    /// What is read at once, in bytes.
    private static let pieceSize = 64 * 1024

    /// What fstat(2) says.
    let status: stat
    private let descriptor: FileDescriptor

    /// What else may be opened.
    struct OtherKinds: OptionSet {
        let rawValue: Int

        /// A pipe, which waits for whoever writes into it.
        static let pipe = OtherKinds(rawValue: 1)
        /// A directory, which reads as an empty file.
        static let directory = OtherKinds(rawValue: 2)
    }

    /// Opens a file; nil where there is none.
    static func open(
        _ path: String, also others: OtherKinds = []
    ) throws(FileProblem) -> OpenFile? {
        // Non-blocking, or opening a FIFO would wait for somebody to write into it.
        let flags = O_RDONLY | O_CLOEXEC | (others.contains(.pipe) ? 0 : O_NONBLOCK)
        let number = unsafe Glibc.open(path.keptCString, flags)
        guard number >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FileProblem(SystemError.last("open").reason)
        }
        let file = try OpenFile(FileDescriptor(owning: number))
        let isReadable =
            switch file.status.st_mode & S_IFMT {
            case S_IFREG, S_IFCHR: true
            case S_IFIFO: others.contains(.pipe)
            case S_IFDIR: others.contains(.directory)
            default: false
            }
        guard isReadable else { throw FileProblem("not a regular file") }
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
            if code == EISDIR { return }
            guard code == 0 else { throw FileProblem(SystemError(call: "read", code: code).reason) }
            if piece.isEmpty { return }
            try body(piece)
        }
    }
}
