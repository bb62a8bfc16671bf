// SPDX-License-Identifier: Apache-2.0

public import Wire

/// A file or directory that the server holds open for us.
///
/// Good only on the connection that it came from: every other client refuses it and sends nothing.
public struct SFTPHandle: Hashable, Sendable {
    /// The server's name for it, which means nothing to anyone else.
    public let bytes: Bytes

    /// The ``SFTPClient/generation`` of the connection that it came from.
    public let generation: UInt64

    /// The longest handle, in bytes (SFTP draft version 3, section 6.2).
    public static let maxBytes = 256

    /// - Precondition: not longer than ``maxBytes``.
    init(_ bytes: Bytes, generation: UInt64) {
        precondition(bytes.count <= Self.maxBytes, "not a handle")
        // A copy: the slice would keep the whole buffer that it was received in.
        self.bytes = Array(bytes)[...]
        self.generation = generation
    }
}
