// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// How much the server takes, within what we can send and receive.
public struct TransferLimits: Hashable, Sendable {
    /// The largest READ, in bytes.
    public let readBytes: Int
    /// The largest payload of a WRITE, in bytes.
    public let writeBytes: Int
    /// How many files and directories may be open at a time; nil where the server doesn't say.
    public let openHandles: Int?

    /// What holds for every server (SFTP draft version 3, section 3).
    static let assumed = TransferLimits(
        ServerLimits(
            maxPacketLength: 0, maxReadLength: 0, maxWriteLength: 0, maxOpenHandles: 0))

    /// The smallest READ and WRITE that we split to, in bytes, whatever the server says: smaller ones
    /// would turn one call into any number of requests.
    static let smallestBytes = 1024

    /// What follows from a server's reply to `limits@openssh.com`.
    init(_ server: ServerLimits) {
        // What a packet holds besides its payload, rounded up; OpenSSH's limits leave as much.
        let headerBytes = UInt64(SFTPLimits.packetBytes - SFTPLimits.transferBytes)
        func clamp(_ announced: UInt64) -> Int {
            var limit = announced == 0 ? UInt64(SFTPLimits.assumedTransferBytes) : announced
            if server.maxPacketLength > headerBytes {
                limit = min(limit, server.maxPacketLength - headerBytes)
            }
            return max(Int(min(limit, UInt64(SFTPLimits.transferBytes))), Self.smallestBytes)
        }
        readBytes = clamp(server.maxReadLength)
        writeBytes = clamp(server.maxWriteLength)
        openHandles = server.maxOpenHandles == 0 ? nil : Int(clamping: server.maxOpenHandles)
    }
}
