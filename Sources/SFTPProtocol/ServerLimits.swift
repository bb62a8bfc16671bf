// SPDX-License-Identifier: Apache-2.0

public import Wire

/// The reply to limits@openssh.com: what a server takes.
///
/// A zero means that it doesn't say.
public struct ServerLimits: Hashable, Sendable {
    /// The largest packet, in bytes, without its length field.
    public var maxPacketLength: UInt64
    /// The largest READ that is answered in full, in bytes.
    public var maxReadLength: UInt64
    /// The largest payload of a WRITE, in bytes.
    public var maxWriteLength: UInt64
    /// How many files and directories may be open at a time.
    public var maxOpenHandles: UInt64

    /// Limits.
    public init(
        maxPacketLength: UInt64, maxReadLength: UInt64, maxWriteLength: UInt64,
        maxOpenHandles: UInt64
    ) {
        self.maxPacketLength = maxPacketLength
        self.maxReadLength = maxReadLength
        self.maxWriteLength = maxWriteLength
        self.maxOpenHandles = maxOpenHandles
    }

    /// Decodes the body of an EXTENDED_REPLY; what follows its last field is passed over.
    public init(decoding body: Bytes) throws(WireError) {
        var reader = WireReader(body)
        maxPacketLength = try reader.readUInt64()
        maxReadLength = try reader.readUInt64()
        maxWriteLength = try reader.readUInt64()
        maxOpenHandles = try reader.readUInt64()
    }

    /// The reply.
    public var reply: SFTPReply {
        var writer = WireWriter(capacity: 32)
        for value in [maxPacketLength, maxReadLength, maxWriteLength, maxOpenHandles] {
            writer.write(value)
        }
        return .extended(writer.bytes[...])
    }
}
