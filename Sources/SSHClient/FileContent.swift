// SPDX-License-Identifier: Apache-2.0

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
    /// - Parameter others: what else is read.
    /// - Returns: nil where there is no such file.
    static func read(
        _ path: String, limit: Int, alsoFrom others: OpenFile.OtherKinds = []
    ) throws(FileProblem) -> FileContent? {
        guard let file = try OpenFile.open(path, also: others) else { return nil }
        let status = file.status
        let permissions = status.st_mode & 0o7777
        var content: [UInt8] = []
        try file.read { (piece) throws(FileProblem) in
            guard content.count + piece.count <= limit else {
                throw FileProblem("larger than \(limit) bytes")
            }
            // A small file is not copied: nothing of a key is left behind in a second buffer.
            if content.isEmpty { content = piece } else { content += piece }
        }
        return FileContent(
            bytes: content,
            isExposed: status.st_uid == geteuid() && permissions & 0o077 != 0,
            isTrusted: (status.st_uid == 0 || status.st_uid == getuid())
                && permissions & 0o022 == 0,
            isPipe: status.st_mode & S_IFMT == S_IFIFO, permissions: permissions)
    }
}
